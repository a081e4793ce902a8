/** What an HTTP check asks and whether an answer holds; pure, so that probes, smoke tests and the ledger agree. */
import type { HttpCheck } from "./application.ts";

/** The check with `{key}` replaced in path, headers, body and expected body. */
export function withKey(check: HttpCheck, key: string): HttpCheck {
  const fill = (text: string) => text.replaceAll("{key}", key);
  return {
    ...check,
    path: fill(check.path),
    headers: Object.fromEntries(Object.entries(check.headers ?? {}).map(([name, value]) => [name, fill(value)])),
    body: check.body === undefined ? undefined : fill(check.body),
    expect: {
      status: check.expect.status,
      ...(check.expect.body === undefined ? {} : { body: fill(check.expect.body) }),
    },
  };
}

/** Null when the answer is as expected, else what was seen instead. */
export function misses(check: HttpCheck, answer: { status: number; body: string }): string | null {
  const asked = `${check.method} ${check.path}`;
  if (answer.status !== check.expect.status) {
    return `${asked} answered ${answer.status}, expected ${check.expect.status}: ${excerpt(answer.body)}`;
  }
  if (check.expect.body !== undefined && !answer.body.includes(check.expect.body)) {
    return `${asked} answered ${answer.status} without "${check.expect.body}": ${excerpt(answer.body)}`;
  }
  return null;
}

/** Of what `misses` or a probe gave: did somebody answer, though not as expected? */
export const hasAnswered = (missed: string): boolean => / answered \d{3}[, ]/.test(missed);

const excerpt = (body: string): string => JSON.stringify(body.length > 200 ? `${body.slice(0, 200)}…` : body);
