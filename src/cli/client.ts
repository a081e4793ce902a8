/** Speaks HTTP to the control plane over its unix socket; problems come back as Problems. */
import type { IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { BY } from "../model/activity.ts";
import { fromWire, type WireProblem } from "../api/problems.ts";
import { Problem } from "../model/problem.ts";
import type { UpgradeView } from "../view/upgrade-view.ts";
import { whoAsks } from "./command.ts";
import { socketOf } from "./home.ts";

/** Not imported: that brings the whole of `fetch` along, and takes longer than all the rest of a command's start. */
const http = process.getBuiltinModule("node:http");

/** Packing, building and reading a whole environment can take minutes. */
const ANSWER_MS = 45 * 60_000;

export interface Client {
  get<T>(path: string): Promise<T>;
  send<T>(method: "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<T>;
  /** Each change of an upgrade's view, until it has ended, or the control plane has gone. */
  views(upgrade: string, signal: AbortSignal): AsyncGenerator<UpgradeView>;
}

export function createClient(home: string, answerMs = ANSWER_MS): Client {
  const socketPath = socketOf(home);
  return {
    get: (path) => exchange({ socketPath, answerMs }, "GET", path),
    send: (method, path, body) => exchange({ socketPath, answerMs }, method, path, body),
    views: (upgrade, signal) => streamViews({ socketPath, answerMs }, upgrade, signal),
  };
}

interface Line {
  socketPath: string;
  answerMs: number;
}

function request({ socketPath, answerMs }: Line, method: string, path: string, body?: unknown, signal?: AbortSignal) {
  return new Promise<IncomingMessage>((resolve, reject) => {
    const sent = http.request(
      { socketPath, method, path, signal, headers: { "content-type": "application/json", [BY]: whoAsks() } },
      resolve,
    );
    sent.setTimeout(answerMs, () => sent.destroy(new Error("no answer")));
    sent.on("error", (cause) => reject(new Gone(cause)));
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function exchange<T>(line: Line, method: string, path: string, body?: unknown): Promise<T> {
  const response = await request(line, method, path, body);
  let text = "";
  try {
    for await (const part of response.setEncoding("utf8")) text += part;
  } catch (cause) {
    throw new Gone(cause);
  }
  const answer = text === "" ? null : JSON.parse(text);
  if ((response.statusCode ?? 500) < 400) return answer as T;
  throw answer?.type ? fromWire(answer as WireProblem) : new Gone(new Error(`status ${response.statusCode}`));
}

async function* streamViews(line: Line, upgrade: string, signal: AbortSignal): AsyncGenerator<UpgradeView> {
  const response = await request(line, "GET", `/upgrades/${upgrade}/views`, undefined, signal);
  if (response.statusCode !== 200) {
    // Unread, it would keep the connection, and with it this process, for seconds.
    response.resume();
    await exchange(line, "GET", `/upgrades/${upgrade}`);
    return;
  }
  try {
    for await (const said of createInterface({ input: response })) {
      if (said.startsWith("data: {")) yield JSON.parse(said.slice(6)) as UpgradeView;
    }
  } catch {
    // The control plane went away in mid-stream: the caller looks again.
  } finally {
    // Whoever stops listening before the end, as at a gate, must be able to end, too.
    response.destroy();
  }
}

/** Nothing was heard from the control plane itself, not even that it can't. */
export class Gone extends Problem {
  constructor(cause: unknown) {
    const text = {
      what: "the control plane does not answer",
      why: cause instanceof Error ? cause.message : String(cause),
      next: "run the command again: it starts the control plane",
    };
    super("unreachable", text, cause);
  }
}
