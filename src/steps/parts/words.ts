/** Names of servers in sentences. */

export const one = (name: string): string => `"${name}"`;

export const all = (names: readonly string[]): string => names.map(one).join(", ");
