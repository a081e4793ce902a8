/** Servers on another machine, reached over SSH: folders and addresses there, as the local cloud has them here. */
import type { Provider } from "../../model/provider.ts";
import { RunnerProvider } from "../runner/provider.ts";
import type { SshSettings } from "./connection.ts";
import { createSshTransport } from "./transport.ts";

export interface SshProviderOptions extends SshSettings {
  /** The fencing token, read anew for each request. */
  token: () => number;
}

export function createSshProvider({ token, ...settings }: SshProviderOptions): Provider {
  return new RunnerProvider({
    kind: "ssh",
    transport: createSshTransport(settings),
    directory: settings.directory,
    token,
  });
}
