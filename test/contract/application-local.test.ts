/** The application contract over real processes of this machine. */
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import { createApplication } from "../../src/drivers/application/driver.ts";
import type { Application } from "../../src/model/application.ts";
import { createLocalProvider } from "../../src/providers/local/provider.ts";
import { systemClock } from "../../src/run/clock.ts";
import { describeApplicationContract } from "./application.contract.ts";
import type { ApplicationWorld } from "./application/world.ts";
import { freshAddress, freshHome, shellPrograms } from "./host/real-world.ts";

const tiny = `import { createServer } from "node:http";
const keys = new Set();
createServer(async (request, response) => {
  const says = (status, body) => response.writeHead(status).end(body);
  const [, kind, name = ""] = request.url.split("/");
  if (kind === "slow") await new Promise((resolve) => setTimeout(resolve, 2_000));
  if (kind === "variable") return says(200, \`<\${process.env[name] ?? ""}>\`);
  if (kind !== "once" || request.method !== "POST") return says(404, "no such page");
  if (keys.has(name)) return says(409, "again");
  keys.add(name);
  let body = "";
  for await (const part of request) body += part;
  says(201, body);
}).listen(process.env.PORT, process.env.HOST);
`;

async function tar(): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name: "tiny.mjs" }, tiny);
  archive.finalize();
  return buffer(Readable.from(archive));
}

describeApplicationContract("local", async (): Promise<ApplicationWorld> => {
  const directory = freshHome();
  const provider = createLocalProvider({ directory, token: () => 1 });
  const environment = "contract";
  const settings = {
    port: 8000,
    publicHost: "shop.example",
    database: { name: "shop", user: "shop" },
    prepareMs: 10_000,
    path: `${dirname(process.execPath)}:${process.env.PATH}`,
    rehearsal: false,
  };
  const vault = {
    secret: (name: string) => `of ${name}`,
    credential: (name: string) => `simulated-${name}`,
    redact: (text: string) => text,
  };
  const names: string[] = [];
  return {
    clock: systemClock,
    programs: shellPrograms,
    port: settings.port,
    database: settings.database,
    web: "exec node tiny.mjs",
    tar,
    async launch() {
      const name = `app-${names.length + 1}`;
      names.push(name);
      const record = { environment, name, kind: "application", address: freshAddress(), labels: {} } as const;
      return createApplication(await provider.launch(record), settings, vault, randomUUID);
    },
    async readRelease({ name }: Application, path) {
      return (await provider.open(environment, name)).readFile(`release/${path}`);
    },
    async close() {
      for (const name of names) await provider.retire(environment, name);
      await provider.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
});
