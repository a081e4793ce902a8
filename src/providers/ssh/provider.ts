/** Servers reached over SSH: all of them on one other machine as folders with addresses there, or each on a host of its own. */
import type { Provider } from "../../model/provider.ts";
import { HostsProvider } from "../runner/hosts-provider.ts";
import { RunnerProvider } from "../runner/provider.ts";
import type { Transport } from "../runner/transport.ts";
import type { SshSettings } from "./connection.ts";
import { createSshTransport } from "./transport.ts";

interface Reaching {
  /** The fencing token, read anew for each request. */
  token: () => number;
  /** How a host is connected to; a connection of its own when left out. */
  connect?: (settings: SshSettings) => Transport;
}

export type SshProviderOptions = SshSettings & Reaching;

export function createSshProvider({ token, connect = createSshTransport, ...settings }: SshProviderOptions): Provider {
  return new RunnerProvider({ kind: "ssh", transport: connect(settings), directory: settings.directory, token });
}

export type SshHostsProviderOptions = Omit<SshSettings, "host"> &
  Reaching & {
    hosts: readonly string[];
    /** For one host to say what it holds. */
    lookMs?: number;
  };

export function createSshHostsProvider(options: SshHostsProviderOptions): Provider {
  const { token, connect = createSshTransport, hosts, lookMs, ...settings } = options;
  const { directory } = settings;
  const reach = (host: string) => ({ transport: connect({ ...settings, host }), directory });
  return new HostsProvider({ hosts, reach, token, ...(lookMs === undefined ? {} : { lookMs }) });
}
