/** A control plane with toy steps that can kill itself at a named point; the crash test starts it again and again. */
import { appendFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { Plan } from "../../src/model/plan.ts";
import { Problem } from "../../src/model/problem.ts";
import { defineStep, type StepDefinition } from "../../src/model/step.ts";
import type { Journal, StepRef } from "../../src/model/upgrade.ts";
import type { World } from "../../src/model/world.ts";
import { systemClock } from "../../src/run/clock.ts";
import { startEngine } from "../../src/run/engine.ts";
import { ensureEmbedded } from "../../src/store/embedded.ts";
import { openStore } from "../../src/store/store.ts";
import { listUpgrades } from "../../src/store/upgrades.ts";

const { URL_OF_STORE: url = "", FOLDER: folder = "", KILL_AT: killAt = "", END_IN: endIn = "" } = process.env;
const { HOME_OF_STORE: home } = process.env;
const plan = JSON.parse(readFileSync(path.join(folder, "plan.json"), "utf8")) as Plan;

/** The process is gone when this returns; the kernel delivers at once. */
function point(name: string): void {
  if (name === killAt) process.kill(process.pid, "SIGKILL");
}

const note = (line: string): void => appendFileSync(path.join(folder, "log"), `${line}\n`);

const toy = defineStep({
  name: "toy",
  input: z.strictObject({
    name: z.string(),
    takesMs: z.number().default(0),
    apply: z.enum(["works", "fails"]).default("works"),
    undo: z.enum(["works", "fails"]).default("works"),
  }),
  undoable: "always",
  says: ({ name }) => `Make ${name}`,
  byHand: () => ({ act: "-", see: "-", back: null }),
  limitMs: () => 10_000,
  async apply({ signal }, { name, takesMs, apply }) {
    note(`apply ${name}`);
    writeFileSync(path.join(folder, `${name}.half`), "");
    point(`inside apply ${name}`);
    await systemClock.sleep(takesMs, signal);
    if (apply === "fails")
      throw new Problem("step-failed", { what: `${name} fails`, why: "it was told so", next: "-" });
    renameSync(path.join(folder, `${name}.half`), path.join(folder, name));
  },
  async verify(_context, { name }) {
    if (existsSync(path.join(folder, name))) return { made: name };
    throw new Problem("step-failed", { what: `${name} is not there`, why: "nobody made it", next: "make it" });
  },
  async undo(_context, { name, undo }) {
    if (undo === "fails" && !existsSync(path.join(folder, "undo-may-work"))) {
      throw new Problem("step-failed", { what: `${name} can't be undone`, why: "it was told so", next: "allow it" });
    }
    note(`undo ${name}`);
    rmSync(path.join(folder, `${name}.half`), { force: true });
    point(`inside undo ${name}`);
    rmSync(path.join(folder, name), { force: true });
  },
});

/** Kill points around the two writes of the journal. */
function watched(journal: Journal): Journal {
  const open = new Map<number, string>();
  const naming = (direction: string, { says }: StepRef): string => `${direction} ${says.replace("Make ", "")}`;
  return {
    entries: () => journal.entries(),
    tell: (sequence, facts) => journal.tell(sequence, facts),
    async begin(step, direction) {
      point(`before intent ${naming(direction, step)}`);
      const begin = await journal.begin(step, direction);
      if (begin.kind === "begun") open.set(begin.sequence, naming(direction, step));
      point(`after intent ${naming(direction, step)}`);
      return begin;
    },
    async end(sequence, result) {
      point(`before result ${open.get(sequence)}`);
      await journal.end(sequence, result);
      point(`after result ${open.get(sequence)}`);
    },
  };
}

const store = await openStore({ url });
const engine = await startEngine({
  store,
  url,
  steps: new Map<string, StepDefinition>([["toy", toy as StepDefinition]]),
  world: async () => {
    const world = {
      environment: plan.environment,
      provider: { survey: async () => ({ records: [] }), close: async () => {} },
      redact: (text: string) => text,
      within: () => world,
    };
    return world as unknown as World;
  },
  clock: systemClock,
  revive: home ? () => ensureEmbedded({ home }) : undefined,
  takeoverMs: 0,
  pausesMs: [10, 20],
  journal: watched,
});
if ((await listUpgrades(store, plan.environment)).length === 0)
  await engine.startUpgrade(plan, { yes: false, by: "test" });
for (;;) {
  const [upgrade] = await listUpgrades(store, plan.environment).catch(() => []);
  if (upgrade && endIn.split(",").includes(upgrade.state)) break;
  await new Promise((resolve) => setTimeout(resolve, 20));
}
await engine.stop();
await store.close();
