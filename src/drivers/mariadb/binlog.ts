/** What was written since a position: the host's own mariadb-binlog asks the server for it, and we read along. */
import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { Problem } from "../../model/problem.ts";
import { Tally, type WriteEvent, type WritesSince } from "../../model/row-events.ts";
import { BinlogText, UnknownShape } from "./binlog-text.ts";
import { awaitJob, failureOf, workFailed } from "./jobs.ts";
import { withTools } from "./paths.ts";
import { laterPosition, normalisePosition } from "./position.ts";
import { readPosition } from "./replication.ts";
import { settingsOf, type Server } from "./server.ts";
import { dial, makeSocketDirectory, serve, shortName } from "./transfer.ts";

const limitMs = 6 * 3_600_000;
/** The tool prints all the time; where it does not, its host is gone or the server hangs. */
const silenceMs = 60_000;
/** What the server or the tool say when the log no longer begins early enough. */
const PURGED = /purged|binary logs are missing data|Could not find GTID state/i;
const TRIES = 3;
/** What the tool says when the log ends at the very position it was to begin after: it wants to have seen it pass. */
const NOTHING_AFTER = /never reached expected GTID state/i;

/** Asks the server rather than its files: it refuses a position that it no longer has instead of beginning later. */
export async function writesSince(
  server: Server,
  position: string,
  keep: (event: WriteEvent) => Promise<void> = async () => {},
  tries = TRIES,
): Promise<WritesSince> {
  const from = normalisePosition(position);
  if (from === "") throw uncounted(server, position, "there is no position to count from");
  const { name } = await settingsOf(server);
  const tally = new Tally();
  const events: WriteEvent[] = [];
  const text = new BinlogText(name, (event) => events.push(event));
  const sawEnd = await printed(server, from, async (lines) => {
    for (const line of lines) text.push(line);
    for (const event of events.splice(0)) {
      tally.add(event);
      await keep(event);
    }
  });
  text.end();
  if (!sawEnd && (text.at !== "" || (await server.session(readPosition)) !== from)) {
    // Something was written right after the tool had looked.
    if (text.at === "" && tries > 1) return writesSince(server, position, keep, tries - 1);
    throw uncounted(server, from, "its binary log does not lead to where the server stands");
  }
  const { tables, statements } = tally;
  return { from, upTo: text.at === "" ? from : laterPosition(from, text.at), tables, statements };
}

/** A job of its own for each reader: looking must not cut off the one who exports. False: the tool saw nothing at all. */
async function printed(server: Server, from: string, read: (lines: string[]) => Promise<void>): Promise<boolean> {
  const id = `read-binlog-${randomBytes(5).toString("hex")}`;
  const socket = server.paths.pipe(shortName(id));
  await makeSocketDirectory(server);
  const command = withTools(serve(socket, 1, await words(server, from)));
  await server.host.startJob({ id, command, timeoutMs: limitMs });
  const stream = await dial(server, socket, id);
  let broken: unknown = null;
  try {
    await eachLine(server, stream, read);
  } catch (error) {
    broken = error;
    await server.host.cancelJob(id);
  } finally {
    stream.destroy();
  }
  if (broken instanceof UnknownShape || broken instanceof TypeError)
    throw uncounted(server, from, broken.message, broken);
  if (broken) throw broken;
  const failure = failureOf(await awaitJob(server, id, silenceMs));
  if (failure && NOTHING_AFTER.test(failure)) return false;
  if (failure && PURGED.test(failure)) {
    throw uncounted(server, from, "its binary log no longer reaches back so far: it was purged");
  }
  if (failure) throw workFailed(server, "mariadb-binlog", failure);
  return true;
}

async function words(server: Server, from: string): Promise<string[]> {
  const first = await server.session(async (session) => {
    const [oldest] = await session.read({ sql: "SHOW BINARY LOGS" });
    return oldest?.Log_name ?? "";
  });
  return [
    ...["mariadb-binlog", "--no-defaults", "--read-from-remote-server", `--socket=${server.paths.socket}`],
    ...[`--user=${await server.administrator()}`, "--base64-output=decode-rows", "-vv", "--print-table-metadata"],
    ...["--skip-annotate-row-events", "--skip-print-row-event-positions", `--start-position=${from}`],
    ...["--to-last-log", first],
  ];
}

/** In whole lines, as bytes: what is in them need not be text. */
async function eachLine(server: Server, stream: Duplex, read: (lines: string[]) => Promise<void>): Promise<void> {
  let rest = "";
  const chunks = stream[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await inTime(server, chunks.next());
    if (done) break;
    const lines = (rest + (value as Buffer).toString("latin1")).split("\n");
    rest = lines.pop() ?? "";
    await read(lines);
  }
  if (rest !== "") await read([rest]);
}

async function inTime<T>({ clock, host }: Server, next: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = clock.sleep(silenceMs, over.signal).then(
    () => {
      throw new Problem("timed-out", {
        what: `reading the binary log of "${host.name}" stopped`,
        why: `nothing came for ${silenceMs / 1000} s`,
        next: "look at the server, then try again",
      });
    },
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([next, late]);
  } finally {
    over.abort();
  }
}

const uncounted = ({ host }: Server, position: string, why: string, cause?: unknown): Problem =>
  new Problem(
    "refused",
    {
      what: `what was written on "${host.name}" since ${position} can't be counted`,
      why,
      next: "a way back would lose an unknown number of writes: go on, or decide by hand what to restore",
    },
    cause,
  );
