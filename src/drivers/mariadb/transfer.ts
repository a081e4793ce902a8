/** Streams the output of a command on one host into a command on another, through us, in bounded memory. */
import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { waitFor } from "../../model/clock.ts";
import { Problem } from "../../model/problem.ts";
import { awaitJob, failureOf, startAttempt, workFailed } from "./jobs.ts";
import { quote } from "./paths.ts";
import type { Server } from "./server.ts";

export interface Transfer {
  /** [a-z0-9-]; one at a time per pair of servers. */
  name: string;
  from: Server;
  /** Words of a command that writes to its standard output. */
  produce: string[];
  to: Server;
  /** Words of a command that reads its standard input. */
  consume: string[];
  /** Run on the receiving host before, to start from nothing. */
  clear: string;
  timeoutMs: number;
}

/**
 * Accepts one connection on a unix socket, then becomes the command with it as its standard output or input. Perl is
 * on every Debian, unlike tools made for this; a unix socket in a private folder needs no password.
 */
const serveOnce = `
use strict; use POSIX (); use IO::Socket::UNIX;
my ($path, $stream, @command) = @ARGV;
unlink $path; umask 077;
my $listener = IO::Socket::UNIX->new(Type => SOCK_STREAM, Local => $path, Listen => 1) or die "listen: $!\\n";
alarm 60;
my $peer = $listener->accept or die "accept: $!\\n";
alarm 0; unlink $path; close $listener;
POSIX::dup2(fileno($peer), $stream) or die "dup2: $!\\n";
exec { $command[0] } @command or die "$command[0]: $!\\n";`;

export const serve = (socket: string, stream: 0 | 1, words: string[]): string =>
  ["exec perl -e", ...[serveOnce, socket, String(stream), ...words].map(quote)].join(" ");

export async function transfer(work: Transfer): Promise<void> {
  const { from, to, timeoutMs } = work;
  // Servers of two environments may have one name, and both be filled from here at the same time.
  const [sends, receives] = [`${work.name}-to-${to.host.name}-${shortName(to.host.directory)}`, `${work.name}-in`];
  const [source, target] = [from.paths.pipe(shortName(sends)), to.paths.pipe(shortName(receives))];
  for (const server of [from, to]) await makeSocketDirectory(server);
  const consumer = await startAttempt(to, {
    name: receives,
    command: `${work.clear} && ${serve(target, 0, work.consume)}`,
    timeoutMs,
  });
  const producer = await startAttempt(from, { name: sends, command: serve(source, 1, work.produce), timeoutMs });
  let broken: unknown = null;
  try {
    await join(await dial(from, source, producer), await dial(to, target, consumer), from, timeoutMs);
  } catch (error) {
    broken = error;
    await Promise.all([from.host.cancelJob(producer), to.host.cancelJob(consumer)]);
  }
  // The commands know why better than the broken stream between them does.
  const [sent, received] = [await awaitJob(from, producer, timeoutMs), await awaitJob(to, consumer, timeoutMs)];
  const [sendFailure, receiveFailure] = [failureOf(sent), failureOf(received)];
  if (sendFailure && !(broken && "cancelled" in sent && sent.cancelled)) throw workFailed(from, sends, sendFailure);
  if (receiveFailure && !(broken && "cancelled" in received && received.cancelled)) {
    throw workFailed(to, receives, receiveFailure);
  }
  if (broken) throw workFailed(to, receives, broken instanceof Error ? broken.message : String(broken));
}

/** The folder is ours alone, or we do not use it: anybody may make a folder in /tmp before us. */
export function ensureDirectory(path: string): string {
  const folder = quote(path);
  return `mkdir -p ${folder} && [ -O ${folder} ] && [ ! -L ${folder} ] && chmod 700 ${folder}`;
}

/** Paths of sockets have to be short, names of servers need not be. */
export const shortName = (name: string): string => createHash("sha256").update(name).digest("hex").slice(0, 8);

export async function makeSocketDirectory({ host, paths }: Server): Promise<void> {
  const made = await host.exec(ensureDirectory(paths.socketDirectory), { timeoutMs: 10_000 });
  if (made.code === 0) return;
  throw new Problem("refused", {
    what: `"${host.name}" can't use the folder ${paths.socketDirectory} for its sockets`,
    why: made.stderr.trim() || "it belongs to somebody else or is a link",
    next: "remove it, then try again",
  });
}

/** The job needs a moment to listen; when it ended instead there is nobody to wait for. */
export async function dial(server: Server, socket: string, job: string): Promise<Duplex> {
  let last = "it does not listen";
  const stream = await waitFor(server.clock, { withinMs: 15_000, everyMs: 25 }, async () => {
    try {
      return await server.host.dial({ unix: socket }, 5_000);
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
      const { state } = await server.host.jobState(job);
      if (state !== "running") throw workFailed(server, job, `it ended before it sent anything: ${last}`);
      return null;
    }
  });
  if (stream) return stream;
  throw workFailed(server, job, last);
}

async function join(source: Duplex, target: Duplex, { clock }: Server, timeoutMs: number): Promise<void> {
  const ended = new AbortController();
  let bytes = 0;
  source.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  source.pause();
  const stall = watch();
  try {
    // Only this direction ends: the receiving command closes when it has read everything.
    await pipeline(source, target, { signal: ended.signal });
  } catch (error) {
    throw ended.signal.aborted ? ended.signal.reason : error;
  } finally {
    ended.abort();
    await stall;
    source.destroy();
    target.destroy();
  }

  async function watch(): Promise<void> {
    const deadline = clock.now() + timeoutMs;
    for (let before = -1; !ended.signal.aborted; before = bytes) {
      const late = clock.now() >= deadline;
      if (late || before === bytes) {
        const why = late ? `it took longer than ${timeoutMs} ms` : "no byte came for 60 s";
        ended.abort(new Problem("timed-out", { what: "the copy stopped", why, next: "try again" }));
        return;
      }
      await clock.sleep(60_000, ended.signal).catch(() => {});
    }
  }
}
