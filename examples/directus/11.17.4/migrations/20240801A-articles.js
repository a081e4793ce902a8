/** The site's own table, made the way Directus wants it: a migration beside its own, and a line that says it is there. */
export async function up(knex) {
  await knex.schema.createTable("articles", (table) => {
    table.string("key", 64).primary();
    table.string("title", 255).notNullable();
    table.text("body");
  });
  await knex("directus_collections").insert({ collection: "articles", accountability: "all" });
}

export async function down(knex) {
  await knex("directus_collections").where({ collection: "articles" }).delete();
  await knex.schema.dropTable("articles");
}
