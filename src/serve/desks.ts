/** Every noun that people can ask something of, opened over one store, one engine and the worlds. */
import { sendMessage } from "../drivers/webhook/send.ts";
import type { Activity } from "../model/activity.ts";
import { missingCredentials } from "../model/credential.ts";
import type { World } from "../model/world.ts";
import type { LookParts } from "../run/alert-look.ts";
import { watchAlerts } from "../run/alert-watch.ts";
import { openAddresses } from "../run/addresses.ts";
import { openAlerts } from "../run/alerts.ts";
import { openBackups } from "../run/backups.ts";
import { copiedInputs, sharedCredentials } from "../run/carried.ts";
import { systemClock } from "../run/clock.ts";
import type { Desks } from "../run/control-plane.ts";
import { openCredentialDesk } from "../run/credentials.ts";
import type { Engine } from "../run/engine.ts";
import { openEnvironmentClones } from "../run/environment-clones.ts";
import { type EnvironmentParts, openEnvironments } from "../run/environments.ts";
import { runGroups } from "../run/group-loop.ts";
import { openGroups } from "../run/groups.ts";
import { openInputs } from "../run/inputs.ts";
import { openLaunches } from "../run/launches.ts";
import { openLockDesk } from "../run/lock-desk.ts";
import { openLockdown } from "../run/lockdown.ts";
import { openNamesDesk } from "../run/names.ts";
import { chooseNetwork } from "../run/network.ts";
import { openRehearsals } from "../run/rehearsals.ts";
import { runSchedule } from "../run/scheduled-backups.ts";
import { openScripts } from "../run/scripts.ts";
import { definedServers, openServers } from "../run/servers.ts";
import { type Library, openLibrary, templateInputs } from "../run/template-library.ts";
import { openTemplates } from "../run/templates.ts";
import { findEnvironment, listEnvironments, originOf } from "../store/environments.ts";
import { inputsOf } from "../store/inputs.ts";
import type { Store } from "../store/store.ts";
import { belongingsOf } from "./belongings.ts";
import { buildProvider, catalogueOf, type Parts } from "./worlds.ts";

export interface DeskParts extends Parts {
  store: Store;
  engine: Engine;
  /** No other control plane uses this store. */
  alone: boolean;
  /** For looking. */
  world(environment: string): Promise<World>;
  worldToChange(environment: string): Promise<World>;
  record(done: Omit<Activity, "at">): Promise<void>;
  redact(text: string): string;
}

export interface OpenDesks extends Desks {
  /** Whatever acts by itself. */
  stop(): Promise<void>;
}

export async function openDesks(parts: DeskParts): Promise<OpenDesks> {
  const { store, engine, world, credentials, artefacts, record, redact } = parts;
  const clock = systemClock;
  const library = openLibrary({ store, artefacts });
  const opened = environmentParts(parts, library);
  const environments = openEnvironments(opened);
  const base = { store, engine, environments, clock };
  const common = { ...base, world, record };
  const groupParts = { ...common, launches: opened.launches };
  const [backups, groups, scripts] = [openBackups(common), openGroups(groupParts), openScripts(base)];
  const alerts = alertParts(parts, scripts);
  const rehearsals = openRehearsals(base);
  const locks = openLockDesk(base);
  const knownInputs = { ...base, credentials: opened.credentials, redact, templates: templateInputs(library) };
  const inputParts = { ...knownInputs, definitions: definedServers({ ...base, library }) };
  const loops = [
    rehearsals,
    runSchedule(common, backups),
    runGroups(groupParts, groups),
    await watchAlerts(alerts, parts.alone),
  ];
  return {
    environments,
    engine,
    addresses: openAddresses(base),
    credentials: openCredentialDesk(store, credentials),
    locks,
    lockdown: openLockdown({ store, environments, artefacts, locks }),
    backups,
    servers: openServers({
      ...base,
      redact,
      inputs: inputParts,
      credentials: opened.credentials,
      launches: opened.launches,
    }),
    inputs: openInputs(inputParts),
    groups,
    alerts: openAlerts({ ...alerts, environments }),
    names: openNamesDesk({ ...common, credentials: opened.credentials }),
    templates: openTemplates({ ...base, library, catalogue: (...of) => catalogueOf(parts.home, ...of) }),
    scripts,
    rehearsals,
    clones: openEnvironmentClones({
      ...{ store, environments, belongings: opened.belongings },
      carriers: [sharedCredentials(store, credentials), copiedInputs(store, clock)],
    }),
    stop: () => Promise.all(loops.map((loop) => loop.stop())).then(() => {}),
  };
}

function alertParts({ store, engine, world, credentials, record }: DeskParts, scripts: Desks["scripts"]): LookParts {
  return {
    ...{ store, clock: systemClock, boot: engine.boot, world, record },
    send: (message, receiver) => sendMessage(systemClock, message, receiver),
    async runScript({ environment, server, script }, by) {
      const selection = { kind: "named" as const, servers: [server] };
      await scripts.run(environment, { script, selection, given: {}, by, yes: true, dryRun: false });
    },
    credential(environment, name) {
      const value = credentials.value(environment, name);
      if (value !== null) return value;
      throw missingCredentials(environment, [name], "a message can't be sent");
    },
  };
}

function environmentParts(parts: DeskParts, library: Library): EnvironmentParts {
  const { home, store, secrets, credentials, artefacts, world, worldToChange } = parts;
  const credentialsOf = async (name: string): Promise<string[]> => {
    const saved = await findEnvironment(store, name);
    return credentials.names((saved && originOf(saved)) ?? name);
  };
  return {
    ...{ store, artefacts, world, worldToChange },
    launches: openLaunches({
      ...{ library, clock: systemClock, credentials: credentialsOf },
      catalogue: (...of) => catalogueOf(home, ...of),
      inputs: (environment) => inputsOf(store, environment),
    }),
    chooseNetwork: async (name, wide) => {
      const others = (await listEnvironments(store)).flatMap(({ network }) => network.prefix ?? []).map(String);
      return chooseNetwork(home, name, others, wide);
    },
    async survey(definition, definitionPath) {
      const provider = await buildProvider({ definition, definitionPath }, 0, home);
      return provider.survey(definition.environment).finally(() => provider.close());
    },
    credentials: credentialsOf,
    forget(name) {
      secrets.forget(name);
      credentials.forget(name);
    },
    belongings: belongingsOf(store, secrets, credentials),
  };
}
