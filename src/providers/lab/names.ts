/** What the parts of a lab are called, all by its network, so that whoever knows that finds every one of them again. */
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Setting {
  /** The first two octets of every address: "10.77". */
  network: string;
  folder: string;
}

const NETWORK = "10.77";
export const MOST_HOSTS = 200;

export const settingOf = (network = NETWORK, folder = join(tmpdir(), `changeover-lab-${network}`)): Setting => ({
  network,
  folder,
});

/** Also the name of every namespace and link of it, with the host's number behind. */
export const bridgeOf = ({ network }: Setting): string => `lab${network}`;
export const partOf = (setting: Setting, host: number): string => `${bridgeOf(setting)}-${host}`;
export const addressOf = ({ network }: Setting, host: number): string => `${network}.1.${host}`;
/** This machine's own address in the lab. */
export const gatewayOf = ({ network }: Setting): string => `${network}.0.1`;
/** The same at every start of the host, as that of a machine. */
export const hardwareOf = ({ network }: Setting, host: number): string =>
  ["02", ...network.split("."), "0", "1", host]
    .map((part, at) => (at === 0 ? String(part) : Number(part).toString(16).padStart(2, "0")))
    .join(":");

/** In the environment of every process that a host begins with. */
export const markOf = ({ network }: Setting, host: number | "" = ""): string => `CHANGEOVER_LAB=${network}/${host}`;

export const pathsOf = ({ folder }: Setting) => ({
  key: join(folder, "key"),
  knownHosts: join(folder, "known_hosts"),
  owner: join(folder, "owner"),
  host: (host: number) => join(folder, String(host)),
});
