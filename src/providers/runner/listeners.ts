/** Why an address and its ports can't be used on a machine, read from the machine's own tables of sockets. */

type Ask = (verb: string, args: string[]) => Promise<string>;

interface Listener {
  address: string;
  port: number;
  inode: string;
}

export async function whatTakes(ask: Ask, address: string, ports: number[]): Promise<string | null> {
  const rows = (await ask("listeners", [])).split("\n").map((line) => line.split(" "));
  const local = rows.filter(([what]) => what === "local").map(([, held]) => held ?? "");
  if (!isLoopback(address) && !local.includes(address)) return `${address} is not an address of that machine`;
  const [, firstPort = "0", user] = rows.find(([what]) => what === "ports") ?? [];
  const low = ports.find((port) => port < Number(firstPort));
  if (user !== "0" && low !== undefined) return `port ${low} is only for root: others begin at ${firstPort}`;
  const taken = rows.flatMap(toListener).find((seen) => ports.includes(seen.port) && covers(seen.address, address));
  if (!taken) return null;
  const owners = (await ask("socket-owner", [taken.inode])).trim().split("\n").filter(Boolean);
  const who = owners.length > 0 ? owners.join(", ") : "a program of another user";
  return `${taken.address}:${taken.port} is already used by ${who}`;
}

const isLoopback = (address: string): boolean => /^127\.\d+\.\d+\.\d+$/.test(address);
const covers = (listening: string, address: string): boolean =>
  listening === address || listening === "0.0.0.0" || listening === "::";

/** "0100007F:1F90": bytes of the address in the machine's order, which is the reverse of what people write. */
function toListener([what, socket = "", inode = ""]: string[]): Listener[] {
  if (what !== "listener") return [];
  const [hex = "", port = ""] = socket.split(":");
  return [{ address: addressOf(hex), port: Number.parseInt(port, 16), inode }];
}

function addressOf(hex: string): string {
  const bytes = hex.match(/../g) ?? [];
  const fourth = (part: string[]): string =>
    part
      .toReversed()
      .map((byte) => Number.parseInt(byte, 16))
      .join(".");
  if (bytes.length === 4) return fourth(bytes);
  if (/^0+$/.test(hex)) return "::";
  // An IPv4 address inside of an IPv6 socket.
  return hex.startsWith("0000000000000000FFFF0000") ? fourth(bytes.slice(12)) : hex;
}
