/** Reads from the servers themselves which template each of them was launched from. */
import { z } from "zod";
import type { Launch } from "../model/launch.ts";
import { asProblem } from "../model/problem.ts";
import type { World } from "../model/world.ts";

/** Written when a server is launched from a template; src/model/launch.ts has all of it. */
const FILE = "launch.json";

const launch = z.object({ template: z.object({ name: z.string(), revision: z.int().nullable(), hash: z.string() }) });

export interface SeenLaunch {
  name: string;
  /** Null: from no template. */
  template: Launch["template"] | { trouble: string } | null;
}

export async function readLaunches(world: World): Promise<SeenLaunch[]> {
  const records = await world.provider.list(world.environment);
  const seen = records.map(async (record): Promise<SeenLaunch> => {
    try {
      const text = await world.provider.hostOf(record).readFile(FILE);
      return { name: record.name, template: text === null ? null : parse(text) };
    } catch (error) {
      const { what, why } = asProblem(error).text;
      return { name: record.name, template: { trouble: `${what}: ${why}` } };
    }
  });
  return (await Promise.all(seen)).sort((left, right) => byNumber.compare(left.name, right.name));
}

const byNumber = new Intl.Collator("en", { numeric: true });

function parse(text: string): Launch["template"] | { trouble: string } {
  try {
    return launch.parse(JSON.parse(text)).template;
  } catch {
    return { trouble: `its ${FILE} can't be read` };
  }
}
