/** Floating addresses on a server that is a machine of its own: iproute2 adds and removes them, arping tells the network. */
import { z } from "zod";
import type { AddressHolder } from "../../model/floating-address.ts";
import type { ExecOptions, Host } from "../../model/host.ts";
import { Problem } from "../../model/problem.ts";
import { createPassing } from "./passing.ts";

const LIMIT_MS = 15_000;
/** Others than root may be allowed to without a password. */
const ROOT = 'r=; [ "$(id -u)" = 0 ] || r="sudo -n";';

const linksSchema = z.array(
  z.object({
    ifname: z.string(),
    address: z.string().optional(),
    addr_info: z.array(z.object({ local: z.string().optional() })),
  }),
);

export function createAddressHolder(host: Host): AddressHolder {
  const run = async (line: string, options: Partial<ExecOptions> = {}): Promise<string> => {
    const ran = await host.exec(`${ROOT} ${line}`, { timeoutMs: LIMIT_MS, ...options });
    if (ran.code === 0) return ran.stdout;
    throw failed(host, ran.code, ran.stderr.trim());
  };
  const look = (line: string): Promise<string> => run(line, { reading: true });
  const links = async () => linksSchema.parse(JSON.parse(await look("ip -j addr show")));
  /** The one by which the host itself is reached: there the floating address belongs. */
  const ownLink = async () => {
    const found = (await links()).find(({ addr_info }) => addr_info.some(({ local }) => local === host.address));
    if (found) return found;
    throw failed(host, 1, `no interface has ${host.address}`);
  };
  const holds = async (address: string): Promise<boolean> =>
    (await links()).some(({ addr_info }) => addr_info.some(({ local }) => local === address));
  return {
    server: host.name,
    at: host.address,
    onNetwork: true,
    holds,
    async take(address) {
      if (await holds(address)) return;
      const { ifname } = await ownLink();
      // Looked for before, so that the step says what is missing while nothing has happened yet.
      await run(`command -v arping >/dev/null || exit 127; $r ip addr add ${address}/32 dev ${ifname}`);
    },
    async announce(address) {
      const { ifname } = await ownLink();
      await run(`$r arping -c 1 -U -I ${ifname} ${address} >/dev/null`);
    },
    async release(address) {
      const link = (await links()).find(({ addr_info }) => addr_info.some(({ local }) => local === address));
      if (link) await run(`$r ip addr del ${address}/32 dev ${link.ifname}`);
    },
    async connections(address) {
      const rows = await look(`ss -Htn state established src ${address}`);
      return rows.split("\n").filter(Boolean).length;
    },
    ...createPassing({ run, look, holds, link: async () => (await ownLink()).ifname }),
    hardware: async () => ((await ownLink()).address ?? "").toLowerCase(),
    async claimants(address) {
      const { ifname } = await ownLink();
      // Waits for as many answers as there may be, and ends without complaint when there are none.
      const said = await run(`$r arping -c 20 -w 1 -I ${ifname} ${address} || [ $? -eq 1 ]`);
      return [
        ...new Set([...said.matchAll(/\[([0-9A-F:]{17})\]/gi)].map(([, hardware = ""]) => hardware.toLowerCase())),
      ];
    },
  };
}

function failed(host: Host, code: number | null, why: string): Problem {
  if (code === 127) {
    return new Problem("missing-tool", {
      what: `addresses can't be moved on "${host.name}"`,
      why: why || "arping is not installed there",
      next: "on that host: apt-get install iputils-arping iproute2",
    });
  }
  return new Problem(code === null ? "outcome-unknown" : "step-failed", {
    what: `the addresses of "${host.name}" can't be changed or read`,
    why: why || "no answer came",
    next: "they are root's to change there: let the user be root, or run ip and arping by sudo without a password",
  });
}
