/** `changeover drift [environment]`: where the environment file, what was saved of it, and the world differ. */
import type { DriftAnswer } from "../../api/contract.ts";
import { drawDrift } from "../../view/drift-text.ts";
import { type AddCommand, JSON_OPTION, type JsonOption } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { findHome } from "../home.ts";
import { EXIT, printJson } from "../output.ts";
import { theEnvironment } from "./status.ts";

export const drift: AddCommand = (program, ends) => {
  program
    .command("drift")
    .description("compare the environment file, what was saved of it, and the world; ends with 3 when they differ")
    .argument("[environment]", "may be left out when there is only one")
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: JsonOption) => {
      const client = await ensureControlPlane(findHome());
      const name = await theEnvironment(client, environment);
      const seen = await client.get<DriftAnswer>(`/environments/${name}/drift`);
      ends(seen.drift.length === 0 ? EXIT.done : EXIT.refused);
      if (options.json) printJson(seen);
      else console.log(drawDrift(seen).join("\n"));
    });
};
