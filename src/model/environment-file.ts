/** Reads the text of an environment file: YAML with positions in, a definition or every problem with its line out. */
import { groupsOfRule } from "./alerts/action.ts";
import { unknownPlace } from "./announcement.ts";
import { type EnvironmentDefinition, environmentSchema } from "./environment.ts";
import { firstHolder } from "./floating-address.ts";
import { wrongIn } from "./group/settings.ts";
import { namesFindings } from "./names.ts";
import { besideNeeded, hostsNeeded, wordsOf } from "./network.ts";
import { readNamed } from "./template/reference.ts";
import { type FileKind, type Finding, readYaml } from "./yaml-file.ts";

const KIND: FileKind<EnvironmentDefinition> = {
  what: "the environment file",
  page: "docs/environment-file.md",
  schema: environmentSchema,
  crossCheck,
};

/** Throws one Problem that lists every finding as `file:line`. */
export const parseEnvironment = (text: string, file: string): EnvironmentDefinition => readYaml(text, file, KIND);

/** Rules between keys that a schema can't say. */
function crossCheck(definition: EnvironmentDefinition): Finding[] {
  const found: Finding[] = namesFindings(definition);
  if (!definition.releases[definition.release]) {
    found.push({ path: ["release"], why: `release "${definition.release}" is not among the releases` });
  }
  if (definition.hosts.public.toLowerCase() === definition.hosts.test.toLowerCase()) {
    found.push({ path: ["hosts", "test"], why: "must differ from hosts.public, it is what keeps testers apart" });
  }
  const size = definition.application.servers + (definition.application.group?.size ?? 0);
  if (definition.application.workers > size) {
    found.push({ path: ["application", "workers"], why: `there are only ${size} servers` });
  }
  for (const { path, why } of wrongIn(definition.application.group)) {
    found.push({ path: ["application", "group", ...path], why });
  }
  const groups = [definition.application.group?.name];
  for (const [at, rule] of definition.alerts.entries()) {
    const unknown = [...groupsOfRule(rule), ...(rule.on.group === undefined ? [] : [rule.on.group])].find(
      (name) => !groups.includes(name),
    );
    if (unknown !== undefined) found.push({ path: ["alerts", at], why: `there is no scaling group "${unknown}"` });
  }
  for (const [at, { from, to }] of definition.freezes.entries()) {
    if (Date.parse(to) <= Date.parse(from)) found.push({ path: ["freezes", at], why: "ends before it begins" });
  }
  const place = unknownPlace(definition.announcement ?? "");
  if (place !== undefined) found.push({ path: ["announcement"], why: `nobody knows what {${place}} is` });
  if (definition.staging === definition.environment) {
    found.push({ path: ["staging"], why: "must be another environment" });
  }
  found.push(...templateFindings(definition), ...frontEndFindings(definition));
  const { backups, isolation, environment } = definition;
  if (isolation.sameLineage !== undefined && (backups.lineage ?? environment) === environment) {
    found.push({ path: ["isolation", "sameLineage"], why: "backups.lineage is this environment's own name" });
  }
  found.push(...providerFindings(definition), ...addressFindings(definition), ...minorFindings(definition));
  const { port } = definition.database;
  if (definition.port === port + 1 || definition.port === port + 2) {
    found.push({ path: ["port"], why: `must differ from ${port + 1} and ${port + 2}, the database endpoints' ports` });
  }
  const { write } = definition.ledger ?? {};
  if (write && !`${write.path}${write.body ?? ""}${Object.values(write.headers ?? {}).join("")}`.includes("{key}")) {
    found.push({ path: ["ledger", "write"], why: "must carry {key} in path, headers or body" });
  }
  return found;
}

function minorFindings({ minor }: EnvironmentDefinition): Finding[] {
  const at = (key: string, why: string): Finding => ({ path: ["minor", key], why });
  const grows = minor.shares.every((share, turn) => turn === 0 || share > (minor.shares[turn - 1] ?? 0));
  return [
    ...(grows ? [] : [at("shares", "must grow from each to the next")]),
    ...(isExpression(minor.logErrors) ? [] : [at("logErrors", "is no regular expression")]),
    ...(minor.waitSeconds < minor.soakSeconds ? [at("waitSeconds", "must not be less than soakSeconds")] : []),
  ];
}

function isExpression(text: string): boolean {
  try {
    return Boolean(new RegExp(text));
  } catch {
    return false;
  }
}

function templateFindings({ application: { template, image, size }, policy }: EnvironmentDefinition): Finding[] {
  const at = (key: string, why: string): Finding => ({ path: ["application", key], why });
  if (template === undefined) {
    return [
      ...(image === undefined ? [] : [at("image", "means nothing without application.template")]),
      ...(size === undefined ? [] : [at("size", "means nothing without application.template")]),
    ];
  }
  if (readNamed(template)?.revision !== null || policy.templates === "any") return [];
  return [
    at("template", `is the head of "${template}": name a revision (${template}@1), or set policy.templates: any`),
  ];
}

function frontEndFindings({ application, loadBalancers, port, database }: EnvironmentDefinition): Finding[] {
  if (!application.frontEnds) return [];
  const { servers } = application;
  const taken = [port, database.port + 1, database.port + 2];
  const counts = `there are ${loadBalancers} load balancers and ${servers} servers, and a front end is one of each`;
  return [
    ...(loadBalancers === servers ? [] : [{ path: ["application", "frontEnds"], why: counts }]),
    ...(taken.includes(application.port)
      ? [{ path: ["application", "port"], why: `must differ from the load balancer's beside it: ${taken.join(", ")}` }]
      : []),
  ];
}

function providerFindings(definition: EnvironmentDefinition): Finding[] {
  const { provider } = definition;
  if (provider.kind !== "ssh") return [];
  const { host, hosts } = provider;
  if ((host === undefined) === (hosts === undefined)) {
    const why = "needs either host, one machine for all servers, or hosts, one for each";
    return [{ path: ["provider", host === undefined ? "kind" : "hosts"], why }];
  }
  const twice = hosts?.findIndex((one, at) => hosts.indexOf(one) !== at) ?? -1;
  if (twice >= 0) return [{ path: ["provider", "hosts", twice], why: "stands there twice" }];
  const needed = hostsNeeded(definition);
  if (hosts === undefined || hosts.length >= needed) return [];
  const { frontEnds } = definition.application;
  const inUpgrade = frontEnds ? "more" : needed + besideNeeded(definition).count;
  const later = `an upgrade needs ${inUpgrade}, as new servers stand beside the old`;
  return [
    {
      path: ["provider", "hosts"],
      why: `${wordsOf(definition)} need ${needed} hosts, and here are ${hosts.length}; ${later}`,
    },
  ];
}

function addressFindings({ addresses, loadBalancers, provider }: EnvironmentDefinition): Finding[] {
  const all = Object.entries(addresses);
  const hosts: readonly string[] = provider.kind === "ssh" ? (provider.hosts ?? []) : [];
  return all.flatMap(([name, one], at) => {
    const path = ["addresses", name];
    const number = Number(firstHolder(one).slice("lb-".length));
    const twice = all.slice(0, at).some(([, { address }]) => address === one.address);
    return [
      ...(number > loadBalancers ? [{ path: [...path, "on"], why: `there are ${loadBalancers} load balancers` }] : []),
      ...(twice ? [{ path: [...path, "address"], why: "another name has it" }] : []),
      ...(hosts.includes(one.address) ? [{ path: [...path, "address"], why: "it is a host's own" }] : []),
    ];
  });
}
