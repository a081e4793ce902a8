/** `changeover fix [upgrade] --script FILE`: mends the new release in place while the upgrade waits at its gate. */
import { readFileSync } from "node:fs";
import { Option } from "commander";
import { Problem } from "../../model/problem.ts";
import { type AddCommand, interruptible, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { follow } from "../follow.ts";
import { findHome } from "../home.ts";
import { exitOfState, printJson } from "../output.ts";
import { theGate } from "./approve.ts";
import { drawEnd } from "./watch.ts";

interface FixOptions extends JsonOption {
  script: string;
  as: "application" | "migration";
}

export const fix: AddCommand = (program, ends) => {
  program
    .command("fix")
    .description(
      "run a script on the new release at its gate, start it anew and test it again; the gate then asks again",
    )
    .argument("[upgrade]", "the upgrade's id; the latest one when left out")
    .requiredOption("--script <file>", "shell, run in the release's folder; kept with the upgrade")
    .addOption(
      new Option("--as <account>", "application: on every new server; migration: once, it may alter the schema")
        .choices(["application", "migration"])
        .default("application"),
    )
    .option(...JSON_OPTION)
    .action(async (upgrade: string | undefined, options: FixOptions) => {
      const script = readScript(options.script);
      const home = findHome();
      const client = await ensureControlPlane(home);
      const { view: before, gate } = await theGate(client, upgrade, undefined);
      const { id, planHash } = before;
      const body = { script, account: options.as, planHash, by: whoAsks() };
      await client.send("POST", `/upgrades/${id}/gates/${gate}/fixes`, body);
      const signal = interruptible();
      const notBefore = before.gate?.askedAt;
      const view = await follow(client, { home, upgrade: id, signal, stopAtGate: true, notBefore });
      ends(exitOfState(view.state, signal));
      if (options.json) printJson(view);
      else if (!view.gate) console.log(drawEnd(view));
    });
};

function readScript(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Problem(
      "bad-input",
      { what: "there is no such script", why, next: "name a file that can be read" },
      error,
    );
  }
}
