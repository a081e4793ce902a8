/** Keeps secrets out of inputs: out of the texts that people give, and out of whatever is told of them. */
import { readSpelling } from "../model/inputs/spelling.ts";
import type { InputValue, InputValues } from "../model/inputs/value.ts";
import { Problem } from "../model/problem.ts";

type Redact = (text: string) => string;

/** No secret holds it, so none is found across it. */
const BETWEEN = "\0";

/** A secret that is given as a text would be shown to everybody who looks: it is refused, and not repeated. */
export function mustHoldNoSecret(redact: Redact, environment: string, values: InputValues, why: string): void {
  const tells = (text: string) => redact(text) !== text;
  if (!tells([why, ...Object.values(values).flatMap(textsOf)].join(BETWEEN))) return;
  const [input] = Object.entries(values).find(([, value]) => textsOf(value).some(tells)) ?? [];
  throw new Problem("bad-input", {
    what: input === undefined ? "the reason can't be written down" : `${input} can't have this value`,
    why: "it holds a value that is kept secret here, and whoever looks at inputs would be shown it",
    next:
      input === undefined
        ? "say it without the secret"
        : `changeover credential set ${environment} NAME, then: changeover inputs set ${environment} ${input}=credential:NAME`,
  });
}

/** A value as somebody typed it for one server, never a secret as text. */
export function readTyped(redact: Redact, environment: string, name: string, text: string): InputValue {
  const value = readSpelling(name, text);
  mustHoldNoSecret(redact, environment, { [name]: value }, "");
  return value;
}

function textsOf(value: InputValue): string[] {
  const items = "array" in value ? value.array : [value];
  return items.flatMap((item) => ("text" in item ? [item.text] : []));
}

/** Each text in it without the secrets that are known here, whoever wrote them there and when. */
export function discreetly<T>(told: T, redact: Redact): T {
  const texts = [...new Set(textsIn(told))];
  // All at once: to know every secret takes longer than to look for them.
  const clean = redact(texts.join(BETWEEN)).split(BETWEEN);
  const instead = new Map(texts.map((text, at) => [text, clean[at] ?? ""]));
  const go = (one: unknown): unknown => {
    if (typeof one === "string") return instead.get(whole(one));
    if (Array.isArray(one)) return one.map(go);
    if (one === null || typeof one !== "object") return one;
    return Object.fromEntries(Object.entries(one).map(([key, value]) => [key, go(value)]));
  };
  return go(told) as T;
}

const whole = (text: string): string => text.replaceAll(BETWEEN, "");

function textsIn(told: unknown): string[] {
  if (typeof told === "string") return [whole(told)];
  if (told === null || typeof told !== "object") return [];
  return Object.values(told).flatMap(textsIn);
}
