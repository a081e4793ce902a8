/** Which checks see that an old release is half broken on a newer schema: Directus 11.1 on the schema of 11.17. */
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { send } from "../src/ledger/request.ts";
import type { HttpCheck } from "../src/model/application.ts";
import { waitFor } from "../src/model/clock.ts";
import { valuesOf } from "../src/model/credential.ts";
import type { EnvironmentDefinition } from "../src/model/environment.ts";
import { parseEnvironment } from "../src/model/environment-file.ts";
import { misses, withKey } from "../src/model/http-check.ts";
import { openArtefacts } from "../src/store/artefacts.ts";
import {
  clock,
  endAll,
  type Ended,
  newFolder,
  openDatabaseServer,
  removeFolder,
  type Running,
  start,
} from "../test/real/shop-world.ts";
import type { Outcome, Row } from "./results.ts";

const FILE = join(import.meta.dirname, "../examples/directus-minor/environment.yaml");
const DATABASE = "127.163.31.10";
const WEB = "127.163.31.21";
const ASK_MS = 20_000;

interface Release {
  folder: string;
  definition: EnvironmentDefinition["releases"][string];
  env: Record<string, string>;
}

/** The old release is asked before and after the new one's migration, started anew for it; then the new one is asked. */
export async function proveChecks(): Promise<Outcome> {
  const folder = await newFolder("checks");
  try {
    const definition = parseEnvironment(await readFile(FILE, "utf8"), FILE);
    const database = await openDatabaseServer(join(folder, "database"), DATABASE);
    const [older, newer] = Object.keys(definition.releases) as [string, string];
    const env = { ...(await database.environment("directus")), HOST: WEB, PORT: String(definition.application.port) };
    const [before, after] = [
      await unpack(folder, definition, older, env),
      await unpack(folder, definition, newer, env),
    ];
    await mustEnd(before, before.definition.migrate ?? "true");
    const seen = [await ask(before, definition)];
    await mustEnd(after, after.definition.migrate ?? "true");
    seen.push(await ask(before, definition), await ask(after, definition));
    await database.stop();
    return judge(definition, [`${older} as it was`, `${older} on the new schema`, `${newer} on the new schema`], seen);
  } finally {
    await endAll();
    await removeFolder(folder);
  }
}

/** Built and packed by the product itself, then unpacked and prepared as on a server. */
async function unpack(
  folder: string,
  { releases }: EnvironmentDefinition,
  name: string,
  env: Record<string, string>,
): Promise<Release> {
  const definition = releases[name];
  if (!definition) throw new Error(`${FILE} has no release "${name}"`);
  console.error(`  building and unpacking ${name} …`);
  const artefacts = openArtefacts(folder);
  const hash = await artefacts.pack(resolve(dirname(FILE), definition.artefact), definition.build);
  await writeFile(join(folder, "release.tar"), (await artefacts.read(hash)).open());
  const at = join(folder, name);
  const path = `${join(at, definition.runtime?.path ?? "")}:${process.env.PATH}`;
  const inputs = valuesOf(definition.inputs, noCredential);
  const release = { folder: at, definition, env: { PATH: path, ...env, ...inputs } };
  const unpacked = start(`mkdir "${name}" && tar -xf release.tar -C "${name}" && rm release.tar`, folder, {});
  mustBeDone("unpacking", await unpacked.ended);
  await mustEnd(release, definition.prepare ?? "true");
  return release;
}

const noCredential = (name: string): never => {
  throw new Error(`the example needs no credential, and asks for "${name}"`);
};

const mustEnd = async ({ folder, env }: Release, line: string): Promise<void> =>
  mustBeDone(line, await start(line, folder, env).ended);

function mustBeDone(what: string, { code, output }: Ended): void {
  if (code !== 0) throw new Error(`${what} ended with ${code}: ${output.slice(-1000)}`);
}

/** What each check of the file sees on this release: null where it holds. Health first, then the reads, then the write. */
async function ask(release: Release, { application, checks, hosts, limits }: EnvironmentDefinition) {
  const target = { address: WEB, port: application.port };
  const one = async (check: HttpCheck, key = "probe-1"): Promise<string | null> => {
    const outcome = await send(withKey(check, key), { target, host: hosts.public, timeoutMs: ASK_MS, agent: false });
    return "error" in outcome ? `${check.method} ${check.path}: ${outcome.error}` : misses(check, outcome.answer);
  };
  const web = start(release.definition.start.web, release.folder, release.env);
  await waitFor(clock, { withinMs: limits.healthySeconds * 1000, everyMs: 200 }, async () =>
    web.child.exitCode !== null || (await one(checks.health)) === null ? true : null,
  );
  const seen: (string | null)[] = [];
  for (const check of [checks.health, ...checks.read, ...writes(checks)]) seen.push(await one(check));
  await stop(web);
  return seen;
}

const writes = ({ write }: EnvironmentDefinition["checks"]): HttpCheck[] => (write ? [write, ...write.cleanUp] : []);
const stop = (web: Running): Promise<Ended> => web.stop();

/** The narrow set is what is often thought to be enough: the health check, and one thing written and taken away again. */
function judge({ checks }: EnvironmentDefinition, titles: string[], seen: (string | null)[][]): Outcome {
  const reads = checks.read.length;
  const narrow = seen.map((all) => [...all.slice(0, 1), ...all.slice(1 + reads)]);
  const wide = seen.map((all) => all.slice(1, 1 + reads));
  const row = (set: string, asked: (string | null)[][]): Row =>
    Object.fromEntries([
      ["checks", set],
      ...titles.map((title, at) => [title, verdict(asked[at] ?? [])] as [string, string]),
    ]);
  const missed = (asked: (string | null)[][], at: number): string[] =>
    (asked[at] ?? []).filter((found) => found !== null);
  for (const found of missed(wide, 1)) console.error(`  found: ${found}`);
  return {
    rows: [row("health and write", narrow), row(`checks.read (${reads})`, wide)],
    figures: {},
    failures: [
      ...[0, 2].flatMap((at) => [...missed(narrow, at), ...missed(wide, at)].map((why) => `${titles[at]}: ${why}`)),
      ...missed(narrow, 1).map((why) => `health or write saw it too: ${why}`),
      ...(missed(wide, 1).length === 0 ? ["the reads did not find that the old release is broken"] : []),
    ],
  };
}

const verdict = (asked: (string | null)[]): string => {
  const missed = asked.filter((found) => found !== null).length;
  return missed === 0 ? "all hold" : `${missed} of ${asked.length} fail`;
};
