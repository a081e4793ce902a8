/** Reads the text of a template's manifest, and looks whether the folder holds what it names. */
import type { InputDeclaration } from "../inputs/declaration.ts";
import type { InputValue } from "../inputs/value.ts";
import { type FileKind, type Finding, lineOfKey, readYaml } from "../yaml-file.ts";
import { Problem } from "../problem.ts";
import { sayArchitectures } from "./catalogue.ts";
import { MANIFEST, type Manifest, manifestSchema, type Script } from "./manifest.ts";
import { OURS } from "./process-inputs.ts";

const KIND: FileKind<Manifest> = {
  what: "the template",
  page: "docs/operate/templates.md",
  schema: manifestSchema,
  crossCheck,
};

/** Throws one Problem that lists every finding as `file:line`. */
export const parseManifest = (text: string, file: string): Manifest => readYaml(text, file, KIND);

interface PlacedKey {
  path: (string | number)[];
  script: Script;
}

const placed = ({ scripts }: Manifest): PlacedKey[] => [
  ...scripts.boot.map((script, at) => ({ path: ["scripts", "boot", at], script })),
  ...Object.entries(scripts.operational).map(([name, script]) => ({ path: ["scripts", "operational", name], script })),
  ...scripts.decommission.map((script, at) => ({ path: ["scripts", "decommission", at], script })),
];

function crossCheck(manifest: Manifest): Finding[] {
  return [
    ...twice(manifest),
    ...placed(manifest).flatMap(inDeclarations),
    ...inValues(manifest),
    ...inRuntime(manifest),
  ];
}

/** Each is run once, and is found by its path. */
function twice({ scripts }: Manifest): Finding[] {
  return (["boot", "decommission"] as const).flatMap((phase) =>
    scripts[phase].flatMap(({ run }, at) =>
      scripts[phase].findIndex((other) => other.run === run) < at
        ? [{ path: ["scripts", phase, at, "run"], why: "is there twice" }]
        : [],
    ),
  );
}

function inDeclarations({ path, script }: PlacedKey): Finding[] {
  return Object.entries(script.inputs).flatMap(([name, declaration]) => {
    const at = [...path, "inputs", name];
    const why = declaration.default && outside(declaration, declaration.default);
    return [
      ...(OURS.includes(name) ? [{ path: at, why: "is set by Changeover itself" }] : []),
      ...(why ? [{ path: [...at, "default"], why }] : []),
    ];
  });
}

/** Other levels may still say something else, but nobody could mean this. */
function inValues(manifest: Manifest): Finding[] {
  return Object.entries(manifest.inputs).flatMap(([name, value]) =>
    placed(manifest).flatMap(({ script }) => {
      const declaration = script.inputs[name];
      const why = declaration && outside(declaration, value);
      return why ? [{ path: ["inputs", name], why: `${why} of ${script.run}` }] : [];
    }),
  );
}

/** Why a value can't be one of the choices; null when it may. What is only known by name is looked at later. */
export function outside({ choices }: InputDeclaration, value: InputValue): string | null {
  if (!choices || !("text" in value) || choices.includes(value.text)) return null;
  return `"${value.text}" is none of ${choices.join(", ")}`;
}

const inRuntime = ({ runtime, architectures }: Manifest): Finding[] =>
  runtime.flatMap((one, at) =>
    !one.architectures || one.architectures.some((each) => architectures.includes(each))
      ? []
      : [
          {
            path: ["runtime", at],
            why: `is for ${sayArchitectures(one.architectures)}, and the template for ${sayArchitectures(architectures)}`,
          },
        ],
  );

/** A file of the template's folder. */
export interface TemplateFile {
  path: string;
  executable: boolean;
}

/** Every script must be there and be executable; `text` is the manifest's own, for the lines. */
export function mustHoldScripts(manifest: Manifest, files: readonly TemplateFile[], text: string, file: string): void {
  const held = new Map(files.map((one) => [one.path, one.executable]));
  const missing = placed(manifest).flatMap(({ path, script: { run } }) => {
    const line = `${file}:${lineOfKey(text, [...path, "run"])}`;
    if (!held.has(run)) return [{ line, why: `${run}: there is no such file` }];
    return held.get(run) ? [] : [{ line, why: `${run}: it is not executable` }];
  });
  const [first] = missing;
  if (!first) return;
  throw new Problem("bad-input", {
    what: missing.length === 1 ? "the template lacks a script" : `the template lacks ${missing.length} scripts`,
    why: missing.map(({ line, why }) => `${line} ${why}`).join("; "),
    next: `add it to the folder (chmod +x), or mend ${MANIFEST}`,
    at: first.line,
  });
}
