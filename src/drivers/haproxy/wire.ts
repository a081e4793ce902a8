/** Speaks with HAProxy's runtime socket: one connection per batch, one at a time, errors told from answers. */
import { type Clock, waitFor } from "../../model/clock.ts";
import type { Host } from "../../model/host.ts";
import { asProblem, Problem } from "../../model/problem.ts";
import { serially, sharing } from "./serial.ts";

const ANSWER_LIMIT = 5_000;
/** Long enough for a supervisor to bring a dead process back. */
const RETURN_LIMIT = 5_000;

export interface Wire {
  /** Asks; changes nothing. */
  ask(command: string): Promise<string>;
  /** Changes the running process, after proving that nobody newer does. The commands are safe to repeat. */
  act(commands: string[]): Promise<string>;
  /** Whether anything answers right now. */
  answers(): Promise<boolean>;
}

/** `socket` is where it should be; only where nothing answers there, the files are asked. */
export function createWire(host: Host, clock: Clock, socket: string, readSocket: () => Promise<string>): Wire {
  const run = (commands: string[]): Promise<string> =>
    serially(`wire ${host.name} ${host.directory}`, async () => {
      let path = socket;
      let refusal: unknown;
      const stream = await waitFor(clock, { withinMs: RETURN_LIMIT, everyMs: 50 }, async () => {
        try {
          return await host.dial({ unix: path }, 2_000);
        } catch (error) {
          refusal = error;
          path = await readSocket();
          return null;
        }
      });
      if (!stream) throw silent(host, refusal);
      return await talk(host, stream, commands);
    });
  const claim = sharing(() => host.claim());
  return {
    ask: (command) => run([command]),
    act: async (commands) => {
      await claim();
      return await run(commands);
    },
    answers: async () => {
      try {
        const dial = (path: string) => host.dial({ unix: path }, 2_000);
        const stream = await dial(socket).catch(async () => dial(await readSocket()));
        const text = await talk(host, stream, ["show info"]);
        return text.includes("Pid: ");
      } catch {
        return false;
      }
    },
  };
}

async function talk(host: Host, stream: Awaited<ReturnType<Host["dial"]>>, commands: string[]): Promise<string> {
  const text = await new Promise<string>((resolve, reject) => {
    let answer = "";
    const timer = setTimeout(() => stream.destroy(new Error("no answer in time")), ANSWER_LIMIT);
    stream.on("data", (chunk: Buffer) => {
      answer += chunk.toString("utf8");
    });
    stream.on("error", reject);
    stream.on("end", () => resolve(answer));
    stream.on("close", () => {
      clearTimeout(timer);
      reject(new Error("the connection broke before the answer ended"));
    });
    // Numbers before each message are the only way to tell an error from an answer.
    stream.end(`set severity-output number;${commands.join(";")}\n`);
  }).catch((error: unknown) => {
    throw new Problem(
      "outcome-unknown",
      {
        what: `load balancer "${host.name}" broke off`,
        why: asProblem(error).text.why,
        next: "the step can be repeated: changeover resume",
      },
      error,
    );
  });
  refuseErrors(host, text);
  return text;
}

/** Commands may hold testers' tokens, and HAProxy repeats unknown ones: only its own words are passed on. */
function refuseErrors(host: Host, text: string): void {
  const errors = text
    .split("\n")
    .map((line) => (line.includes("Unknown command") ? "unknown command" : /^\[[0-3]\]: (.*)$/.exec(line)?.[1]))
    .filter((line) => line !== undefined);
  if (errors.length === 0) return;
  throw new Problem("step-failed", {
    what: `load balancer "${host.name}" refused a change`,
    why: errors.join(" | "),
    next: "compare with: changeover status",
  });
}

function silent(host: Host, cause: unknown): Problem {
  return new Problem(
    "unreachable",
    {
      what: `load balancer "${host.name}" does not answer on its runtime socket`,
      why: asProblem(cause).text.why,
      next: `read its log on the server, then: changeover up`,
    },
    cause,
  );
}
