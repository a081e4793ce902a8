/** Lets a rehearsal stop Directus' own migrations half-way: ten of them are done by then, eleven are not. */
export async function up() {
  if (process.env.REHEARSE_FAILURE) throw new Error(`asked to fail (REHEARSE_FAILURE=${process.env.REHEARSE_FAILURE})`);
}

export async function down() {}
