/** The command line: every command, its options, and how it ends. Unknown options are refused. */
import { Command, CommanderError } from "commander";
import type { AddCommand } from "./command.ts";
import { VERSION } from "./installation.ts";
import { EXIT, printProblem } from "./output.ts";

export interface Word {
  names: readonly string[];
  /** Only what is asked for is read: a command must be there at once. */
  load(): Promise<AddCommand>;
}

export const commands: readonly Word[] = [
  { names: ["init"], load: async () => (await import("./commands/init.ts")).init },
  { names: ["up"], load: async () => (await import("./commands/up.ts")).up },
  { names: ["clone"], load: async () => (await import("./commands/clone.ts")).clone },
  { names: ["status"], load: async () => (await import("./commands/status.ts")).status },
  { names: ["plan"], load: async () => (await import("./commands/plan.ts")).plan },
  { names: ["rehearse"], load: async () => (await import("./commands/rehearse.ts")).rehearse },
  { names: ["upgrade"], load: async () => (await import("./commands/upgrade.ts")).upgrade },
  { names: ["watch"], load: async () => (await import("./commands/watch.ts")).watch },
  { names: ["approve"], load: async () => (await import("./commands/approve.ts")).approve },
  { names: ["deny"], load: async () => (await import("./commands/approve.ts")).deny },
  { names: ["fix"], load: async () => (await import("./commands/fix.ts")).fix },
  { names: ["pause"], load: async () => (await import("./commands/pause.ts")).pause },
  { names: ["resume"], load: async () => (await import("./commands/resume.ts")).resume },
  { names: ["abort"], load: async () => (await import("./commands/abort.ts")).abort },
  { names: ["rollback"], load: async () => (await import("./commands/rollback.ts")).rollback },
  { names: ["report"], load: async () => (await import("./commands/report.ts")).report },
  { names: ["activity"], load: async () => (await import("./commands/activity.ts")).activity },
  { names: ["ledger"], load: async () => (await import("./commands/ledger.ts")).ledger },
  { names: ["drift"], load: async () => (await import("./commands/drift.ts")).drift },
  { names: ["lock"], load: async () => (await import("./commands/lock.ts")).lock },
  { names: ["unlock"], load: async () => (await import("./commands/lock.ts")).unlock },
  { names: ["server"], load: async () => (await import("./commands/server.ts")).server },
  { names: ["locks"], load: async () => (await import("./commands/lock.ts")).locks },
  { names: ["sessions"], load: async () => (await import("./commands/sessions.ts")).sessions },
  { names: ["lockdown"], load: async () => (await import("./commands/lockdown.ts")).lockdown },
  { names: ["backups"], load: async () => (await import("./commands/backups.ts")).backups },
  { names: ["group"], load: async () => (await import("./commands/group.ts")).group },
  { names: ["template"], load: async () => (await import("./commands/template.ts")).template },
  { names: ["script"], load: async () => (await import("./commands/script.ts")).script },
  { names: ["alert"], load: async () => (await import("./commands/alert.ts")).alert },
  { names: ["name"], load: async () => (await import("./commands/name.ts")).name },
  { names: ["address"], load: async () => (await import("./commands/address.ts")).address },
  { names: ["credential"], load: async () => (await import("./commands/credential.ts")).credential },
  { names: ["inputs"], load: async () => (await import("./commands/inputs.ts")).inputs },
  { names: ["doctor"], load: async () => (await import("./commands/doctor.ts")).doctor },
  { names: ["completion"], load: async () => (await import("./commands/completion.ts")).completion },
  { names: ["down"], load: async () => (await import("./commands/down.ts")).down },
];

/** Gives the exit code. */
export async function runProgram(argv: string[], words: readonly Word[]): Promise<number> {
  let code: number = EXIT.done;
  const program = new Command("changeover")
    .description("Upgrades running production and can take it back without losing a write.")
    .version(VERSION, "-V, --version", "print the version")
    .showHelpAfterError("(see: changeover --help)")
    .exitOverride();
  const [first = ""] = argv;
  const asked = words.filter(({ names }) => names.includes(first));
  // Help, completion and a word that is none need all of them.
  for (const { load } of asked.length > 0 ? asked : words) {
    const add = await load();
    add(program, (ended) => {
      code = ended;
    });
  }
  for (const command of program.commands)
    command.exitOverride().showHelpAfterError(`(see: changeover ${command.name()} --help)`);
  try {
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.badInput;
    return printProblem(error, argv.includes("--json"));
  }
}
