/** The database contract over the simulated site, where no time passes but the simulated one. */
import { waitFor } from "../../src/model/clock.ts";
import type { Database } from "../../src/model/database.ts";
import { SimulatedClock } from "../../src/providers/simulated/clock.ts";
import { createSimulatedDatabase } from "../../src/providers/simulated/database.ts";
import type { Connected } from "../../src/providers/simulated/programs.ts";
import { secretOf } from "../../src/providers/simulated/secrets.ts";
import { Site } from "../../src/providers/simulated/site.ts";
import { createSimulatedWorld } from "../../src/providers/simulated/world.ts";
import { describeDatabaseContract } from "./database.contract.ts";
import type { Account, Client, DatabaseWorld } from "./database/world.ts";
import { simulatedDefinition as definition } from "./simulated-definition.ts";

const accounts = { app: "application", migrate: "migration" } as const;
const kept = { opens: "keep open", follows: "keep following" } as const;

describeDatabaseContract("simulated", async (): Promise<DatabaseWorld> => {
  const clock = new SimulatedClock();
  const site = new Site({ definition, clock, releases: {} });
  const world = createSimulatedWorld({ site, clock, token: 1 });
  const opened = new Map<string, Database>();
  const { environment, database: settings } = definition;
  const connect = ({ address, port }: Database, account: Account): Connected => {
    const connected = site.connect({ address, port }, accounts[account]);
    if (!connected) throw new Error("nobody answers there");
    return connected;
  };
  return {
    clock,
    settings,
    secret: world.secret,
    find: "SELECT key FROM rows",
    async launch(name) {
      const address = `10.0.0.${opened.size + 1}`;
      await world.provider.launch({ environment, name, kind: "database", address, labels: {} });
      const database = await world.database(name);
      opened.set(name, database);
      return database;
    },
    connect: async (database, account) => clientOf(connect(database, account)),
    async changeSchema(database, account, name) {
      const { connection } = connect(database, account);
      const made = site.database(database.name).history.schema.length > 0;
      const changed = connection.write({ kind: "schema", name: made ? `add rows.${name}` : name });
      connection.end();
      return changed;
    },
    async kill({ name }) {
      const host = await world.provider.open(environment, name);
      const running = async () => (await host.serviceState("database")).state === "running" && site.database(name).up;
      const limit = { withinMs: 20_000, everyMs: 50 };
      await waitFor(clock, limit, running);
      site.kill(name, "database");
      await clock.sleep(1);
      if (site.database(name).up) throw new Error("it was not killed");
      await waitFor(clock, limit, async () => site.database(name).up);
    },
    dyingBeforeKept: ({ name }, what) => dying(name, kept[what]),
    async elsewhere({ name }) {
      const [host, another] = [await world.provider.open(environment, name), "another"];
      const plane = { clock, passing: async () => {} };
      const parts = { plane, host, server: () => site.database(name), port: settings.port, environment: another };
      return { database: createSimulatedDatabase(parts), secret: (of) => secretOf(another, of) };
    },
    async hold({ name }) {
      const server = site.database(name);
      server.heldBy = "a person";
      return async () => {
        server.heldBy = null;
      };
    },
    close: async () => {},
  };

  function dying(name: string, act: string): Promise<Database> {
    const passing = async (moment: string) => {
      if (moment === `before ${act} on "${name}"`) throw new Error("died");
    };
    return createSimulatedWorld({ site, clock, token: 1, passing }).database(name);
  }
});

function clientOf({ connection }: Connected): Client {
  return {
    write: async (key) => connection.write({ kind: "put", key }),
    begin: async () => connection.begin(),
    commit: async () => connection.commit(),
    stands: async () => connection.stands,
    end: async () => connection.end(),
  };
}
