/** What every answer about inputs is made of: the values, the servers they are for, and the credentials that they name. */
import type { Clock } from "../model/clock.ts";
import type { KnownServer } from "../model/inputs/cross-reference.ts";
import type { DeclaringScript } from "../model/inputs/declaration.ts";
import type { InputSet } from "../model/inputs/set.ts";
import type { Neighbour } from "../model/inputs/settle.ts";
import type { InputItem, InputValue, InputValues } from "../model/inputs/value.ts";
import type { TemplateRef } from "../model/launch.ts";
import { asProblem } from "../model/problem.ts";
import { readLaunches, type SeenLaunch } from "../observe/launches.ts";
import type { Store } from "../store/store.ts";
import type { Environments } from "./environments.ts";

/** What a template says of inputs. */
export interface TemplateInputs {
  /** Null when nobody here knows the template. */
  of(environment: string, template: TemplateRef): Promise<KnownServer["declared"]>;
}

/** Servers as they would be launched, whether they run or not. */
export interface ServerDefinitions {
  of(environment: string): Promise<{ server: string; group: string | null; template: TemplateRef }[]>;
}

export const noTemplates: TemplateInputs = { of: async () => null };
export const noDefinitions: ServerDefinitions = { of: async () => [] };

export interface InputParts {
  store: Store;
  environments: Pick<Environments, "find" | "look">;
  clock: Clock;
  templates: TemplateInputs;
  definitions: ServerDefinitions;
  /** Names of those that are set. */
  credentials(environment: string): Promise<string[]>;
  /** Leaves out every secret that is known here. */
  redact(text: string): string;
}

export interface Ground {
  /** Made from templates, or defined so: those that inputs are for. */
  servers: KnownServer[];
  /** Every server that runs, or is defined. */
  neighbours: Map<string, Neighbour>;
  /** Every server and group by name, whatever it is made from; null when nobody could be asked. */
  names: { server: string[]; group: string[] } | null;
  /** What could not be read. */
  troubles: string[];
}

export async function readGround(parts: InputParts, environment: string): Promise<Ground> {
  const { definition } = await parts.environments.find(environment);
  const defined = await parts.definitions.of(environment);
  const [seen, trouble] = await parts.environments.look(environment, readLaunches).then(
    (all): [SeenLaunch[], string | null] => [all, null],
    (error: unknown): [SeenLaunch[], string] => [[], asProblem(error).text.why],
  );
  const group = definition.application.group;
  const known = [...defined.map(({ group: of }) => of), ...seen.map(groupOf), group?.name ?? null];
  return {
    servers: await Promise.all(
      made(defined, seen).map(async ({ template, ...server }) => ({
        ...server,
        template,
        declared: template ? await parts.templates.of(environment, template) : null,
      })),
    ),
    neighbours: new Map<string, Neighbour>([
      ...defined.map(({ server }): [string, Neighbour] => [server, { address: null, inputs: null }]),
      ...seen.map(({ record, launch }): [string, Neighbour] => [
        record.name,
        { address: record.address, inputs: launch?.inputs ?? null },
      ]),
    ]),
    names: trouble
      ? null
      : {
          server: [...new Set([...defined.map(({ server }) => server), ...seen.map(({ record }) => record.name)])],
          group: [...new Set(known.filter((name) => name !== null))],
        },
    troubles: [
      ...(trouble ? [`what runs could not be read: ${trouble}`] : []),
      ...seen.flatMap((one) => (one.trouble ? [`"${one.record.name}": ${one.trouble}`] : [])),
    ],
  };
}

const groupOf = ({ record }: SeenLaunch): string | null => record.labels.group ?? null;

type Made = Omit<KnownServer, "declared">;

/** A definition says what comes next; without one a server would be launched as it was. */
function made(defined: Awaited<ReturnType<ServerDefinitions["of"]>>, seen: readonly SeenLaunch[]): Made[] {
  const running = new Map(seen.map((one) => [one.record.name, one]));
  const known = new Set(defined.map(({ server }) => server));
  const ofDefinitions = defined.map((one): Made => {
    return { ...one, current: running.get(one.server)?.launch?.inputs ?? null };
  });
  const others = seen.flatMap((one): Made[] => {
    const { record, launch } = one;
    if (launch === null || known.has(record.name)) return [];
    const { template, inputs: current } = launch;
    return [{ server: record.name, group: groupOf(one), template, current }];
  });
  return [...ofDefinitions, ...others].sort((left, right) => left.server.localeCompare(right.server, "en"));
}

export const credentialsNamed = (values: readonly InputValue[]): string[] =>
  [...new Set(values.flatMap(namedIn))].sort();

function namedIn(value: InputValue): string[] {
  if ("key" in value) return [value.key];
  const items: InputItem[] = "array" in value ? value.array : "credential" in value ? [value] : [];
  return items.flatMap((item) => ("credential" in item ? [item.credential] : []));
}

/** Of everything that a set and the templates say: a launch without them would fail. */
export async function missingCredentialsOf(
  parts: InputParts,
  environment: string,
  set: InputSet,
  servers: readonly KnownServer[],
): Promise<string[]> {
  const declared = servers.flatMap(({ declared: of }) => (of ? valuesOfTemplate(of) : []));
  const named = credentialsNamed([...set.map(({ value }) => value), ...declared]);
  const there = new Set(await parts.credentials(environment));
  return named.filter((name) => !there.has(name));
}

const valuesOfTemplate = (of: { scripts: readonly DeclaringScript[]; values: InputValues }): InputValue[] => [
  ...Object.values(of.values),
  ...of.scripts.flatMap(({ inputs }) => Object.values(inputs).flatMap((one) => (one.default ? [one.default] : []))),
];
