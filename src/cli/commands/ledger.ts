/** `changeover ledger [environment]`: behaves as clients of the application and counts lost and duplicated writes. */
import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { LedgerTask } from "../../api/contract.ts";
import { countAgain } from "../../ledger/book.ts";
import { runLedger } from "../../ledger/run.ts";
import type { LedgerSummary } from "../../model/report.ts";
import { systemClock } from "../../run/clock.ts";
import { type AddCommand, interruptible, JSON_OPTION, type JsonOption } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { findHome } from "../home.ts";
import { newLedgerFile } from "../ledger-process.ts";
import { EXIT, printJson, say } from "../output.ts";
import { theEnvironment } from "./status.ts";

interface LedgerCommandOptions extends JsonOption {
  seconds?: string;
  file?: string;
  count?: string;
}

export const ledger: AddCommand = (program, ends) => {
  program
    .command("ledger")
    .description("read and write as clients would until Ctrl-C, then look for every acknowledged write in the database")
    .argument("[environment]", "may be left out when there is only one")
    .option("--seconds <n>", "stop by itself after this many seconds")
    .option("--file <path>", "where the acknowledged writes go, one JSON object a line; must not exist yet")
    .option("--count <path>", "send nothing: count the writes of this file again")
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: LedgerCommandOptions) => {
      const home = findHome();
      const client = await ensureControlPlane(home);
      const name = await theEnvironment(client, environment);
      const file = resolve(options.count ?? options.file ?? newLedgerFile(home, name));
      if (!options.count) {
        const task = await client.get<LedgerTask>(`/environments/${name}/ledger`);
        mkdirSync(dirname(file), { recursive: true });
        say(`ledger: ${file}`);
        await runLedger({ ...task, file, signal: until(options.seconds), clock: systemClock, tell: say });
      }
      const keys = await client.get<string[]>(`/environments/${name}/ledger/keys`);
      const summary = await countAgain(file, keys);
      if (options.json) printJson(summary);
      else console.log(drawSummary(summary).join("\n"));
      const { acknowledged, lost, duplicated } = summary.writes;
      // Who had nothing acknowledged has counted nothing.
      ends(acknowledged > 0 && lost + duplicated === 0 ? EXIT.done : EXIT.failed);
    });
};

function until(seconds: string | undefined): AbortSignal {
  const interrupted = interruptible();
  return seconds === undefined
    ? interrupted
    : AbortSignal.any([interrupted, AbortSignal.timeout(Number(seconds) * 1000)]);
}

const drawSummary = ({ path, requests, writes, clientDowntimeMs, writeGapMs }: LedgerSummary): string[] => [
  `requests  ${requests.total} total, ${requests.failed} failed, ${requests.paged} saw the page`,
  `writes    ${writes.acknowledged} acknowledged, ${writes.lost} lost, ${writes.duplicated} duplicated`,
  `downtime  ${clientDowntimeMs} ms, longest time between two writes ${writeGapMs} ms`,
  `ledger    ${path}`,
];
