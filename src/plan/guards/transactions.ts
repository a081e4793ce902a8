/** Guard about transactions that are open for long: the fence waits for them and then cuts them off. */
import { type Guard, refuses } from "./guard.ts";

/** So many are named. */
const NAMED = 5;

export const noLongTransaction: Guard = {
  name: "no transaction is open for long",
  finds({ blue, to, definition, readiness }) {
    const { name } = blue.primary.record;
    const open = readiness.databases[name]?.longTransactions ?? [];
    if (open.length === 0) return null;
    const named = open
      .slice(0, NAMED)
      .map(({ seconds, user, detail }) => `${user} for ${Math.round(seconds)} s (${detail})`);
    const more = open.length > NAMED ? ` and ${open.length - NAMED} more` : "";
    return refuses(
      `on ${name}: ${named.join(", ")}${more}; the limit is ${definition.policy.longTransactionSeconds} s`,
      `let it end, or end it, then: changeover plan ${definition.environment} --to ${to}`,
    );
  },
};
