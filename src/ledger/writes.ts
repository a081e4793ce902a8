/** The clients' writes: each has a key of its own, and one without an acknowledgement is sent again with the same key. */
import { randomBytes } from "node:crypto";
import type { HttpCheck } from "../model/application.ts";
import type { Clock } from "../model/clock.ts";
import { misses, withKey } from "../model/http-check.ts";
import type { Book } from "./book.ts";
import { judgeWrite, retryDelayMs } from "./classify.ts";
import type { Traffic } from "./traffic.ts";

interface Write {
  key: string;
  firstAt: number;
  tries: number;
  dueAt: number;
}

export interface WritesOptions {
  check: HttpCheck;
  traffic: Traffic;
  book: Book;
  clock: Clock;
  backlogMax: number;
  triesMax: number;
  /** Told once, while nothing has been acknowledged: why the first write was not. */
  tell?: (why: string) => void;
}

export interface Writes {
  /** A new write. */
  fresh(): Promise<void>;
  /** Sends at most so many of those that wait and are due. */
  retry(most: number): Promise<void>;
  /** Sends each that still waits once more; stops when the limit has passed. */
  finish(withinMs: number): Promise<void>;
  /** Never acknowledged: given up, refused, or still waiting. */
  unacknowledged(): { refused: number; open: number };
}

export function openWrites({ check, traffic, book, clock, backlogMax, triesMax, tell }: WritesOptions): Writes {
  const run = `ledger-${clock.now().toString(36)}${randomBytes(4).toString("hex")}`;
  const backlog: Write[] = [];
  let made = 0;
  let refused = 0;
  let givenUp = 0;
  let silent = tell === undefined;

  async function attempt(write: Write): Promise<void> {
    write.tries += 1;
    const asked = withKey(check, write.key);
    const outcome = await traffic.ask(asked);
    const at = clock.now();
    const judged = judgeWrite(asked, outcome, write.tries);
    if (!silent && judged !== "done") {
      const why = "error" in outcome ? outcome.error : misses(asked, outcome.answer);
      tell?.(`no write is acknowledged yet: ${why}`);
    }
    silent = true;
    if (judged === "done" && "answer" in outcome) {
      const { key, tries, firstAt } = write;
      book.acknowledge({ key, at, tries, ms: at - firstAt, status: outcome.answer.status });
    } else if (judged === "refused") {
      refused += 1;
    } else if (write.tries < triesMax && backlog.length < backlogMax) {
      backlog.push({ ...write, dueAt: at + retryDelayMs(outcome, write.tries) });
    } else {
      givenUp += 1;
    }
  }

  function takeDue(): Write | undefined {
    const index = backlog.findIndex((write) => write.dueAt <= clock.now());
    return index < 0 ? undefined : backlog.splice(index, 1)[0];
  }

  return {
    fresh() {
      made += 1;
      const now = clock.now();
      return attempt({ key: `${run}-${made}`, firstAt: now, tries: 0, dueAt: now });
    },
    async retry(most) {
      const attempts: Promise<void>[] = [];
      while (attempts.length < most && !traffic.full()) {
        const write = takeDue();
        if (!write) break;
        attempts.push(attempt(write));
      }
      await Promise.all(attempts);
    },
    async finish(withinMs) {
      const deadline = clock.now() + withinMs;
      const last = backlog.splice(0);
      const lane = async () => {
        for (let write = last.pop(); write; write = last.pop()) {
          if (clock.now() >= deadline) backlog.push(write);
          else await attempt(write);
        }
      };
      await Promise.all(Array.from({ length: 20 }, lane));
    },
    unacknowledged: () => ({ refused, open: givenUp + backlog.length }),
  };
}
