/** Put a server aside that serves nobody any more: stopped, and kept as it is for whoever looks for the cause. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep, type Evidence, type StepContext } from "../model/step.ts";
import { one } from "./parts/words.ts";

const input = z.strictObject({ server: z.string(), graceMs: z.number() });
type Input = z.infer<typeof input>;

export const putAside = defineStep({
  name: "put-aside",
  input,
  undoable: "always",
  says: ({ server }) => `Stop "${server}" and keep it for diagnosis`,
  byHand: ({ server }) => ({
    act: `On ${one(server)} stop the application and its jobs; change nothing else on it.`,
    see: "Nothing of it runs, and it is marked as kept. One that does not answer is left alone.",
    back: "Take the mark away.",
  }),
  limitMs: ({ graceMs }) => 2 * graceMs + 60_000,
  async apply(context, { server, graceMs }) {
    await unlessDead(async () => {
      const application = await context.world.application(server);
      await application.stop("worker", graceMs);
      await application.stop("web", graceMs);
      await mark(context, server, `diagnosis of ${context.upgrade}`);
    });
  },
  async verify(context, { server }): Promise<Evidence> {
    const seen = await unlessDead(async () => {
      const record = (await context.world.provider.list(context.world.environment)).find(({ name }) => name === server);
      const { state } = await (await context.world.application(server)).state("web");
      return { kept: record?.labels.kept ?? "", state };
    });
    if (seen === null) return { server, answers: false };
    if (seen.kept !== "" && seen.state !== "running") return { server, answers: true, kept: seen.kept };
    throw new Problem("step-failed", {
      what: `"${server}" was not put aside`,
      why: seen.kept === "" ? "it carries no mark" : `its web is ${seen.state}`,
      next: `changeover status ${context.world.environment}`,
    });
  },
  async undo(context, { server }: Input) {
    await unlessDead(() => mark(context, server, null));
  },
});

/** Null when the server does not answer: it is out of every pool, and nobody can do more from afar. */
async function unlessDead<T>(act: () => Promise<T>): Promise<T | null> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Problem && (error.kind === "unreachable" || error.kind === "not-found")) return null;
    throw error;
  }
}

async function mark({ world }: StepContext, server: string, kept: string | null): Promise<void> {
  const record = (await world.provider.list(world.environment)).find(({ name }) => name === server);
  if (!record) return;
  const { kept: _, ...labels } = record.labels;
  await world.provider.relabel(world.environment, server, kept === null ? labels : { ...labels, kept });
}
