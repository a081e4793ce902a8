/** Reads from every server what it was launched with: it keeps that itself, whatever is edited elsewhere afterwards. */
import { z } from "zod";
import { inputValueSchema } from "../model/inputs/value.ts";
import { inputLevels, type Launch } from "../model/launch.ts";
import { asProblem, Problem } from "../model/problem.ts";
import type { ServerRecord } from "../model/provider.ts";
import { LAUNCH_FILE } from "../model/template/process-inputs.ts";
import type { World } from "../model/world.ts";

export interface SeenLaunch {
  record: ServerRecord;
  /** Null for a server that was not launched from a template. */
  launch: Pick<Launch, "template" | "inputs"> | null;
  /** Why that could not be read; null when it could. */
  trouble: string | null;
}

const launchValue = inputValueSchema.refine((value) => !("ignore" in value || "inherit" in value));

/** What else stands in the file is read elsewhere. */
const launchSchema = z.object({
  template: z.object({ name: z.string(), revision: z.number().nullable(), hash: z.string() }),
  inputs: z.record(
    z.string(),
    z.object({
      value: launchValue,
      level: z.enum(inputLevels),
      from: z.string(),
    }),
  ),
  /** What values of other servers were when it booted. */
  resolved: z.record(z.string(), launchValue).default({}),
});

/** Without those that are kept aside: nobody launches them again. */
export async function readLaunches({ provider, environment }: World): Promise<SeenLaunch[]> {
  const records = (await provider.list(environment)).filter(({ labels }) => labels.kept === undefined);
  const seen = await Promise.all(
    records.map(async (record): Promise<SeenLaunch | null> => {
      try {
        const text = await provider.hostOf(record).readFile(LAUNCH_FILE);
        return { record, ...launchIn(text) };
      } catch (error) {
        // Retired since it was listed.
        if (error instanceof Problem && error.kind === "not-found") return null;
        return { record, launch: null, trouble: asProblem(error).text.why };
      }
    }),
  );
  return seen
    .filter((one) => one !== null)
    .sort((left, right) => byNumber.compare(left.record.name, right.record.name));
}

const byNumber = new Intl.Collator("en", { numeric: true });

function launchIn(text: string | null): Pick<SeenLaunch, "launch" | "trouble"> {
  if (text === null) return { launch: null, trouble: null };
  const read = launchSchema.safeParse(parsed(text));
  if (read.success) return { launch: asItRuns(read.data), trouble: null };
  const [issue] = read.error.issues;
  return { launch: null, trouble: `its ${LAUNCH_FILE} is damaged at ${issue?.path.join(".") || "its beginning"}` };
}

function asItRuns({ template, inputs, resolved }: z.infer<typeof launchSchema>): SeenLaunch["launch"] {
  const values = Object.entries(inputs).map(([name, { value, ...where }]) => [
    name,
    { value: Object.hasOwn(resolved, name) ? resolved[name] : value, ...where },
  ]);
  return { template, inputs: Object.fromEntries(values) as Launch["inputs"] };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
