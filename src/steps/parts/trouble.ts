/** What servers answered and what logs tell of trouble, counted from a mark on; the same for before and after a switch. */
import { z } from "zod";
import type { Slot } from "../../model/load-balancer.ts";
import type { StepContext } from "../../model/step.ts";
import { each } from "./each.ts";

const markSchema = z.object({
  /** Where the look into each log ended, by the server's name. */
  logs: z.record(z.string(), z.string()),
  /** Answers and errors so far, by "load balancer/server". */
  answers: z.record(z.string(), z.tuple([z.number(), z.number()])),
});
export type Mark = z.infer<typeof markSchema>;

export const readMark = (text: unknown): Mark => markSchema.parse(JSON.parse(String(text)));

export interface Watched {
  loadBalancers: string[];
  slot: Slot;
  servers: string[];
  /** Lines of logs that tell of trouble. */
  pattern: string;
}

export interface Counted {
  lines: number;
  answers: number;
  errors: number;
  mark: Mark;
}

/** More than anybody reads; of a longer piece its end is looked at. */
const BYTES_MAX = 4_000_000;

/** From the end of everything when there is no mark. A log that the mark does not know counts from its beginning. */
export async function countTrouble(context: StepContext, watched: Watched, since: Mark | null): Promise<Counted> {
  const { world } = context;
  const { loadBalancers, servers, pattern } = watched;
  const fromOf = (name: string): string | null => (since === null ? null : (since.logs[name] ?? "0:0"));
  const asked = (name: string) => ({ pattern, from: fromOf(name), bytesMax: BYTES_MAX });
  const looks = await each(
    [
      ...servers.map((name) => async () => ({
        name,
        ...(await (await world.application(name)).countLines("web", asked(name))),
      })),
      ...loadBalancers.map((name) => async () => ({
        name,
        ...(await (await world.loadBalancer(name)).countLines(asked(name))),
      })),
    ],
    (look) => look(),
  );
  const answers = await answersOf(context, watched);
  const added = (which: 0 | 1): number =>
    Object.entries(answers).reduce((sum, [key, now]) => {
      const before = since?.answers[key]?.[which] ?? 0;
      // A load balancer that was started again counts from 0.
      return sum + (now[which] < before ? now[which] : now[which] - before);
    }, 0);
  return {
    lines: looks.reduce((sum, { lines }) => sum + lines, 0),
    answers: since === null ? 0 : added(0),
    errors: since === null ? 0 : added(1),
    mark: { logs: Object.fromEntries(looks.map(({ name, place }) => [name, place])), answers },
  };
}

async function answersOf({ world }: StepContext, { loadBalancers, slot, servers }: Watched): Promise<Mark["answers"]> {
  const seen = await each(loadBalancers, async (name) =>
    (await (await world.loadBalancer(name)).answers(slot)).map((one) => ({ through: name, ...one })),
  );
  return Object.fromEntries(
    seen
      .flat()
      .filter(({ server }) => servers.includes(server))
      .map(({ through, server, answers, errors }) => [`${through}/${server}`, [answers, errors]]),
  );
}
