/** The command line: every command, its options, and how it ends. Unknown options are refused. */
import { Command, CommanderError } from "commander";
import type { AddCommand } from "./command.ts";
import { abort } from "./commands/abort.ts";
import { activity } from "./commands/activity.ts";
import { approve, deny } from "./commands/approve.ts";
import { completion } from "./commands/completion.ts";
import { doctor } from "./commands/doctor.ts";
import { down } from "./commands/down.ts";
import { fix } from "./commands/fix.ts";
import { init } from "./commands/init.ts";
import { ledger } from "./commands/ledger.ts";
import { pause } from "./commands/pause.ts";
import { plan } from "./commands/plan.ts";
import { rehearse } from "./commands/rehearse.ts";
import { report } from "./commands/report.ts";
import { resume } from "./commands/resume.ts";
import { rollback } from "./commands/rollback.ts";
import { status } from "./commands/status.ts";
import { up } from "./commands/up.ts";
import { upgrade } from "./commands/upgrade.ts";
import { watch } from "./commands/watch.ts";
import { VERSION } from "./installation.ts";
import { EXIT, printProblem } from "./output.ts";

export const commands: readonly AddCommand[] = [
  init,
  up,
  status,
  plan,
  rehearse,
  upgrade,
  watch,
  approve,
  deny,
  fix,
  pause,
  resume,
  abort,
  rollback,
  report,
  activity,
  ledger,
  doctor,
  completion,
  down,
];

/** Gives the exit code. */
export async function runProgram(argv: string[], adds: readonly AddCommand[]): Promise<number> {
  let code: number = EXIT.done;
  const program = new Command("changeover")
    .description("Upgrades running production and can take it back without losing a write.")
    .version(VERSION, "-V, --version", "print the version")
    .showHelpAfterError("(see: changeover --help)")
    .exitOverride();
  for (const add of adds) {
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
