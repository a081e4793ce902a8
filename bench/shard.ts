/** A part of the work, "2/5": so that a count over hours can be made in short pieces, on several days or machines. */

export interface Shard {
  /** From 1. */
  part: number;
  of: number;
}

export function readShard(text: string): Shard {
  const [, part = 0, of = 0] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (part >= 1 && part <= of) return { part, of };
  throw new TypeError(`"${text}" is not a shard: say 2/5`);
}

export const inShard = <T>(all: readonly T[], { part, of }: Shard): T[] =>
  all.filter((_, turn) => turn % of === part - 1);

/** At most so many, from the whole length. */
export function spread<T>(all: readonly T[], most: number | null): T[] {
  if (most === null || most >= all.length) return [...all];
  return Array.from({ length: most }, (_, turn) => all[Math.floor(((turn + 0.5) * all.length) / most)] as T);
}
