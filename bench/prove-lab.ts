/** The demo's shop with every server on a host of its own: the host contract, a way back and an upgrade under traffic. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { waitFor } from "../src/model/clock.ts";
import { systemClock } from "../src/run/clock.ts";
import type { AddressView } from "../src/view/addresses.ts";
import { type Lab, labTrouble, openLab } from "../src/providers/lab/lab.ts";
import type { Product } from "../test/product/product.ts";
import { figureOf } from "./figures.ts";
import { failuresOf, oneRun } from "./prove-major.ts";
import type { Asked, Outcome, Row } from "./results.ts";
import { SHOP_SIZE, withShop } from "./shop.ts";

const ROOT = join(import.meta.dirname, "..");
/** 8 that serve, 7 beside them (4 servers, 1 by which the group is seen to grow, a standby, a spare), and 5 that a way back keeps. */
const HOSTS = 20;
const TEMPLATE = join(ROOT, "examples/templates/app");
/** As the demo's, with a template: every server boots by its scripts, and those that are retired take their leave. */
const APPLICATION = {
  ...{ name: "shop", port: 8000, servers: 2, workers: 1, template: "app@1" },
  group: { name: "burst", size: 2 },
};

export async function proveLab({ runs }: Asked): Promise<Outcome> {
  const trouble = labTrouble();
  if (trouble !== null) throw new TypeError(`no lab here: ${trouble}`);
  const contract = await hostContract();
  const rows: Row[] = [];
  for (let run = 1; run <= (runs ?? 1); run++) rows.push(...(await onLab(run)));
  const of = (kind: string, column: string) =>
    rows.filter(({ what }) => String(what).startsWith(kind)).map((row) => Number(row[column]));
  return {
    rows,
    failures: [...contract, ...rows.flatMap(failuresOf)],
    figures: {
      "upgrade: downtime": figureOf("ms", of("upgrade", "downtimeMs")),
      "upgrade: fence…reopen": figureOf("ms", of("upgrade", "switchMs"), { statistic: "max", most: 2_000 }),
      "way back: downtime": figureOf("ms", of("way back", "downtimeMs")),
    },
  };
}

async function onLab(run: number): Promise<Row[]> {
  const began = performance.now();
  const lab = await openLab(HOSTS);
  console.error(`  ${HOSTS} hosts after ${((performance.now() - began) / 1000).toFixed(1)} s`);
  try {
    return await withShop(
      "lab",
      async (product) => [
        await oneRun(product, run, "way back at smoke-test", "rolled-back", ["--fail-at", "smoke-test"]),
        await oneRun(product, run, "upgrade", "upgraded", []),
        await runScript(product, run),
        await moveAddress(product, run),
        await missHost(product, run, lab),
      ],
      { provider: lab.provider, addresses: { www: { address: `${lab.network}.0.100` } }, application: APPLICATION },
      (product) => product.answer(["template", "commit", TEMPLATE, "-m", "for the lab"]),
    );
  } finally {
    await lab.close();
  }
}

/** On the oldest first, then on the others. */
async function runScript(product: Product, run: number): Promise<Row> {
  const words = ["script", "run", "live", "report-facts", "--oldest-then-rest"];
  const { ran } = await product.answer<{ ran: { output: string }[] }>(words);
  const asWanted = ran.length === SHOP_SIZE.servers && ran.every(({ output }) => output.includes(" of live"));
  const row = { run, what: "script run", asWanted, ...NOBODY };
  console.error(`  ${JSON.stringify(row)}`);
  return row;
}

/** Held since it came up, through a way back and an upgrade; then on the other load balancer. */
async function moveAddress(product: Product, run: number): Promise<Row> {
  const holders = async () => (await product.answer<AddressView>(["address", "show", "www"])).holders.join(" and ");
  const before = await holders();
  const began = performance.now();
  const { state, answeredBy } = await product.answer<Record<string, string>>(["address", "move", "www", "lb-2"]);
  const moved = state === "upgraded" && answeredBy === "lb-2" && (await holders()) === "lb-2";
  const row = {
    run,
    what: "address moved",
    asWanted: before === "lb-1" && moved,
    ...NOBODY,
    tookS: Math.round((performance.now() - began) / 1000),
  };
  console.error(`  ${JSON.stringify(row)}`);
  return row;
}

/** One that is cut off the network is told by its address, and nothing is planned until it is back. */
async function missHost(product: Product, run: number, lab: Lab): Promise<Row> {
  const address = lab.address(HOSTS);
  await lab.cut(HOSTS);
  const silent = (await product.status("live")).inventory.hosts?.silent.map((one) => one.address).join();
  const refused = await product.run(["backups", "take", "live"]);
  await lab.heal(HOSTS);
  // A connection that was kept over the cut may be dead, which is found out within seconds.
  const again = await waitFor(systemClock, { withinMs: 30_000, everyMs: 500 }, async () => {
    const { hosts } = (await product.status("live")).inventory;
    return hosts === undefined;
  });
  const asWanted = silent === address && refused.code !== 0 && refused.stderr.includes(address) && again === true;
  const row = { run, what: "host silent", asWanted, ...NOBODY };
  console.error(`  ${JSON.stringify(row)}`);
  return row;
}

/** Nobody is counted here: `npm run prove addresses` does that. */
const NOBODY = { sound: true, acknowledged: "-", lost: 0, duplicated: 0, failed: 0 };

/** All of it; the tests run the parts that only such hosts can fail. */
function hostContract(): Promise<string[]> {
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--root", ROOT, "--reporter=dot", "test/contract/host-lab.test.ts"];
  const env = { ...process.env, CHANGEOVER_WHOLE_LAB: "1" };
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", 2, 2], timeout: 300_000 });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code === 0 ? [] : [`the host contract ended with ${code}`]));
  });
}
