/** Makes the environment in which a rehearsal runs: another one's definition at the release that it serves, under its own name. */
import type { EnvironmentDefinition } from "../model/environment.ts";
import type { Inventory } from "../model/inventory.ts";
import type { Network } from "../model/network.ts";
import type { Plan } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import { seenTemplate } from "../model/template/server-state.ts";
import { readBlue } from "../plan/blue.ts";
import type { BootOf } from "../plan/boot.ts";
import { planClone } from "../plan/strategies/clone.ts";
import { originOf, type SavedEnvironment } from "../store/environments.ts";
import { keptOf } from "./addressing.ts";
import { readPage } from "./files.ts";

export interface CloneParts {
  origin: SavedEnvironment;
  /** What the origin looks like now. */
  seen: Inventory;
  clone: string;
  /** A network of its own. */
  network: Network;
  boot?: BootOf;
}

/** The saved form and the plan that brings it up. Pure but for reading the page's file. */
export function makeClone({ origin, seen, clone, network, boot }: CloneParts): { saved: NewClone; plan: Plan } {
  const blue = readBlue(seen);
  const definition = definitionOf(origin.definition, clone, blue.release);
  const artefact = blue.applications[0]?.installed?.artefact ?? "";
  const plan = planClone({
    definition,
    network,
    page: readPage(definition, origin.definitionPath),
    artefacts: { [blue.release]: artefact },
    origin: origin.name,
    blue,
    boot,
  });
  const { definitionPath } = origin;
  return {
    saved: { name: clone, definition, definitionPath, network: { ...keptOf(network), cloneOf: origin.name } },
    plan,
  };
}

type NewClone = Omit<SavedEnvironment, "savedAt">;

/** Host names stay: clients of the clone say them, and no name leads to its addresses. Nothing is kept afterwards. */
const definitionOf = (origin: EnvironmentDefinition, clone: string, release: string): EnvironmentDefinition => ({
  ...atAnyHour(origin),
  environment: clone,
  release,
  // A rehearsal must not move what people come by.
  names: undefined,
  // Of a clone that goes it is looked at otherwise (assert-isolated): it has its origin's names.
  isolation: { ...origin.isolation, strict: false },
  // What clients know stays where they are.
  addresses: {},
  limits: { ...origin.limits, keepSeconds: 0 },
});

/** With the template that its servers run with now, whatever the file says of new ones. */
export function likeServers(definition: EnvironmentDefinition, seen: Inventory): EnvironmentDefinition {
  const [first] = readBlue(seen).applications;
  const template = first && seenTemplate(first.record)?.template.replace(/@head$/, "");
  const { template: _, image, size, ...application } = definition.application;
  const wished = template === undefined ? {} : { template, image, size };
  return { ...definition, application: { ...application, ...wished } };
}

/** Whatever only says when, and after what, the public may be bothered. */
export const atAnyHour = (definition: EnvironmentDefinition): EnvironmentDefinition => ({
  ...definition,
  windows: [],
  freezes: [],
  staging: undefined,
  announcement: undefined,
});

/** Somebody's own environment must not be taken for a clone that may go. */
export function mustBeClone(there: SavedEnvironment | null, origin: string): void {
  if (there === null || originOf(there) === origin) return;
  throw new Problem("refused", {
    what: `"${origin}" can't be rehearsed: its clone would be called "${there.name}"`,
    why: "there is an environment of that name, and it is no clone of this one",
    next: `take it down or bring it up under another name: changeover down ${there.name}`,
  });
}

/** A clone lives for its rehearsal only. */
export function mustBeNobodysClone(saved: SavedEnvironment): void {
  const origin = originOf(saved);
  if (origin === null) return;
  throw new Problem("refused", {
    what: `"${saved.name}" is a clone that a rehearsal of "${origin}" uses`,
    why: "it goes when the rehearsal ends",
    next: `changeover rehearse ${origin} --cancel ends it`,
  });
}
