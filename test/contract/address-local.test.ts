/** The contract of floating addresses on one machine, where they are only noted. */
import { rmSync } from "node:fs";
import { afterAll, beforeAll } from "vitest";
import { createNotedHolder } from "../../src/drivers/address/noted.ts";
import { createLocalProvider } from "../../src/providers/local/provider.ts";
import { describeAddressContract } from "./address.contract.ts";
import { freshHome } from "./host/real-world.ts";

const directory = freshHome();
const servers = ["lb-1", "lb-2"];
const providerFor = (token: number) => createLocalProvider({ directory, token: () => token });

beforeAll(async () => {
  for (const name of servers) {
    await providerFor(1).launch({ environment: "live", name, kind: "load-balancer", address: "127.0.0.9", labels: {} });
  }
});
afterAll(async () => {
  for (const name of servers) await providerFor(1_000).retire("live", name);
  rmSync(directory, { recursive: true, force: true });
});

describeAddressContract("noted on one machine", () => ({
  address: "10.77.0.100",
  holder: async (server, token) => createNotedHolder(await providerFor(token).open("live", server)),
}));
