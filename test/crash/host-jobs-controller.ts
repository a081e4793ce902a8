/** A control plane that starts one job and is killed: run as a process of its own by host-jobs.test.ts. */
import type { Provider } from "../../src/model/provider.ts";
import { createLocalProvider } from "../../src/providers/local/provider.ts";
import { createSshProvider } from "../../src/providers/ssh/provider.ts";
import type { SshSettings } from "../../src/providers/ssh/connection.ts";

interface Wanted {
  ssh: SshSettings | null;
  directory: string;
  server: string;
  command: string;
}

const { ssh, directory, server, command } = JSON.parse(process.argv[2] ?? "") as Wanted;
const token = () => 1;
const provider: Provider = ssh ? createSshProvider({ ...ssh, token }) : createLocalProvider({ directory, token });
const host = await provider.open("live", server);
console.log("about to start");
await host.startJob({ id: "migration", command, timeoutMs: 60_000 });
console.log("started");
for (;;) await host.jobState("migration");
