/** What makes an application server what it is, as flat facts that can be compared and told. */
import type { Install } from "../application.ts";
import type { Input } from "../credential.ts";
import { spell } from "../inputs/spelling.ts";
import type { Launch } from "../launch.ts";
import { sayTemplate } from "../template/reference.ts";

/** Each fact by its name: "release", "artefact", "input SHOP_TITLE" … Names of credentials stand here, never their values. */
export type Configuration = Readonly<Record<string, string>>;

/** One fact in which two configurations differ; null where one has no such fact. */
export interface ConfigurationDifference {
  fact: string;
  from: string | null;
  to: string | null;
}

/** What it was launched with wins over what its release says. */
export const configurationOf = (install: Install, launch: Launch | null = null): Configuration => ({
  ...ofInstall(install),
  ...(launch ? ofLaunch(launch) : {}),
});

const ofLaunch = ({ template, image, size, inputs }: Launch): Configuration => ({
  template: `${sayTemplate(template)} ${template.hash.slice(0, 12)}`,
  ...(image === null ? {} : { image }),
  ...(size === null ? {} : { size }),
  ...Object.fromEntries(Object.entries(inputs).map(([name, { value }]) => [`input ${name}`, spell(value)])),
});

const ofInstall = (install: Install): Configuration => ({
  release: install.release,
  artefact: install.artefact,
  ...Object.fromEntries(Object.entries(install.start).map(([role, command]) => [`start ${role}`, String(command)])),
  ...(install.prepare === null ? {} : { prepare: install.prepare }),
  ...(install.runtime?.path ? { "runtime path": install.runtime.path } : {}),
  ...(install.runtime?.check ? { "runtime check": install.runtime.check } : {}),
  ...Object.fromEntries(Object.entries(install.inputs).map(([name, input]) => [`input ${name}`, sayInput(input)])),
});

const sayInput = (input: Input): string => spell(typeof input === "string" ? { text: input } : input);

export function differencesBetween(from: Configuration, to: Configuration): ConfigurationDifference[] {
  const facts = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
  return facts
    .filter((fact) => from[fact] !== to[fact])
    .map((fact) => ({ fact, from: from[fact] ?? null, to: to[fact] ?? null }));
}

export const sayDifference = ({ fact, from, to }: ConfigurationDifference): string =>
  from === null ? `${fact} is new: ${to}` : to === null ? `${fact} is gone: ${from}` : `${fact}: ${from} → ${to}`;
