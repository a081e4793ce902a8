/** Makes out of a definition what a launch needs, and refuses what nobody can explain. */
import type { Install } from "../../../model/application.ts";
import type { SeenApplication } from "../../../model/inventory.ts";
import { Problem } from "../../../model/problem.ts";
import type { ServerRecord } from "../../../model/provider.ts";
import { configurationOf, sayDifference } from "../../../model/server/configuration.ts";
import { type ServerDefinition, unexplained, wantedValue } from "../../../model/server/definition.ts";
import { readBlue } from "../../blue.ts";
import { everyRecord, installOf, Layout } from "../../layout.ts";
import { type Ground, ISOLATED } from "./ground.ts";
import type { Attempt } from "./launch.ts";
import type { Launching } from "./launching.ts";

/** Content hash of each release that a launch may need. */
export type Artefacts = Readonly<Record<string, string>>;

/** The server as all of its changes make it. */
export function prepareLaunch(ground: Ground, definition: ServerDefinition, artefacts: Artefacts): Launching {
  const launching = {
    record: recordOf(ground, definition),
    install: installWith(ground, definition, artefacts, definition.changes.length),
  };
  mustBeExplained(ground, definition, launching.install);
  return launching;
}

/** As it was cloned, then with one change more each time. */
export function prepareTries(ground: Ground, definition: ServerDefinition, artefacts: Artefacts): Attempt[] {
  const record = recordOf(ground, definition);
  const attempts = [null, ...definition.changes].map((change, count) => ({
    record,
    install: installWith(ground, definition, artefacts, count),
    change: change && `${change.key} ${change.value}`,
  }));
  const last = attempts.at(-1);
  if (last) mustBeExplained(ground, definition, last.install);
  return attempts;
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

function installWith(ground: Ground, wanted: ServerDefinition, artefacts: Artefacts, count: number): Install {
  const { definition, inventory } = ground;
  const { slot, loadBalancers } = readBlue(inventory);
  const release = wantedValue(wanted, "release", count);
  const isBase = release === wanted.base.release;
  const artefact = (isBase ? wanted.base.artefact : artefacts[release]) ?? "";
  const at = { loadBalancers: loadBalancers.map(({ record }) => record), slot, turn: 0 };
  return installOf(definition, release, artefact, at);
}

/** A clone is what it was cloned from but for what somebody changed: else nobody knows what broke it. */
function mustBeExplained({ inventory, definition }: Ground, wanted: ServerDefinition, install: Install): void {
  const source = inventory.applications.find(({ record }) => record.name === wanted.clonedFrom);
  const found = unexplained(sourceNow(source) ?? wanted.base, configurationOf(install), wanted);
  const [first] = found;
  if (!first) return;
  throw new Problem("refused", {
    what: `"${wanted.name}" would differ from "${wanted.clonedFrom}", and no change says so`,
    why: found.map(sayDifference).join("; "),
    next: `changeover server change ${definition.environment} ${wanted.name} --explain "${first.fact}" --why REASON`,
  });
}

const sourceNow = (source: SeenApplication | undefined) =>
  source?.installed ? configurationOf(source.installed) : null;
