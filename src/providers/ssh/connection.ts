/** One connection to a host, made when it is needed and again when it was lost. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { Client, type ConnectConfig } from "ssh2";
import { Problem } from "../../model/problem.ts";
import { algorithmsFor, judge, type Verdict } from "./known-hosts.ts";

export interface SshSettings {
  host: string;
  port: number;
  user: string;
  /** Path of an unencrypted private key. */
  identityFile: string;
  /** Path of a known_hosts file; a host that is not in it is refused. */
  knownHosts: string;
  /** Absolute folder on that host, in which the servers live. */
  directory: string;
}

const readyMs = 10_000;
const attempts = 4;
/** An sshd under load closes new connections at random before it says anything. */
const worthRepeating = /ECONNRESET|EPIPE|before handshake|Connection lost/;

export class Connection {
  readonly #settings: SshSettings;
  #current: Promise<Client> | null = null;

  constructor(settings: SshSettings) {
    this.#settings = settings;
  }

  client(): Promise<Client> {
    if (this.#current !== null) return this.#current;
    const made = this.#connect();
    this.#current = made;
    const forget = () => {
      if (this.#current === made) this.#current = null;
    };
    made.then((client) => client.once("close", forget), forget);
    return made;
  }

  async close(): Promise<void> {
    const client = await this.#current?.catch(() => null);
    this.#current = null;
    if (!client) return;
    const closed = once(client, "close", { signal: AbortSignal.timeout(2_000) }).catch(() => client.destroy());
    client.end();
    await closed;
  }

  async #connect(): Promise<Client> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await open(this.#settings);
      } catch (error) {
        const again = attempt < attempts && error instanceof Error && worthRepeating.test(error.message);
        if (!again) throw error instanceof Problem ? error : unreachable(this.#settings, error);
        await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 200 * attempt));
      }
    }
  }
}

async function open(settings: SshSettings): Promise<Client> {
  const { host, port, user: username } = settings;
  const [privateKey, known] = await Promise.all([readText(settings.identityFile), readText(settings.knownHosts)]);
  const algorithms = algorithmsFor(known, { host, port });
  const seen: { verdict: Verdict | null } = { verdict: null };
  const hostVerifier = (key: Buffer): boolean => {
    seen.verdict = judge(known, { host, port }, key);
    return seen.verdict === "known";
  };
  const sock = await openSocket(host, port);
  const client = new Client();
  const config: ConnectConfig = {
    sock,
    username,
    privateKey,
    hostVerifier,
    readyTimeout: readyMs,
    keepaliveInterval: 5_000,
    keepaliveCountMax: 3,
    ...(algorithms.length > 0 && { algorithms: { serverHostKey: algorithms as never } }),
  };
  try {
    const ready = once(client, "ready", { signal: AbortSignal.timeout(readyMs + 2_000) });
    client.connect(config);
    await ready;
    // Whatever fails later is told by its close; without a listener it would end the process.
    client.on("error", () => {});
    // An sshd sends small packets of forwarded channels without delay only after it has run one session.
    await runTrue(client);
    return client;
  } catch (error) {
    client.on("error", () => {});
    client.destroy();
    sock.destroy();
    // A host without any key of the types we know is as unknown as one with a wrong key.
    if (/no matching host key/i.test(String(error))) seen.verdict = "changed";
    throw seen.verdict === null || seen.verdict === "known" ? error : wrongKey(settings, seen.verdict);
  }
}

async function openSocket(host: string, port: number): Promise<Socket> {
  const sock = connect({ host, port, noDelay: true });
  try {
    await once(sock, "connect", { signal: AbortSignal.timeout(readyMs) });
    return together(sock);
  } catch (error) {
    sock.destroy();
    throw error;
  }
}

/** The client writes a packet in three parts, and several packets one after the other: what comes at once is sent at once. */
function together(sock: Socket): Socket {
  const write = sock.write.bind(sock) as (...args: unknown[]) => boolean;
  const uncork = () => sock.uncork();
  sock.write = (...args: unknown[]): boolean => {
    if (sock.writableCorked === 0) {
      sock.cork();
      process.nextTick(uncork);
    }
    return write(...args);
  };
  return sock;
}

function runTrue(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("it runs no command")), readyMs);
    client.exec("true", (error, channel) => {
      if (error) {
        clearTimeout(timer);
        reject(error);
        return;
      }
      channel.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      channel.resume();
      channel.end();
    });
  });
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const next = "correct the path in the environment file";
    throw new Problem("bad-input", { what: `${path} can't be read`, why: String(error), next }, error);
  }
}

function wrongKey({ host, port, knownHosts }: SshSettings, verdict: Exclude<Verdict, "known">): Problem {
  const why = {
    unknown: `${knownHosts} has no key of it`,
    changed: `it shows another key than the one in ${knownHosts}: it was made anew, or somebody stands in between`,
    revoked: `its key is marked as revoked in ${knownHosts}`,
  }[verdict];
  const next = `compare the key with the host's own, then: ssh-keyscan -p ${port} ${host} >>${knownHosts}`;
  return new Problem("refused", { what: `${host}:${port} is not trusted`, why, next });
}

function unreachable({ host, port, user }: SshSettings, error: unknown): Problem {
  const why = error instanceof Error ? error.message || error.name : String(error);
  const next = `try it by hand: ssh -p ${port} ${user}@${host} true`;
  return new Problem("unreachable", { what: `no connection to ${user}@${host}:${port}`, why, next }, error);
}
