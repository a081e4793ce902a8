/** The `alerts` of an environment file: what is watched, when it is wrong, and what is done about it then. */
import { z } from "zod";
import { credentialName } from "../credential.ts";
import { metricNames, metricOf } from "./metrics.ts";

const LONGEST_SECONDS = 31 * 86_400;

const text = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\0\r\n]*$/, "must be one line");
const alertName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,40}$/, "must be lower case letters, digits and dashes, at most 41");
const serverName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,60}$/, "must be the name of a server");
const seconds = z.number().min(0).max(LONGEST_SECONDS);
const credential = z.strictObject({ credential: credentialName });

const webAddress = z.string().max(2_000).refine(isWebAddress, "must be an http or https address without a user");

function isWebAddress(written: string): boolean {
  const address = URL.parse(written);
  return address !== null && /^https?:$/.test(address.protocol) && `${address.username}${address.password}` === "";
}

const actionSchema = z
  .strictObject({
    vote: z.enum(["grow", "shrink"]).optional().describe("how the server that is watched votes on a scaling group"),
    group: alertName.optional().describe("the scaling group that is voted on"),
    notify: z
      .strictObject({
        url: z.union([webAddress, credential], {
          error: "must be an http or https address without a user, or { credential: NAME }",
        }),
        secret: credential.optional().describe("each message is signed with it (HMAC-SHA256)"),
      })
      .optional()
      .describe("a JSON message is sent there"),
    run: text(200).optional().describe("an operational script, by its name"),
    server: serverName.optional().describe("where the script runs; on the server that is watched when left out"),
    pause: z.literal("upgrade").optional().describe("the unfinished upgrade stops before its next step"),
  })
  .superRefine(({ vote, group, notify, run, server, pause }, context) => {
    const given = [vote, notify, run, pause].filter((one) => one !== undefined);
    const tell = (message: string) => context.addIssue({ code: "custom", message });
    if (given.length !== 1) tell("must be one of vote, notify, run and pause");
    if ((vote === undefined) !== (group === undefined)) tell("vote and group belong together");
    if (server !== undefined && run === undefined) tell("only a script is run on a server");
  });

const actions = z.array(actionSchema).max(20);

const pattern = text(200).refine(isPattern, "must be a regular expression");

function isPattern(written: string): boolean {
  try {
    return Boolean(new RegExp(written));
  } catch {
    return false;
  }
}

const conditionSchema = z
  .strictObject({
    metric: z.enum(metricNames),
    over: z.number().optional(),
    under: z.number().optional(),
    forSeconds: seconds.default(60).describe("raised when it has held so long without a break"),
    clearSeconds: seconds.optional().describe("resolved when it has not held for so long; `forSeconds` when left out"),
    withinSeconds: z.number().min(1).max(600).default(60).describe("counts are those of so many seconds before now"),
    pattern: pattern.optional().describe("of `errorLines`: extended regular expression that a line must match"),
    log: z
      .union([z.enum(["web", "worker"]), z.strictObject({ file: text(500) })], {
        error: "must be web, worker, or { file: PATH }",
      })
      .optional()
      .describe("of `errorLines` on application servers: whose output, or a file in the server's folder"),
  })
  .superRefine((when, context) => {
    const tell = (message: string) => context.addIssue({ code: "custom", message });
    if ((when.over === undefined) === (when.under === undefined)) tell("must have either over or under");
    if ((when.metric === "errorLines") !== (when.pattern !== undefined))
      tell("errorLines, and nothing else, has a pattern");
    if (when.log !== undefined && when.metric !== "errorLines") tell("only errorLines is read from a log");
  });

const placeSchema = z.strictObject({
  servers: z.array(serverName).min(1).max(1_000).optional(),
  group: alertName.optional().describe("servers of this scaling group"),
  kind: z.enum(["load-balancer", "application", "database"]).optional(),
  pool: z.enum(["public", "test"]).optional().describe("of metrics of a pool; public when left out"),
});

const ruleSchema = z
  .strictObject({
    name: alertName,
    on: placeSchema.prefault({}).describe("what is watched; everything in service that the metric fits when left out"),
    when: conditionSchema,
    do: actions.default([]).describe("once, when it is raised"),
    escalate: z
      .array(
        z.strictObject({
          afterSeconds: seconds.describe("since it was raised"),
          instead: z.boolean().default(false).describe("takes the place of what came before, also of its repetition"),
          do: actions.min(1),
        }),
      )
      .max(20)
      .default([]),
    repeatEverySeconds: seconds
      .min(10)
      .optional()
      .describe("messages and scripts are repeated as long as it is raised"),
    resolve: actions.default([]).describe("once, when it is resolved: messages and scripts"),
  })
  .superRefine((rule, context) => {
    for (const { path, message } of mistakesIn(rule)) context.addIssue({ code: "custom", path, message });
  });

export type AlertRule = z.infer<typeof ruleSchema>;
export type WrittenAction = z.infer<typeof actionSchema>;

export const alertsSchema = z
  .array(ruleSchema)
  .max(200)
  .superRefine((rules, context) => {
    for (const [at, { name }] of rules.entries()) {
      if (rules.findIndex((one) => one.name === name) === at) continue;
      context.addIssue({ code: "custom", path: [at, "name"], message: "there is an alert of this name already" });
    }
  });

interface Mistake {
  path: (string | number)[];
  message: string;
}

/** Rules between keys of one alert. */
function mistakesIn({ on, when, do: first, escalate, resolve }: AlertRule): Mistake[] {
  const found: Mistake[] = [];
  const metric = metricOf(when.metric);
  const isOfServers = metric.of === "server";
  if (isOfServers ? on.pool !== undefined : [on.servers, on.group, on.kind].some((one) => one !== undefined)) {
    found.push({
      path: ["on"],
      message: `${when.metric} is measured on ${isOfServers ? "servers" : `the ${metric.of}`}`,
    });
  }
  if (metric.of === "environment" && on.pool !== undefined)
    found.push({ path: ["on"], message: `${when.metric} is measured on the environment` });
  if (isOfServers && on.kind !== undefined && !metric.kinds.includes(on.kind))
    found.push({ path: ["on", "kind"], message: `${when.metric} is measured on: ${metric.kinds.join(", ")}` });
  for (const [at, { afterSeconds }] of escalate.entries()) {
    const before = escalate[at - 1]?.afterSeconds ?? 0;
    if (afterSeconds <= before)
      found.push({ path: ["escalate", at, "afterSeconds"], message: `must be more than ${before}, what came before` });
  }
  const all = [first, ...escalate.map((stage) => stage.do), resolve].flat();
  if (!isOfServers && all.some(({ run, server }) => run !== undefined && server === undefined))
    found.push({ path: ["do"], message: `a script of ${when.metric} names the server that it runs on` });
  if (resolve.some(({ vote, pause }) => vote !== undefined || pause !== undefined))
    found.push({ path: ["resolve"], message: "has messages and scripts only; votes are taken back by themselves" });
  return found;
}
