/** The manifest of a server template, `template.yaml`: what a server is made of, and which scripts it lives by. */
import { z } from "zod";
import { inputDeclarations } from "../inputs/declaration.ts";
import { inputName, inputValueSchema } from "../inputs/value.ts";
import { ARCHITECTURES } from "./catalogue.ts";

/** In the template's folder. */
export const MANIFEST = "template.yaml";

export const templateName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, "must be lower case letters, digits and dashes, at most 31");

const line = z
  .string()
  .min(1)
  .max(10_000)
  .regex(/^[^\0\r\n]*$/, "must be one line");

/** As the provider calls it: `debian-12`, `t3.small`. */
export const catalogueName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/, "must be letters, digits, dots and dashes");

const scriptPath = z
  .string()
  .max(200)
  .regex(/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/, "must be a path inside of the template's folder, without spaces");

const scriptName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,40}$/, "must be lower case letters, digits and dashes, at most 41");

const architectures = z.array(z.enum(ARCHITECTURES)).min(1);
const seconds = z.number().positive().max(3600);

export const scriptSchema = z.strictObject({
  run: scriptPath.describe("an executable file of the folder; it is run in the folder"),
  description: z.string().max(500).default(""),
  seconds: seconds.default(60).describe("killed when it takes longer"),
  inputs: inputDeclarations.default({}).describe("what it reads; it is given nothing else"),
});

export const manifestSchema = z.strictObject({
  name: templateName,
  description: z.string().max(2000).default(""),
  architectures: architectures.default([...ARCHITECTURES]).describe("of the machines it can run on; all when left out"),
  images: z.array(catalogueName).max(100).default([]).describe("preferred one first; any when left out"),
  sizes: z.array(catalogueName).max(100).default([]).describe("preferred one first; any when left out"),
  needs: z
    .strictObject({
      cores: z.int().min(0).default(0),
      memoryMiB: z.int().min(0).default(0),
      diskMiB: z.int().min(0).default(0),
    })
    .prefault({})
    .describe("a smaller size is refused"),
  runtime: z
    .array(
      z.strictObject({
        check: line.describe("shell line that exits 0 where the server has what it needs"),
        architectures: architectures.optional().describe("of the machines that can have it; all when left out"),
      }),
    )
    .max(50)
    .default([]),
  inputs: z.record(inputName, inputValueSchema).default({}).describe("values at the template's level"),
  scripts: z
    .strictObject({
      boot: z.array(scriptSchema).max(50).default([]).describe("in order, each once, before the server is operational"),
      operational: z.record(scriptName, scriptSchema).default({}).describe("when somebody asks for it"),
      decommission: z.array(scriptSchema).max(50).default([]).describe("in order, before the server is retired"),
      decommissionSeconds: seconds.max(14_400).default(180).describe("for all of them together"),
    })
    .prefault({}),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type Script = z.infer<typeof scriptSchema>;

export type ScriptPhase = "boot" | "operational" | "decommission";

/** A script with where it stands. People name an operational one by its name, the others by their path. */
export interface PlacedScript extends Script {
  phase: ScriptPhase;
  name: string;
}

/** Lowest first, as they declare inputs: boot, operational, decommission. */
export const scriptsOf = ({ scripts }: Manifest): PlacedScript[] => [
  ...scripts.boot.map((script) => ({ ...script, phase: "boot" as const, name: script.run })),
  ...Object.entries(scripts.operational).map(([name, script]) => ({ ...script, phase: "operational" as const, name })),
  ...scripts.decommission.map((script) => ({ ...script, phase: "decommission" as const, name: script.run })),
];
