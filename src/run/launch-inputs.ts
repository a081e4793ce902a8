/** Gives a server that is about to be launched its inputs, for this launch or for good, or says by name why it can't have them. */
import { type Known, type KnownServer, nextOf, placeOf } from "../model/inputs/cross-reference.ts";
import { missingCredentials } from "../model/credential.ts";
import { drawFinding, mustBeLaunchable } from "../model/inputs/findings.ts";
import { leaseFor } from "../model/inputs/override.ts";
import { put } from "../model/inputs/set.ts";
import type { InputValues } from "../model/inputs/value.ts";
import type { LaunchInput } from "../model/launch.ts";
import { Problem } from "../model/problem.ts";
import { inputsOf } from "../store/inputs.ts";
import { type Asking } from "./input-edits.ts";
import { credentialsNamed, type InputParts, readGround } from "./input-ground.ts";
import { mustHoldNoSecret } from "./input-secrets.ts";
import { openInputs } from "./inputs.ts";

export interface LaunchWish extends Asking {
  server: string;
  /** Given with the launch; empty for none. */
  values: InputValues;
  /** `once`: they count for this launch. `save`: they are also lent to the server, or its group, from now on. */
  keep: "once" | "save";
  hours: number | null;
}

export interface LaunchInputs {
  /** What other servers have stands there by their names: the server asks for it once, when it boots. */
  inputs: Record<string, LaunchInput>;
  warnings: string[];
}

/** Nothing is saved when the server could not be launched with it. */
export async function inputsForLaunch(parts: InputParts, environment: string, wish: LaunchWish): Promise<LaunchInputs> {
  const { server: name, values, keep, by, why, hours } = wish;
  mustHoldNoSecret(parts.redact, environment, values, why);
  const { definition } = await parts.environments.find(environment);
  const ground = await readGround(parts, environment);
  const server = mustBeDefined(ground.servers, environment, name);
  const now = parts.clock.now();
  const known: Known = { environment, set: await inputsOf(parts.store, environment), ...ground, now };
  const place = placeOf(server);
  const saves = keep === "save" && Object.keys(values).length > 0;
  const longestHours = definition.policy.longestOverrideHours;
  const set = saves ? put(known.set, place, values, leaseFor({ by, why, hours }, { now, longestHours })) : known.set;
  const found = nextOf({ ...known, set }, server, saves ? undefined : values);
  mustBeLaunchable(environment, name, found.refusals);
  const there = await parts.credentials(environment);
  const missing = credentialsNamed(Object.values(found.written).map(({ value }) => value)).filter(
    (one) => !there.includes(one),
  );
  if (missing.length > 0) throw missingCredentials(environment, missing, `server "${name}" can't be launched`);
  const told = saves ? (await openInputs(parts).set(environment, { place, values, hours, by, why })).warnings : [];
  // What was given once is gone at the next launch, which nobody may be there to help.
  const later = saves ? [] : nextOf(known, server).refusals.map((one) => `at its next launch ${drawFinding(one)}`);
  return { inputs: found.written, warnings: [...found.warnings.map(drawFinding), ...later, ...told] };
}

function mustBeDefined(servers: readonly KnownServer[], environment: string, name: string): KnownServer {
  const found = servers.find(({ server }) => server === name);
  if (found?.declared) return found;
  throw new Problem("not-found", {
    what: `server "${name}" can't be launched`,
    why: found ? `its template "${found.template?.name}" is not known here` : `"${environment}" has no such server`,
    next: `changeover inputs xref ${environment}`,
  });
}
