/** What a trial of the old release proved and what nobody looked at, in words that stay short. */
import type { Uncovered } from "../../model/schema-change.ts";
import type { Checks } from "./shapes.ts";

const NAMED = 6;

/** A list that stays readable, "none" when it is empty. */
export function few(items: readonly string[], most = NAMED): string {
  if (items.length === 0) return "none";
  const left = items.length - most;
  return `${items.slice(0, most).join(", ")}${left > 0 ? ` and ${left} more` : ""}`;
}

/** What weighs most comes first: whoever has to shorten it cuts the end. */
export function sayNotCovered(
  { untouched, changed, onlyRead, onlyWritten }: Uncovered,
  { read, write, script }: Checks,
): string {
  const altered = changed.length > 0 ? `; of these the migration changed ${few(changed)}` : "";
  const said = [
    ...(untouched.length > 0 ? [`no row was touched of ${few(untouched)}${altered}`] : []),
    ...(onlyWritten.length > 0 ? [`of what the migration changed, only written: ${few(onlyWritten)}`] : []),
    ...(onlyRead.length > 0 ? [`of what the migration changed, only read: ${few(onlyRead)}`] : []),
    ...(read.length === 0 ? ["there is no read"] : []),
    ...(write ? [] : ["there is no write probe"]),
    ...(script.length === 0 ? ["there is no check of your own"] : []),
  ];
  return said.length > 0 ? said.join("; ") : "every table was touched";
}
