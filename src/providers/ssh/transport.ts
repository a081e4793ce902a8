/** Reaches another machine: shell lines and streams as channels of one SSH connection. */
import type { Client, ClientChannel } from "ssh2";
import type { Stored } from "../../model/host.ts";
import { Problem } from "../../model/problem.ts";
import { Collected } from "../runner/collected.ts";
import { type DialTarget, feed, type Transport, type TransportResult } from "../runner/transport.ts";
import { ChannelStream } from "./channel-stream.ts";
import { Connection, type SshSettings } from "./connection.ts";
import { KEPT_SHELL, KeptShells, type Pipes } from "../runner/kept-shell.ts";
import { Turns } from "../runner/turns.ts";

/** With those that are kept one less than the ten that an sshd allows: it lets go of one a moment after we see it end. */
const sessionsAtOnce = 7;
const keptShells = 2;
const openAttempts = 6;
const openMs = 10_000;

/** Wrapped, because a promise in a promise would be waited for too early. */
interface Talk {
  result: Promise<TransportResult>;
}

export function createSshTransport(settings: SshSettings): Transport {
  const connection = new Connection(settings);
  const turns = new Turns(sessionsAtOnce);
  const kept = new KeptShells(keptShells, () => openKept(connection));
  return {
    exec: (command, stdin, { timeoutMs, apart }) =>
      (apart ? null : kept.run(command, stdin, timeoutMs)) ??
      turns.run(async () => {
        const { result } = await openSession(connection, command, (channel) => talk(channel, stdin, timeoutMs));
        return result;
      }),
    dial: async (to, timeoutMs) => forward(await connection.client(), to, timeoutMs),
    brought: new Map(),
    close: () => connection.close(),
  };
}

async function openKept(connection: Connection): Promise<Pipes> {
  const client = await connection.client();
  return within(
    openMs,
    (done) => client.exec(KEPT_SHELL, done),
    (channel) => ({
      ...{ input: channel, output: channel, errors: channel.stderr },
      whenGone: (told) => void channel.once("close", told),
      end: () => channel.close(),
    }),
  );
}

/** A session that was refused never began, so asking again is safe; another client may use up the sessions too. */
async function openSession(
  connection: Connection,
  command: string,
  use: (channel: ClientChannel) => Talk,
): Promise<Talk> {
  for (let attempt = 1; ; attempt += 1) {
    const client = await connection.client();
    try {
      return await within(openMs, (done) => client.exec(command, done), use);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (attempt >= openAttempts || !/open failure|Not connected|No response/i.test(why)) throw noSession(why, error);
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 60 * attempt));
    }
  }
}

/** Closing a channel ends nothing on the host; the runner there has the limits. */
function talk(channel: ClientChannel, stdin: Buffer | Stored, timeoutMs: number): Talk {
  const result = new Promise<TransportResult>((resolve, reject) => {
    const [stdout, stderr] = [new Collected(channel), new Collected(channel.stderr)];
    let code: number | null = null;
    const finish = () => {
      clearTimeout(timer);
      try {
        resolve({ code, stdout: stdout.whole(), stderr: stderr.whole() });
      } catch (error) {
        reject(error);
      }
    };
    const timer = setTimeout(() => {
      code = null;
      channel.close();
      finish();
    }, timeoutMs);
    channel.on("exit", (told: number | null) => {
      code = told;
    });
    channel.once("close", finish);
    feed(channel, stdin);
  });
  return { result };
}

async function forward(client: Client, to: DialTarget, timeoutMs: number): Promise<ChannelStream> {
  const where = "unix" in to ? to.unix : `${to.host}:${to.port}`;
  try {
    const ask = (done: Opened) =>
      "unix" in to
        ? client.openssh_forwardOutStreamLocal(to.unix, done)
        : client.forwardOut("127.0.0.1", 0, to.host, to.port, done);
    return await within(timeoutMs, ask, (channel) => new ChannelStream(channel));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Problem("unreachable", { what: `nothing answers at ${where}`, why, next: "changeover doctor" }, error);
  }
}

type Opened = (error: Error | undefined, channel: ClientChannel) => void;

/**
 * What is opened after the limit is closed at once. The channel is used right when it opens: how a short command ended
 * is told in the same packet, and is missed by whoever listens a moment later.
 */
function within<T>(limitMs: number, ask: (done: Opened) => void, use: (channel: ClientChannel) => T): Promise<T> {
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reject(new Error(`no answer within ${limitMs} ms`));
    }, limitMs);
    ask((error, channel) => {
      clearTimeout(timer);
      if (error) reject(error);
      else if (late) channel.close();
      else resolve(use(channel));
    });
  });
}

const noSession = (why: string, error: unknown): Problem =>
  new Problem("unreachable", { what: "the host runs no command", why, next: "changeover doctor" }, error);
