/** Shapes of input that several steps share. */
import { z } from "zod";
import { credentialName } from "../../model/credential.ts";
import { httpCheckSchema } from "../../model/environment.ts";

export const slot = z.enum(["a", "b"]);
export const servers = z.array(z.string()).min(1);
export const endpoint = z.strictObject({ address: z.string(), port: z.number() });
export const role = z.enum(["web", "worker"]);

export const serverRecord = z.strictObject({
  environment: z.string(),
  name: z.string(),
  kind: z.enum(["load-balancer", "application", "database"]),
  address: z.string(),
  labels: z.record(z.string(), z.string()),
});

export const install = z.strictObject({
  release: z.string(),
  artefact: z.string(),
  start: z.strictObject({ web: z.string().optional(), worker: z.string().optional() }),
  prepare: z.string().nullable(),
  inputs: z.record(z.string(), z.union([z.string(), z.strictObject({ credential: credentialName })])),
  runtime: z.strictObject({ path: z.string().nullable(), check: z.string().nullable() }).nullable(),
  database: endpoint,
});

export const loadBalancerSettings = z.strictObject({
  port: z.number(),
  everyAddress: z.boolean().optional(),
  hosts: z.strictObject({ public: z.string(), test: z.string() }),
  health: z.strictObject({ path: z.string(), headers: z.record(z.string(), z.string()), status: z.number() }),
  page: z.string(),
  retryAfterSeconds: z.number(),
  endpointPorts: z.strictObject({ a: z.number(), b: z.number() }),
});

export const member = z.strictObject({ server: z.string(), address: z.string(), port: z.number() });

/** Where a load balancer is asked, and under which names. */
export const entrance = z.strictObject({ port: z.number(), publicHost: z.string(), testHost: z.string() });
export type Entrance = z.infer<typeof entrance>;

export const checks = z.strictObject({
  health: httpCheckSchema,
  read: z.array(httpCheckSchema),
  write: httpCheckSchema.extend({ cleanUp: z.array(httpCheckSchema) }).nullable(),
  script: z.array(z.strictObject({ run: z.string(), seconds: z.number() })),
});
export type Checks = z.infer<typeof checks>;
