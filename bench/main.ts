/** `npm run prove NAME` counts over many runs; `npm run bench [NAME]` measures: each claim about Changeover as a command. */
import { parseArgs } from "node:util";
import { demoTime } from "./demo-time.ts";
import { engine } from "./engine.ts";
import { memory } from "./memory.ts";
import { minorUpgrades } from "./minor.ts";
import { planning } from "./planning.ts";
import { pool } from "./pool.ts";
import { proveAddresses } from "./prove-addresses.ts";
import { proveChecks } from "./prove-checks.ts";
import { proveCrash } from "./prove-crash.ts";
import { proveFaults } from "./prove-faults.ts";
import { proveLab } from "./prove-lab.ts";
import { proveMajor } from "./prove-major.ts";
import { proveMinor } from "./prove-minor.ts";
import { proveMinorCrash } from "./prove-minor-crash.ts";
import { proveMixed } from "./prove-mixed.ts";
import { type Asked, type Outcome, saveResult, tableOf } from "./results.ts";
import { readShard } from "./shard.ts";
import { sshAgainstAnsible } from "./ssh-against-ansible.ts";
import { status } from "./status.ts";
import { window } from "./window.ts";

interface Entry {
  name: string;
  says: string;
  run(asked: Asked): Promise<Outcome>;
}

const entries: Record<string, Entry[]> = {
  prove: [
    {
      name: "major",
      says: "upgrades and ways back under traffic: nothing lost, duplicated or failed",
      run: proveMajor,
    },
    {
      name: "minor",
      says: "each strategy back and forward under mixed clients: nothing failed, lost or doubled",
      run: proveMinor,
    },
    { name: "crash", says: "kill -9 of the control plane at every step, forward and back", run: proveCrash },
    {
      name: "minor-crash",
      says: "the same of each minor upgrade under mixed clients: nothing failed, lost or doubled",
      run: proveMinorCrash,
    },
    {
      name: "faults",
      says: "one thing breaks at one moment of an upgrade: named ends, no lost write",
      run: proveFaults,
    },
    {
      name: "lab",
      says: "a major upgrade and a way back with every server on a host of its own; needs root",
      run: proveLab,
    },
    {
      name: "addresses",
      says: "moves of a floating address under 400 requests a second: none fails; needs root",
      run: proveAddresses,
    },
    {
      name: "checks",
      says: "an old release on a newer schema: narrow checks pass, wide ones see it",
      run: proveChecks,
    },
    {
      name: "mixed",
      says: "the clients that count: nothing fails at rest, and a killed server is seen",
      run: proveMixed,
    },
  ],
  bench: [
    { name: "window", says: "fence, sync, freeze, swap and reopen beside the raw operations", run: window },
    { name: "engine", says: "what journal and durable execution add to a step", run: engine },
    { name: "planning", says: "a major upgrade of 1 000 to 10 000 servers, planned", run: planning },
    { name: "minor", says: "each minor upgrade beside its critical path", run: minorUpgrades },
    { name: "pool", says: "100 servers in and out of a pool, beside the raw commands", run: pool },
    { name: "status", says: "the whole command `changeover status`, the control plane warm", run: status },
    { name: "memory", says: "the idle control plane with its database", run: memory },
    {
      name: "ssh-against-ansible",
      says: "minor upgrades over sshd beside tuned Ansible; needs root and what it names",
      run: sshAgainstAnsible,
    },
    { name: "demo-time", says: "the whole demo by the clock", run: demoTime },
  ],
};

async function main([word = "", ...args]: string[]): Promise<number> {
  const known = entries[word] ?? [];
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    allowNegative: true,
    options: {
      runs: { type: "string" },
      points: { type: "string" },
      shard: { type: "string", default: "1/1" },
      save: { type: "boolean", default: true },
      json: { type: "boolean", default: false },
    },
  });
  const chosen = known.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const strange = positionals.find((name) => !known.some((entry) => entry.name === name));
  if (strange !== undefined || (word === "prove" && positionals.length !== 1)) {
    console.error(
      `There is: ${known.map(({ name, says }) => `\n  npm run ${word} ${name.padEnd(10)} ${says}`).join("")}`,
    );
    return 2;
  }
  const asked = { runs: countIn(values.runs), points: countIn(values.points), shard: readShard(values.shard) };
  let code = 0;
  for (const { name, run } of chosen) {
    console.error(`${word} ${name} …`);
    const outcome = await run(asked);
    if (!values.json) console.log(tableOf(name, outcome));
    console.log(JSON.stringify(saveResult(name, asked, outcome, values.save)));
    if (outcome.failures.length > 0) code = 1;
  }
  return code;
}

function countIn(text: string | undefined): number | null {
  if (text === undefined) return null;
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new TypeError(`"${text}" is not a count`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
