/** The local cloud: servers are folders and loopback addresses of this machine. */
import { resolve } from "node:path";
import type { Provider } from "../../model/provider.ts";
import { RunnerProvider } from "../runner/provider.ts";
import { createLocalTransport } from "./transport.ts";

export interface LocalProviderOptions {
  /** In which the servers live, each at `<directory>/<environment>/<name>`. */
  directory: string;
  /** The fencing token, read anew for each request. */
  token: () => number;
}

export const createLocalProvider = ({ directory, token }: LocalProviderOptions): Provider =>
  new RunnerProvider({ kind: "local", transport: createLocalTransport(), directory: resolve(directory), token });
