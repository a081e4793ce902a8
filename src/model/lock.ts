/** A lock that a person put on an environment or one of its servers: nothing that changes it is begun until it is taken away. */

export interface Lock {
  environment: string;
  /** Null: the whole environment, and all below it. */
  server: string | null;
  reason: string;
  by: string;
  /** Milliseconds since 1970. */
  at: number;
}

/** What it is on, in the words of a sentence. */
export const lockedThing = ({ environment, server }: Pick<Lock, "environment" | "server">): string =>
  server === null ? `environment "${environment}"` : `server "${server}"`;

/** The command that takes it away. */
export const unlockCommand = ({ environment, server }: Pick<Lock, "environment" | "server">): string =>
  server === null ? `changeover unlock ${environment}` : `changeover unlock ${environment} ${server}`;

export const lockedBy = ({ by, at, reason }: Lock): string =>
  `locked by ${by} since ${new Date(at).toISOString()}: ${reason}`;
