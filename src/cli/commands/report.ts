/** `changeover report [upgrade]`: the report of an upgrade that has ended. */
import type { Report } from "../../model/report.ts";
import { reportMarkdown } from "../../view/report-markdown.ts";
import { drawReport } from "../../view/report-text.ts";
import { type AddCommand, JSON_OPTION, type JsonOption } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { findHome } from "../home.ts";
import { printJson } from "../output.ts";
import { theUpgrade } from "./watch.ts";

export const report: AddCommand = (program) => {
  program
    .command("report")
    .description("show the report of an upgrade that has ended")
    .argument("[upgrade]", "the upgrade's id; the latest one when left out")
    .option("--markdown", "as a document: timeline, decisions, evidence")
    .option(...JSON_OPTION)
    .action(async (upgrade: string | undefined, options: JsonOption & { markdown?: boolean }) => {
      const client = await ensureControlPlane(findHome());
      const seen = await client.get<Report>(`/upgrades/${await theUpgrade(client, upgrade)}/report`);
      if (options.json) printJson(seen);
      else if (options.markdown) process.stdout.write(reportMarkdown(seen));
      else console.log(drawReport(seen).join("\n"));
    });
};
