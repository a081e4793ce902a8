/** Makes out of a definition what a launch needs, and refuses what nobody can explain. */
import { Problem } from "../../../model/problem.ts";
import type { ServerRecord } from "../../../model/provider.ts";
import { type Configuration, configurationOf, sayDifference } from "../../../model/server/configuration.ts";
import { type ServerDefinition, releaseOf, unexplained } from "../../../model/server/definition.ts";
import type { Boot } from "../../boot.ts";
import { readBlue } from "../../blue.ts";
import { everyRecord, installOf, Layout } from "../../layout.ts";
import { type Ground, ISOLATED } from "./ground.ts";
import type { Attempt } from "./launch.ts";
import type { Launching } from "./launching.ts";

/** What the store, the files and the library say of a definition after its first `count` changes. */
export interface Wanted {
  /** Content hash of the release's artefact; null for the one that the source runs. */
  artefact(count: number): string | null;
  boot(record: ServerRecord, count: number): Boot | null;
}

/** The server as all of its changes make it. */
export function prepareLaunch(ground: Ground, definition: ServerDefinition, wanted: Wanted): Launching {
  const launching = launchingWith(ground, definition, wanted, definition.changes.length);
  mustBeExplained(ground, definition, launching);
  return launching;
}

/** As it was cloned, then with one change more each time. */
export function prepareTries(ground: Ground, definition: ServerDefinition, wanted: Wanted): Attempt[] {
  const attempts = [null, ...definition.changes].map((change, count) => ({
    ...launchingWith(ground, definition, wanted, count),
    change: change && `${change.key} ${change.value}`,
  }));
  const last = attempts.at(-1);
  if (last) mustBeExplained(ground, definition, last);
  return attempts;
}

function launchingWith(ground: Ground, definition: ServerDefinition, wanted: Wanted, count: number): Launching {
  const record = recordOf(ground, definition);
  const { slot, loadBalancers } = readBlue(ground.inventory);
  const artefact = wanted.artefact(count) ?? definition.base.artefact ?? "";
  const at = { loadBalancers: loadBalancers.map(({ record: one }) => one), slot, turn: 0 };
  return {
    record,
    install: installOf(ground.definition, releaseOf(definition, count), artefact, at),
    boot: wanted.boot(record, count),
  };
}

function recordOf({ definition, network, inventory }: Ground, { name, clonedFrom }: ServerDefinition): ServerRecord {
  const present = everyRecord(inventory);
  if (present.some((record) => record.name === name)) {
    throw new Problem("refused", {
      what: `"${name}" can't be launched`,
      why: "there is a server of this name already",
      next: `changeover server retire ${definition.environment} ${name}, or clone under another name`,
    });
  }
  const labels = { [ISOLATED]: "yes", clonedFrom };
  return new Layout(definition.environment, network, present).named("application", name, labels);
}

/** A clone is what it was cloned from but for what somebody changed: else nobody knows what broke it. */
function mustBeExplained(ground: Ground, wanted: ServerDefinition, { install, boot }: Launching): void {
  const now = configurationNow(ground, wanted.clonedFrom) ?? wanted.base;
  const found = unexplained(now, configurationOf(install, boot?.launch), wanted);
  const [first] = found;
  if (!first) return;
  throw new Problem("refused", {
    what: `"${wanted.name}" would differ from "${wanted.clonedFrom}", and no change says so`,
    why: found.map(sayDifference).join("; "),
    next: `changeover server change ${wanted.environment} ${wanted.name} --explain "${first.fact}" --why REASON`,
  });
}

/** As the server itself says it; null when it does not, or is gone. */
export function configurationNow({ inventory, boots }: Ground, name: string): Configuration | null {
  const installed = inventory.applications.find(({ record }) => record.name === name)?.installed;
  return installed ? configurationOf(installed, boots.get(name)?.launch) : null;
}
