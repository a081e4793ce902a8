/** Minor upgrades of eight servers over sshd, by our plans and by tuned Ansible in turn: wall time, processor time, failed requests. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Lab, labTrouble, openLab } from "../src/providers/lab/lab.ts";
import type { Product } from "../test/product/product.ts";
import { type Entrance, openClients } from "./ansible/clients.ts";
import { castOf, countApart, entranceOf, HOSTS, upgradeOf, writeFile } from "./ansible/ours.ts";
import { type Group, groupTrouble, openGroup } from "./ansible/processor.ts";
import { makeRelease, type Release } from "./ansible/releases.ts";
import { type Command, runIn } from "./ansible/running.ts";
import { ansibleTrouble, openTheirs } from "./ansible/theirs.ts";
import { withExample } from "./example.ts";
import { type Figure, figureOf, median } from "./figures.ts";
import type { Asked, Outcome, Row } from "./results.ts";

const ROUNDS = 3;
const MODES = ["rolling", "switch"] as const;
const SIDES = ["ours", "ansible"] as const;
/** Of what Ansible takes. */
const WALL_MOST = 1 / 5;
const PROCESSOR_MOST = 1 / 10;
/** Longer than the control plane keeps a connection that nobody uses: both sides begin with none. */
const COLD_MS = 31_000;
const SETTLE_MS = 500;

type Mode = (typeof MODES)[number];
type Side = (typeof SIDES)[number];

export async function sshAgainstAnsible({ runs }: Asked): Promise<Outcome> {
  const trouble = labTrouble() ?? ansibleTrouble() ?? groupTrouble();
  if (trouble !== null) throw new TypeError(`not measured here: ${trouble}`);
  const lab = await openLab(HOSTS);
  const groups = { plane: openGroup("plane"), database: openGroup("database") };
  try {
    return outcomeOf(await onLab(lab, groups, runs ?? ROUNDS));
  } finally {
    await Promise.all(Object.values(groups).map((group) => group.end()));
    await lab.close();
  }
}

type Groups = Record<"plane" | "database", Group>;

function onLab(lab: Lab, groups: Groups, rounds: number): Promise<Row[]> {
  const releases: Release[] = [];
  const file = (product: Product): string => {
    const names = Array.from({ length: 1 + rounds * MODES.length }, (_, at) => `r${at + 1}`);
    releases.push(...names.map((name) => makeRelease(join(product.folder, "releases"), name)));
    return writeFile(product, lab, releases);
  };
  return withExample({ name: "against", file }, async (product) => {
    const [first, ...others] = releases;
    if (!first) throw new Error("no release at all");
    const contest = await prepare(product, lab, groups, first);
    const rows: Row[] = [];
    for (const [turn, to] of others.entries()) {
      const run = { round: 1 + Math.floor(turn / MODES.length), mode: MODES[turn % MODES.length] as Mode, to };
      for (const side of SIDES) rows.push(await oneRun(contest, { ...run, side }));
    }
    return rows;
  });
}

/** What either side needs for a run. */
type Contest = Record<Side, { entrance: Entrance; command(mode: Mode, to: Release): Command; beside: Partial<Groups> }>;

async function prepare(product: Product, lab: Lab, groups: Groups, first: Release): Promise<Contest> {
  const cast = await castOf(product);
  const numberOf = (address: string): number => lab.provider.hosts.indexOf(address) + 1;
  const places = { balancer: numberOf(cast.balancer), apps: cast.apps.map(numberOf) };
  const theirs = await openTheirs({ lab, folder: join(product.folder, "ansible"), ...places }, first);
  await countApart(product, groups.plane, groups.database);
  return {
    ours: { entrance: entranceOf(cast), command: (mode, to) => upgradeOf(product, mode, to), beside: groups },
    ansible: { entrance: theirs.entrance, command: theirs.upgrade, beside: {} },
  };
}

interface Run {
  round: number;
  mode: Mode;
  side: Side;
  to: Release;
}

async function oneRun(contest: Contest, { round, mode, side, to }: Run): Promise<Row> {
  const { entrance, command, beside } = contest[side];
  await sleep(COLD_MS);
  const clients = openClients(entrance);
  await sleep(SETTLE_MS);
  const before = secondsOf(beside);
  const ran = await runIn(`${side}-${mode}-${round}`, command(mode, to));
  const after = secondsOf(beside);
  await sleep(SETTLE_MS);
  const { requests, failed, last, why } = await clients.stop();
  const planeS = after.plane - before.plane;
  const databaseS = after.database - before.database;
  const row = {
    ...{ round, mode, side, wallS: ran.wallS, cpuS: round3(ran.cpuS + planeS + databaseS) },
    ...(side === "ours" ? { commandS: ran.cpuS, planeS: round3(planeS), databaseS: round3(databaseS) } : {}),
    ...{ requests, failed, ended: ran.code === 0 && last === to.name },
  };
  console.error(`  ${JSON.stringify(row)}${why === null ? "" : ` ${why}`}`);
  if (ran.code !== 0) console.error(ran.told.slice(-4_000));
  return row;
}

const secondsOf = ({ plane, database }: Partial<Groups>) => ({
  plane: plane?.seconds() ?? 0,
  database: database?.seconds() ?? 0,
});

const round3 = (value: number): number => Math.round(value * 1000) / 1000;

function outcomeOf(rows: Row[]): Outcome {
  const modes = Object.fromEntries(MODES.map((mode) => [mode, modeOf(rows.filter((row) => row.mode === mode))]));
  return {
    rows,
    modes: Object.fromEntries(Object.entries(modes).map(([mode, { told }]) => [mode, told])),
    figures: Object.assign({}, ...Object.entries(modes).map(([mode, { figures }]) => named(mode, figures))),
    failures: rows.flatMap(failuresOf),
  };
}

const named = (mode: string, figures: Record<string, Figure>): Record<string, Figure> =>
  Object.fromEntries(Object.entries(figures).map(([what, figure]) => [`${mode}: ${what}`, figure]));

/** Each round is compared with itself: what else the machine does meanwhile bears on both. */
function modeOf(rows: Row[]) {
  const of = (side: Side, column: string) => rows.filter((row) => row.side === side).map((row) => Number(row[column]));
  const shares = (column: string) => {
    const theirs = of("ansible", column);
    return of("ours", column).map((value, at) => value / (theirs[at] ?? Number.NaN));
  };
  const [wall, cpu] = [shares("wallS"), shares("cpuS")];
  const failed = (side: Side) => of(side, "failed").reduce((sum, count) => sum + count, 0);
  const sideOf = (side: Side) => ({
    wallS: median(of(side, "wallS")),
    cpuS: median(of(side, "cpuS")),
    failed: failed(side),
  });
  const parts = Object.fromEntries(
    ["commandS", "planeS", "databaseS"].map((part) => [part, median(of("ours", part))] as const),
  );
  return {
    told: {
      ...{ wallRatio: round3(middle(wall)), cpuRatio: round3(middle(cpu)), failed: failed("ours") },
      ours: { ...sideOf("ours"), ...parts },
      ansible: sideOf("ansible"),
    },
    figures: {
      "wall, of Ansible's": figureOf("ratio", wall, { statistic: "median", most: WALL_MOST }),
      "processor, of Ansible's": figureOf("ratio", cpu, { statistic: "median", most: PROCESSOR_MOST }),
    },
  };
}

const middle = (values: number[]): number => median(values.map((value) => value * 1000)) / 1000;

function failuresOf({ round, mode, side, failed, ended }: Row): string[] {
  const wrong = [
    ...(ended ? [] : ["did not end with the new release"]),
    ...(side === "ours" && failed !== 0 ? [`${failed} failed requests`] : []),
  ];
  return wrong.map((failure) => `round ${round}, ${mode}, ${side}: ${failure}`);
}
