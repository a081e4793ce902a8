/** The text of a server's option files; pure, so that what a server runs with can be read in a test. */
import type { Paths } from "./paths.ts";

export interface ConfigInput {
  paths: Paths;
  address: string;
  port: number;
  serverId: number;
  /** The user of the operating system that the server runs as. */
  osUser: string;
}

export function serverConfig({ paths, address, port, serverId, osUser }: ConfigInput): string {
  return `# Written by changeover; changes are overwritten at the next start.
[mariadbd]
${osUser === "root" ? "# mariadbd runs as root only when it is told to.\nuser=root\n" : ""}datadir=${paths.absolute(paths.data)}
tmpdir=${paths.absolute(paths.temporary)}
socket=${paths.socket}
pid-file=${paths.absolute("mariadb/pid")}
bind-address=${address}
port=${port}
server-id=${serverId}
skip-name-resolve
character-set-server=utf8mb4
max-connections=200

# Replication: every transaction is logged, by row, and a server whose data differs is refused loudly.
log-bin=binlog
log-slave-updates=ON
binlog-format=ROW
binlog-row-image=FULL
binlog-row-metadata=FULL
binlog-expire-logs-seconds=604800
gtid-strict-mode=ON
gtid-domain-id=0
relay-log=relay
relay-log-recovery=ON
slave-parallel-threads=4
slave-parallel-mode=optimistic
slave-net-timeout=10
# Row events carry the outcome, so a trigger or function of the application's account can't make replicas differ.
log-bin-trust-function-creators=ON

# An acknowledged write is on disk, also in the binlog.
sync-binlog=1
innodb-flush-log-at-trx-commit=1

innodb-buffer-pool-size=32M
# Without this 10.11.19 reserves 8 TiB of address space, which strict memory limits refuse.
innodb-buffer-pool-size-max=32M
innodb-log-file-size=32M
key-buffer-size=256K
table-open-cache=200
performance-schema=OFF

# Closed unless the next file says otherwise; without that file the server does not boot at all.
read-only=ON
skip-slave-start=1
!include ${paths.absolute(paths.state)}
`;
}

/** What the server does when it boots without anybody to ask. */
export interface BootState {
  writable: boolean;
  replicates: boolean;
}

export const fenced: BootState = { writable: false, replicates: false };

export const stateConfig = ({ writable, replicates }: BootState): string =>
  `[mariadbd]\nread-only=${writable ? "OFF" : "ON"}\nskip-slave-start=${replicates ? 0 : 1}\n`;

export function parseState(text: string | null): BootState {
  if (text === null) return fenced;
  return { writable: /^read-only=OFF$/m.test(text), replicates: /^skip-slave-start=0$/m.test(text) };
}

/** A number that no other server of the environment has: its IPv4 address, which is unique there as well. */
export function serverIdOf(address: string): number {
  const parts = address.split(".").map(Number);
  const valid = parts.length === 4 && parts.every((part) => Number.isInteger(part) && part >= 0 && part <= 255);
  if (!valid) throw new TypeError(`not an IPv4 address: "${address}"`);
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}
