/** Looks at inputs: the values, the cross-reference of every server, what differs, and what was there before each edit. */
import { crossReference } from "../model/inputs/cross-reference.ts";
import { pendingDifferences, serverDifferences, setDifferences } from "../model/inputs/difference.ts";
import { isOpen } from "../model/inputs/override.ts";
import type { InputSet } from "../model/inputs/set.ts";
import { spell } from "../model/inputs/spelling.ts";
import { Problem } from "../model/problem.ts";
import { inputsOf, snapshot, snapshotsOf } from "../store/inputs.ts";
import type { CrossReferenceView, DifferencesView, HistoryView, InputsView } from "../view/inputs.ts";
import { type Ground, type InputParts, missingCredentialsOf, readGround } from "./input-ground.ts";
import { discreetly } from "./input-secrets.ts";

export interface InputViews {
  list(environment: string): Promise<InputsView>;
  history(environment: string): Promise<HistoryView>;
  /** All servers when none is named. */
  crossReference(environment: string, only: { server: string | null }): Promise<CrossReferenceView>;
  diff(environment: string, wish: DiffWish): Promise<DifferencesView>;
}

export type DiffWish =
  /** What each running server was launched with, against its next launch. */
  | { kind: "pending" }
  /** The values as they were before an edit, against those of now. */
  | { kind: "since"; number: number }
  /** The next launches of two servers. */
  | { kind: "servers"; left: string; right: string };

/** So many edits are listed. */
const LISTED = 100;

export function openInputViews(parts: InputParts): InputViews {
  return {
    list: async (environment) => discreetly(await list(parts, environment), parts.redact),
    async history(environment) {
      await parts.environments.find(environment);
      const snapshots = await snapshotsOf(parts.store, environment, LISTED);
      return discreetly({ environment, snapshots }, parts.redact);
    },
    crossReference: async (environment, { server }) =>
      discreetly(await crossReferenceOf(parts, environment, server), parts.redact),
    diff: async (environment, wish) => discreetly(await compare(parts, environment, wish), parts.redact),
  };
}

async function crossReferenceOf(
  parts: InputParts,
  environment: string,
  server: string | null,
): Promise<CrossReferenceView> {
  const { ground, set, seen } = await look(parts, environment);
  if (server !== null) mustBeKnown(ground, environment, server);
  const only = <T extends { server: string }>(all: T[]) => all.filter((one) => [one.server, null].includes(server));
  const missingCredentials = await missingCredentialsOf(parts, environment, set, ground.servers);
  const { rows, servers, unread } = seen;
  const told = { environment, rows: only(rows), servers: only(servers), unread, missingCredentials };
  return { ...told, troubles: ground.troubles };
}

async function look(parts: InputParts, environment: string): Promise<Looked> {
  const ground = await readGround(parts, environment);
  const held = await inputsOf(parts.store, environment);
  const known = { environment, set: held, ...ground, now: parts.clock.now() };
  return { ground, set: held, seen: crossReference(known) };
}

interface Looked {
  ground: Ground;
  set: InputSet;
  seen: ReturnType<typeof crossReference>;
}

async function list(parts: InputParts, environment: string): Promise<InputsView> {
  await parts.environments.find(environment);
  const held = await inputsOf(parts.store, environment);
  const at = parts.clock.now();
  const [newest] = await snapshotsOf(parts.store, environment, 1);
  const view: InputsView = {
    environment,
    at,
    inputs: held.flatMap((one) => (one.lease === null ? [{ input: one.input, value: spell(one.value) }] : [])),
    overrides: held.flatMap(({ place, input, value, lease }) =>
      lease === null || place.level === "environment"
        ? []
        : [
            {
              ...lease,
              ...{ level: place.level, owner: place.owner, input },
              value: spell(value),
              open: isOpen(lease, at),
            },
          ],
    ),
    missingCredentials: await missingCredentialsOf(parts, environment, held, []),
    snapshot: newest?.number ?? null,
  };
  return view;
}

export async function mustHaveSnapshot(parts: InputParts, environment: string, number: number): Promise<InputSet> {
  const found = await snapshot(parts.store, environment, number);
  if (found) return found;
  throw new Problem("not-found", {
    what: `the inputs of "${environment}" have no snapshot ${number}`,
    why: "there was no such edit, or it is so old that it was forgotten",
    next: `changeover inputs history ${environment}`,
  });
}

function mustBeKnown({ servers, troubles }: Ground, environment: string, server: string): void {
  if (servers.some((one) => one.server === server)) return;
  throw new Problem("not-found", {
    what: `"${server}" is no server of "${environment}" that is made from a template`,
    why:
      troubles[0] ??
      (servers.length === 0 ? "there is none" : `there are ${servers.map((one) => one.server).join(", ")}`),
    next: `changeover inputs xref ${environment}`,
  });
}

async function compare(parts: InputParts, environment: string, wish: DiffWish): Promise<DifferencesView> {
  if (wish.kind === "since") {
    await parts.environments.find(environment);
    const before = await mustHaveSnapshot(parts, environment, wish.number);
    const differences = setDifferences(before, await inputsOf(parts.store, environment));
    return { environment, compared: [{ from: `before edit ${wish.number}`, to: "now", differences }] };
  }
  const { ground, seen } = await look(parts, environment);
  if (wish.kind === "pending") {
    const running = seen.servers.filter(({ runs }) => runs);
    const compared = running.map(({ server }) => ({
      ...{ from: `${server} as it runs`, to: "its next launch" },
      differences: pendingDifferences(seen.rows, server),
    }));
    return { environment, compared };
  }
  const { left, right } = wish;
  for (const server of [left, right]) mustBeKnown(ground, environment, server);
  return { environment, compared: [{ from: left, to: right, differences: serverDifferences(seen.rows, left, right) }] };
}
