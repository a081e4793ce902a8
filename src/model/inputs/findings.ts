/** What is wrong or odd about the inputs of a server, by name: missing, ambiguous, not a choice, ignored though required. Pure. */
import { Problem } from "../problem.ts";
import { type DeclaringScript, inputDeclarationSchema } from "./declaration.ts";
import type { Asked } from "./resolve.ts";
import { type InputItem, type InputValue, inputName } from "./value.ts";

export interface InputFinding {
  input: string;
  kind:
    | "missing"
    | "ambiguous"
    | "ignored"
    | "not-a-choice"
    | "reserved"
    | "other-server"
    | "unread"
    | "space"
    | "comma";
  /** Goes on from the input's name. */
  why: string;
}

interface Questions {
  refusals: InputFinding[];
  warnings: InputFinding[];
}

/** What the scripts that read it say to a value; null: nobody gave it one. */
export function questionsAbout(
  input: string,
  value: InputValue | null,
  readers: readonly DeclaringScript[],
): Questions {
  const found: Questions = { refusals: [], warnings: [] };
  const tell = (scripts: DeclaringScript[], kind: InputFinding["kind"], says: string): void => {
    const [now, later] = [scripts.filter(isNeeded), scripts.filter((one) => !isNeeded(one))];
    if (now.length > 0) found.refusals.push({ input, kind, why: `${says} by ${namesOf(now)}` });
    else if (later.length > 0) {
      const why = `${says} by ${namesOf(later)}, which ask${later.length === 1 ? "s" : ""} for it when run`;
      found.warnings.push({ input, kind, why });
    }
  };
  const declared = (script: DeclaringScript) => script.inputs[input] ?? inputDeclarationSchema.parse({});
  const requiring = readers.filter((script) => declared(script).required);
  if (value === null || "inherit" in value) tell(requiring, "missing", "has no value, and is required");
  else if ("ignore" in value) tell(requiring, "ignored", "is ignored, and required");
  else {
    const refusing = readers.filter((script) => !allows(declared(script).choices, value));
    tell(refusing, "not-a-choice", "has a value that is not among those allowed");
    found.warnings.push(...traps(input, value));
  }
  return found;
}

/** What is not a text can't be compared with texts, and nobody looks at a credential to do so. */
const allows = (choices: readonly string[] | undefined, value: InputValue): boolean =>
  choices === undefined || ("text" in value && choices.includes(value.text));

const isNeeded = ({ phase = "boot" }: DeclaringScript): boolean => phase !== "operational";

const namesOf = (scripts: readonly DeclaringScript[]): string => scripts.map(({ script }) => script).join(", ");

/** What looks right to a person and is something else to a program. */
export function traps(input: string, value: InputValue): InputFinding[] {
  const items: InputItem[] = "array" in value ? value.array : "text" in value ? [value] : [];
  const texts = items.flatMap((item) => ("text" in item ? [item.text] : []));
  const found: InputFinding[] = [];
  if (texts.some((text) => text !== text.trim()))
    found.push({ input, kind: "space", why: "begins or ends with white space, which is part of its value" });
  if ("array" in value && texts.some((text) => text.includes(",")))
    found.push({ input, kind: "comma", why: "has an item with a comma in it, which scripts take for two items" });
  return found;
}

/** Schemas refuse these where people write them; a launch refuses them wherever they came from. */
export const namesRefused = (asked: Asked): InputFinding[] =>
  [...new Set([...asked.scripts.flatMap(({ inputs }) => Object.keys(inputs)), ...levelNames(asked)])].flatMap(
    (input) => {
      const read = inputName.safeParse(input);
      if (read.success) return [];
      return [{ input, kind: "reserved", why: read.error.issues.map(({ message }) => message).join("; ") }];
    },
  );

const levelNames = ({ template, environment, owner, once = {} }: Asked): string[] =>
  [template.values, environment.values, owner.values, once].flatMap((values) => Object.keys(values));

/** The environment's values are there for all servers, so that only what was meant for this one is told. */
export function sideways({ scripts, template, owner, once = {} }: Asked): InputFinding[] {
  const read = new Set(scripts.flatMap(({ inputs }) => Object.keys(inputs)));
  const meant = [...new Set([template.values, owner.values, once].flatMap((values) => Object.keys(values)))];
  return meant
    .filter((input) => !read.has(input))
    .map((input) => ({ input, kind: "unread", why: "is read by none of its scripts, so it is not given to them" }));
}

export const drawFinding = ({ input, why }: InputFinding): string => `${input} ${why}`;

/** Throws one Problem that names every input that keeps the server from being launched. */
export function mustBeLaunchable(environment: string, server: string, refusals: readonly InputFinding[]): void {
  if (refusals.length === 0) return;
  const [first] = refusals;
  const curable = first && !["reserved", "other-server"].includes(first.kind);
  throw new Problem("refused", {
    what: `server "${server}" can't be launched`,
    why: refusals.map(drawFinding).join("; "),
    next: curable
      ? `changeover inputs set ${environment} ${first.input}=VALUE; see changeover inputs xref ${environment} --server ${server}`
      : `changeover inputs xref ${environment} --server ${server}`,
  });
}
