/** Passes on what belongs to another host's connections: nftables sends it there before this host's own stack sees it. */
import type { AddressHolder } from "../../model/floating-address.ts";
import type { ExecOptions } from "../../model/host.ts";

type Passing = Pick<AddressHolder, "passOn" | "passesOn" | "whyNotPassing">;

interface Tools {
  /** `$r` stands before what only root may do. */
  run(line: string, options?: Partial<ExecOptions>): Promise<string>;
  look(line: string): Promise<string>;
  /** Of the host's own address. */
  link(): Promise<string>;
  holds(address: string): Promise<boolean>;
}

const tableOf = (address: string): string => `changeover_${address.replaceAll(".", "_")}`;

export function createPassing({ run, look, link, holds }: Tools): Passing {
  const whyNotPassing = async (): Promise<string | null> =>
    (await look("command -v nft || true")).trim() === "" ? "nft is not installed there" : null;
  return {
    whyNotPassing,
    async passOn(address, port, to) {
      if ((await whyNotPassing()) !== null) return;
      const gone = `table netdev ${tableOf(address)} {}\ndelete table netdev ${tableOf(address)}\n`;
      if (to === null) return void (await run("$r nft -f -", { stdin: gone }));
      const rules = rulesFor({ address, port, to, link: await link() });
      const known = (await holds(address)) ? standing(address) : "true";
      await run(`{ cat; ${known}; } | $r nft -f -`, { stdin: `${gone}${rules}` });
    },
    async passesOn(address) {
      if ((await whyNotPassing()) !== null) return false;
      const tables = await run("$r nft list tables netdev", { reading: true });
      return tables.split("\n").includes(`table netdev ${tableOf(address)}`);
    },
  };
}

/**
 * Connections that stand here began here, too: after a crash, or on the way back, there are some. What is left of an
 * earlier time, when the address was held here before, is none of them: a client may use its port again by now.
 */
const standing = (address: string): string =>
  `ss -Htan src ${address} | awk '$1 == "ESTAB" || $1 == "SYN-RECV" { sub(/:/, " . ", $5); ` +
  `print "add element netdev ${tableOf(address)} begun { " $5 " }" }'`;

/** A connection that began here is remembered by its first packet, and as long as it is used. */
function rulesFor({ address, port, to, link }: { address: string; port: number; to: string; link: string }): string {
  const ours = `ip daddr ${address} tcp dport ${port}`;
  const remember = "update @begun { ip saddr . tcp sport } accept";
  return `table netdev ${tableOf(address)} {
  set begun { type ipv4_addr . inet_service; size 65535; flags dynamic,timeout; timeout 1h; }
  chain arriving {
    type filter hook ingress device "${link}" priority 0; policy accept;
    ${ours} tcp flags & (syn|ack) == syn ${remember}
    ${ours} ip saddr . tcp sport @begun ${remember}
    ${ours} fwd ip to ${to} device "${link}"
  }
}
`;
}
