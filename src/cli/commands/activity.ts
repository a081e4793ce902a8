/** `changeover activity [environment]`: who did what, newest first. */
import { Problem } from "../../model/problem.ts";
import type { Activity } from "../../model/activity.ts";
import { oneLine } from "../../view/ladder.ts";
import { type AddCommand, JSON_OPTION, type JsonOption } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { findHome } from "../home.ts";
import { printJson } from "../output.ts";

interface ActivityOptions extends JsonOption {
  upgrade?: string;
  by?: string;
  since?: string;
  limit: string;
}

export const activity: AddCommand = (program) => {
  program
    .command("activity")
    .description("show who did what, newest first: requests, answers, ends of upgrades, also what was refused")
    .argument("[environment]", "every environment when left out")
    .option("--upgrade <id>", "only of this upgrade")
    .option("--by <name>", "only by this person; changeover: what happened by itself")
    .option("--since <time>", "only since then, such as 2026-11-28T22:00Z")
    .option("--limit <n>", "the newest so many", "50")
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: ActivityOptions) => {
      const { upgrade, by, limit, since } = options;
      const asked = { environment, upgrade, by, limit, since: since === undefined ? undefined : timeOf(since) };
      const given = Object.entries(asked).filter((entry): entry is [string, string] => entry[1] !== undefined);
      const client = await ensureControlPlane(findHome());
      const seen = await client.get<Activity[]>(`/activity?${new URLSearchParams(given)}`);
      if (options.json) printJson(seen);
      else console.log(seen.length === 0 ? "Nobody did anything that fits." : seen.map(draw).join("\n"));
    });
};

function timeOf(text: string): string {
  const at = Date.parse(text);
  if (!Number.isNaN(at)) return String(at);
  throw new Problem("bad-input", {
    what: `"${text}" is no time`,
    why: "--since takes ISO 8601",
    next: "such as 2026-11-28T22:00Z",
  });
}

const draw = ({ at, by, environment, upgrade, says, problem }: Activity): string =>
  [
    new Date(at).toISOString(),
    by.padEnd(12),
    (upgrade ?? environment ?? "").padEnd(11),
    problem === null ? says : `${says} · ${oneLine(problem)}`,
  ].join("  ");
