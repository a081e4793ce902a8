/** The environment file: what a user writes down about one environment. The documentation is the schema is the validator. */
import { z } from "zod";
import { alertsSchema } from "./alerts/rule.ts";
import { freezeSchema, windowSchema } from "./windows.ts";
import { credentialName } from "./credential.ts";
import { overrideHours } from "./inputs/override.ts";
import { groupShape, MOST_SERVERS } from "./group/settings.ts";
import { catalogueName } from "./template/manifest.ts";
import { namedTemplate } from "./template/reference.ts";
import { minorSchema } from "./minor.ts";
import { namesSchema } from "./names.ts";
import { isolationSchema, lineageName } from "./isolation/declaration.ts";
import { addressesSchema } from "./floating-address.ts";

export const environmentName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, "must be lower case letters, digits and dashes, at most 31");
const seconds = z
  .number()
  .min(0.001)
  .max(24 * 3600);
const hostName = z.string().regex(/^[a-z0-9.-]{1,200}$/i, "must be a host name");
/** No process can be given a zero byte. */
const text = z.string().regex(/^[^\0]*$/, "must hold no zero byte");
const line = text.min(1).max(4000);

const expect = z
  .strictObject({
    status: z.int().min(100).max(599).default(200).describe("the answer's status"),
    body: text.optional().describe("text that the answer's body must contain"),
  })
  .default({ status: 200 });

const path = text.max(4000).regex(/^\/[!-\xff]*$/, "must begin with / and have no spaces");
const headerName = z.string().regex(/^[\w-]{1,100}$/, "must be letters, digits and dashes");
const headerValue = z
  .string()
  .max(4000)
  .regex(/^[ -~\xa1-\xff]*$/, "must be one line of plain characters");

export const httpCheckSchema = z.strictObject({
  method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]).default("GET"),
  path: path.describe("path and query; {key} becomes a fresh key each time"),
  headers: z.record(headerName, headerValue).optional(),
  body: text.optional().describe("sent as it is; {key} becomes the same key as in the path"),
  expect,
});

/** Load balancers ask it themselves, and their files have no room for quotes. */
const healthSchema = httpCheckSchema.extend({
  path: text.max(4000).regex(/^\/[!#-&(-~]*$/, "must begin with / and have no spaces or quotes"),
  headers: z
    .record(
      headerName,
      z
        .string()
        .max(4000)
        .regex(/^[ -&(-~]*$/, "must be plain and have no quotes"),
    )
    .optional(),
});

export const releaseName = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,40}$/, "must be letters, digits, dots and dashes, at most 40")
  // Else what every JavaScript object has would be taken for a release.
  .refine((name) => !(name in Object.prototype), "can't be the name of a release");

const inputName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be letters, digits and _")
  .regex(/^(?!changeover_)/i, "names that begin with CHANGEOVER_ are ours");
/** No process can be given more than 128 KiB in one variable. */
const inputText = text.max(32_000);
const input = z.union([inputText, z.strictObject({ credential: credentialName })], {
  error: "must be a text, or { credential: NAME }",
});

const releaseSchema = z.strictObject({
  artefact: line.describe("folder of the release, relative to this file; packed once and copied to each server"),
  build: line.optional().describe("shell line run in that folder before it is packed, on the control plane's machine"),
  prepare: line.optional().describe("shell line run on each server after unpacking"),
  start: z
    .strictObject({
      web: line.describe("shell line that answers HTTP on $HOST:$PORT and stays in the foreground"),
      worker: line.optional().describe("shell line that does the jobs and stays in the foreground"),
    })
    .describe("run in the release's folder; killed with TERM"),
  migrate: line.optional().describe("shell line that brings the schema to this release; exit 0 means done"),
  unlock: line
    .optional()
    .describe("shell line that clears what a killed migrate command leaves locked; migrate is then run once more"),
  runtime: z
    .strictObject({
      path: line.optional().describe("folder put before PATH for every command; relative to the release's folder"),
      check: line.optional().describe("shell line that exits 0 where the servers have what this release runs on"),
    })
    .optional()
    .describe("what the release runs on: checked on each server when it is installed"),
  inputs: z
    .record(inputName, input)
    .default({})
    .describe("environment variables; a credential is looked up by its name when a process is started"),
});

/** All of them are asked whenever the environment is looked at. */
const MOST_HOSTS = 1_000;

const sshSchema = z.strictObject({
  kind: z.literal("ssh"),
  host: line.optional().describe("one machine for all servers, each with a loopback address there"),
  hosts: z
    .array(z.ipv4())
    .min(1)
    .max(MOST_HOSTS)
    .optional()
    .describe("instead of `host`: one machine for each server, by its address; more than serve, for upgrades"),
  port: z.int().min(1).max(65535).default(22),
  user: line,
  identityFile: line.describe("private key, relative to this file"),
  knownHosts: line.describe("known_hosts file that holds the hosts' keys"),
  directory: line.describe("absolute folder there, in which the servers live"),
});

export const environmentSchema = z.strictObject({
  environment: environmentName.describe("the environment's name"),
  provider: z
    .discriminatedUnion("kind", [z.strictObject({ kind: z.literal("local") }), sshSchema])
    .default({ kind: "local" }),
  hosts: z.strictObject({
    public: hostName.describe("host name that the public uses"),
    test: hostName.describe("host name of the isolated route for testers"),
  }),
  port: z.int().min(1).max(65535).default(8080).describe("port of the load balancers"),
  loadBalancers: z.int().min(1).max(8).default(2),
  addresses: addressesSchema.describe("floating addresses by name, each held by one load balancer at a time"),
  application: z.strictObject({
    name: environmentName,
    port: z.int().min(1).max(65535).default(8000).describe("given to the start commands as PORT"),
    servers: z.int().min(1).max(MOST_SERVERS).default(2).describe("fixed servers"),
    frontEnds: z
      .boolean()
      .default(false)
      .describe("each of the fixed servers shares its host with a load balancer; as many of these are wanted then"),
    group: z
      .strictObject({ name: environmentName, ...groupShape })
      .optional()
      .describe("a scaling group beside them"),
    template: namedTemplate.optional().describe("server template that new servers are launched with: NAME@REVISION"),
    image: catalogueName.optional().describe("of the template's; what the template prefers when left out"),
    size: catalogueName.optional(),
    workers: z
      .int()
      .min(0)
      .max(2 * MOST_SERVERS)
      .default(1)
      .describe("how many of the servers also run the worker"),
  }),
  database: z.strictObject({
    engine: z.literal("mariadb"),
    name: z.string().regex(/^[a-z][a-z0-9_]{0,40}$/),
    user: z.string().regex(/^[a-z][a-z0-9_]{0,30}$/),
    port: z.int().min(1).max(65533).default(3306).describe("the next two are the endpoints' on the load balancers"),
  }),
  release: releaseName.describe("release the environment first comes up with"),
  releases: z.record(releaseName, releaseSchema),
  checks: z.strictObject({
    health: healthSchema.describe("a server is alive when this holds"),
    read: z.array(httpCheckSchema).default([]).describe("further requests that change nothing"),
    write: httpCheckSchema
      .extend({
        cleanUp: z.array(httpCheckSchema).default([]).describe("requests that take the written thing away again"),
      })
      .optional()
      .describe("write probe: to each new server itself, and as a tester through each load balancer"),
    version: httpCheckSchema
      .optional()
      .describe("asked of each server before the public reaches it: its answer must hold the release's name"),
    script: z
      .array(
        z.strictObject({
          run: line.describe("shell line run in the release's folder on each server; exit 0 means good"),
          seconds: z.number().positive().max(600).default(30),
        }),
      )
      .default([])
      .describe("checks of your own; a server is good when all checks hold on it"),
  }),
  testing: z
    .strictObject({
      loadBalancer: z
        .enum(["route", "separate"])
        .default("route")
        .describe("`separate`: new servers are tested behind a temporary load balancer of their own"),
    })
    .prefault({}),
  minor: minorSchema.prefault({}).describe("how it is upgraded without downtime"),
  maintenance: z
    .strictObject({
      page: line.optional().describe("HTML file, less than 16 000 bytes; ours when left out"),
      retryAfterSeconds: z.int().min(1).max(3600).default(5),
    })
    .default({ retryAfterSeconds: 5 }),
  ledger: z
    .strictObject({
      write: httpCheckSchema.describe("one write of a client; {key} is its idempotency key"),
      read: httpCheckSchema.describe("one read of a client"),
      find: line.describe("SQL whose first column lists the keys that were stored"),
      writesPerSecond: z.number().positive().max(1000).default(20),
      readsPerSecond: z.number().min(0).max(5000).default(60),
    })
    .optional()
    .describe("how `changeover ledger` behaves as a client of this application"),
  backups: z
    .strictObject({
      everyHours: z
        .number()
        .min(0.1)
        .max(31 * 24)
        .optional()
        .describe("a backup is taken and proven when the newest proven one is older; none by itself when left out"),
      lineage: lineageName
        .optional()
        .describe("whose versions its backups are; the environment's own name when left out"),
      keep: z
        .strictObject({
          last: z.int().min(0).max(1000).default(7),
          daily: z.int().min(0).max(1000).default(7).describe("newest of each of so many days before today"),
          weekly: z.int().min(0).max(1000).default(4),
          monthly: z.int().min(0).max(1000).default(3),
          yearly: z.int().min(0).max(1000).default(0),
        })
        .prefault({})
        .describe("what any of these counts keeps, stays; each is a whole copy of the database"),
    })
    .prefault({}),
  names: namesSchema.optional().describe("where its names in the DNS are said to lead, and by whom"),
  isolation: isolationSchema.describe("what may be shared with other environments"),
  limits: z
    .strictObject({
      healthySeconds: seconds.default(30).describe("until a started server answers its health check"),
      stopSeconds: seconds.default(10).describe("between TERM and KILL"),
      drainSeconds: seconds.default(10).describe("for requests in flight"),
      sessionsSeconds: seconds
        .optional()
        .describe("for open sessions, websockets too, of a server that is retired; drainSeconds when left out"),
      syncSeconds: seconds.default(10).describe("for a replica to reach the primary's position"),
      prepareSeconds: seconds.default(300),
      migrateSeconds: seconds.default(600),
      copySeconds: seconds
        .default(1800)
        .describe("for a whole copy of the database: the standby, each backup and its proof"),
      keepSeconds: z
        .number()
        .min(0)
        .max(30 * 24 * 3600)
        .default(0)
        .describe("old servers and the standby are kept this long after reopening: the gate `retire`; 0: no gate"),
      alertSeconds: z.number().min(1).max(3600).default(5).describe("the world is looked at so often for alerts"),
      gateSeconds: seconds.default(3600).describe("until the reopen gate is answered; then the way back is taken"),
    })
    .prefault({}),
  alerts: alertsSchema.default([]).describe("what is watched, and what is done when it is wrong"),
  windows: z.array(windowSchema).default([]).describe("when the public may see the page; at any time when left out"),
  freezes: z.array(freezeSchema).default([]).describe("when it must not, whatever the windows say"),
  staging: environmentName
    .optional()
    .describe("environment of this control plane in which the same plan must have ended well"),
  announcement: line
    .optional()
    .describe("text that tells people of the window: {environment} {from} {to} {start} {minutes}"),
  policy: z
    .strictObject({
      verifiedBackupHours: z
        .number()
        .positive()
        .max(10_000)
        .optional()
        .describe("refuse when the newest backup that was proven is older; only a warning when left out"),
      longTransactionSeconds: seconds.default(30).describe("refuse while a transaction is open for so long"),
      artefacts: z.enum(["any", "committed"]).default("any").describe("refuse a release that is not committed to git"),
      longestOverrideHours: overrideHours.describe("longest time for which a value may be lent to a server or a group"),
      templates: z
        .enum(["any", "committed"])
        .default("committed")
        .describe("`any`: a template's head may be launched, whatever lies in its folder then"),
      announcedMinutes: z.int().min(1).max(1440).default(15).describe("what the announcement says for {minutes}"),
    })
    .prefault({}),
});

export type EnvironmentDefinition = z.infer<typeof environmentSchema>;
