/** What a load balancer is meant to be, kept on its host; the configuration file is rendered from it. */
import { z } from "zod";
import type { FileToPut, Host } from "../../model/host.ts";
import { Problem } from "../../model/problem.ts";

export const FOLDER = "load-balancer";
const FILE = `${FOLDER}/desired.json`;

const endpoint = z.object({ address: z.string(), port: z.number() });
const member = endpoint.extend({ server: z.string() });

const desiredSchema = z.object({
  settings: z.object({
    port: z.number(),
    everyAddress: z.boolean().optional(),
    hosts: z.object({ public: z.string(), test: z.string() }),
    health: z.object({ path: z.string(), headers: z.record(z.string(), z.string()), status: z.number() }),
    page: z.string(),
    retryAfterSeconds: z.number(),
    endpointPorts: z.object({ a: z.number(), b: z.number() }),
  }),
  name: z.string().default(""),
  address: z.string(),
  socket: z.string(),
  /** What the host allows, measured when it was started. */
  connections: z.number(),
  threads: z.number(),
  members: z.object({ a: z.array(member), b: z.array(member) }),
  endpoints: z.object({ a: endpoint.nullable(), b: endpoint.nullable() }),
});

export type Desired = z.infer<typeof desiredSchema>;
export type DesiredMember = z.infer<typeof member>;

/** Null before the first start. */
export async function readDesired(host: Host): Promise<Desired | null> {
  const text = await host.readFile(FILE);
  return text === null ? null : desiredSchema.parse(JSON.parse(text));
}

export async function needDesired(host: Host): Promise<Desired> {
  const desired = await readDesired(host);
  if (desired) return desired;
  throw neverStarted(host);
}

export function neverStarted(host: Host): Problem {
  return new Problem("not-found", {
    what: `load balancer "${host.name}" was never started`,
    why: `its files are not on the server`,
    next: "changeover up",
  });
}

export const desiredFile = (desired: Desired): FileToPut => ({
  path: FILE,
  data: `${JSON.stringify(desired, null, 2)}\n`,
});
