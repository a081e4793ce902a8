/** Floating addresses where all servers share one machine: a server's note of what it holds, and nothing on any network. */
import type { AddressHolder } from "../../model/floating-address.ts";
import type { Host } from "../../model/host.ts";

const FILE = "floating-addresses";

export function createNotedHolder(host: Host): AddressHolder {
  const read = async (): Promise<string[]> => ((await host.readFile(FILE)) ?? "").split("\n").filter(Boolean);
  const write = (addresses: string[]): Promise<void> => host.putFile(FILE, addresses.map((one) => `${one}\n`).join(""));
  return {
    server: host.name,
    at: host.address,
    onNetwork: false,
    holds: async (address) => (await read()).includes(address),
    async take(address) {
      const held = await read();
      if (!held.includes(address)) await write([...held, address]);
    },
    announce: async () => {},
    async release(address) {
      const held = await read();
      if (held.includes(address)) await write(held.filter((one) => one !== address));
    },
    connections: async () => 0,
    passOn: async () => {},
    passesOn: async () => false,
    whyNotPassing: async () => null,
    hardware: async () => host.name,
    claimants: async () => [],
  };
}
