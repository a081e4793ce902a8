/** A desk for inputs on a real control database, over a small simulated fleet whose servers keep what they were launched with. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { KnownServer } from "../../src/model/inputs/cross-reference.ts";
import { type DeclaringScript, inputDeclarationSchema } from "../../src/model/inputs/declaration.ts";
import type { Launch, LaunchInput } from "../../src/model/launch.ts";
import { redactionOf } from "../../src/model/redaction.ts";
import { LAUNCH_FILE } from "../../src/model/template/process-inputs.ts";
import { SimulatedClock } from "../../src/providers/simulated/clock.ts";
import { Site } from "../../src/providers/simulated/site.ts";
import { createSimulatedWorld } from "../../src/providers/simulated/world.ts";
import { openEnvironments } from "../../src/run/environments.ts";
import type { InputParts, ServerDefinitions } from "../../src/run/input-ground.ts";
import { type InputDesk, openInputs } from "../../src/run/inputs.ts";
import { openArtefacts } from "../../src/store/artefacts.ts";
import { type Credentials, openCredentials } from "../../src/store/credentials.ts";
import { ensureEmbedded, removeEmbedded } from "../../src/store/embedded.ts";
import { saveEnvironment } from "../../src/store/environments.ts";
import { everySecret } from "../../src/store/known-secrets.ts";
import { openSecrets } from "../../src/store/secrets.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { nextToken } from "./run.ts";
import { network, releases, shop } from "./shop.ts";
import { nothingElse } from "./nothing-else.ts";

export interface InputFixture {
  store: Store;
  clock: SimulatedClock;
  credentials: Credentials;
  parts: InputParts;
  desk: InputDesk;
  /** By the name of the template. */
  templates: Map<string, NonNullable<KnownServer["declared"]>>;
  defined: Awaited<ReturnType<ServerDefinitions["of"]>>;
  /** A server that runs, with what it was launched with; null: from no template. */
  launch(
    server: string,
    inputs: Record<string, LaunchInput> | null,
    template?: string,
    resolved?: object,
  ): Promise<void>;
  /** What lies on a server. */
  launchFile(server: string): Promise<string | null>;
  close(): Promise<void>;
}

export const templateRef = (name: string) => ({ name, revision: 1, hash: "0".repeat(64) });

/** Scripts with what they read, each with defaults left out. */
export const reads = (script: string, inputs: Record<string, object>, phase?: DeclaringScript["phase"]) => ({
  script,
  inputs: Object.fromEntries(Object.entries(inputs).map(([name, more]) => [name, inputDeclarationSchema.parse(more)])),
  ...(phase && { phase }),
});

export async function openInputFixture(): Promise<InputFixture> {
  const home = mkdtempSync(path.join(os.tmpdir(), "changeover-inputs-"));
  const store = await openStore({ url: (await ensureEmbedded({ home })).url });
  const clock = new SimulatedClock();
  const site = new Site({ definition: shop, clock, releases: releases() });
  const worldNow = () => createSimulatedWorld({ site, clock, token: nextToken() });
  const definitionPath = path.join(home, "shop.yaml");
  writeFileSync(definitionPath, JSON.stringify(shop));
  await saveEnvironment(store, { name: "shop", definition: shop, definitionPath, network });
  const credentials = openCredentials(home);
  const environments = openEnvironments({
    ...{ ...nothingElse, store, artefacts: openArtefacts(home), chooseNetwork: async () => network.prefix },
    ...{ world: async () => worldNow(), worldToChange: async () => worldNow() },
    credentials: async (name) => credentials.names(name),
  });
  const templates: InputFixture["templates"] = new Map();
  const defined: InputFixture["defined"] = [];
  const parts: InputParts = {
    ...{ store, environments, clock },
    templates: { of: async (_environment, { name }) => templates.get(name) ?? null },
    definitions: { of: async () => defined },
    credentials: async (name) => credentials.names(name),
    redact: redactionOf(() => everySecret(openSecrets(home), credentials, {})),
  };
  return {
    ...{ store, clock, credentials, parts, templates, defined, desk: openInputs(parts) },
    async launch(server, inputs, template = "web", resolved = {}) {
      const { provider, environment } = worldNow();
      const there = (await provider.list(environment)).length;
      const address = `${network.prefix}.${there + 1}`;
      const labels: Record<string, string> = server.startsWith("burst") ? { group: "burst" } : {};
      const host = await provider.launch({ environment, name: server, kind: "application", address, labels });
      if (inputs === null) return;
      const launch: Launch = { template: templateRef(template), image: null, size: null, inputs };
      await host.putFile(LAUNCH_FILE, JSON.stringify({ ...launch, resolved }));
    },
    async launchFile(server) {
      const { provider, environment } = worldNow();
      return (await provider.open(environment, server)).readFile(LAUNCH_FILE);
    },
    async close() {
      await store.close();
      await removeEmbedded({ home });
      rmSync(home, { recursive: true, force: true });
    },
  };
}
