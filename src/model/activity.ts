/** What people and the control plane did, one sentence each. */

export interface Activity {
  /** Milliseconds since 1970. */
  at: number;
  /** A user's name; `changeover` for what happened by itself. */
  by: string;
  environment: string | null;
  upgrade: string | null;
  says: string;
  /** Why it was refused or failed; null when it was done. */
  problem: string | null;
}

export interface ActivityFilter {
  environment?: string;
  upgrade?: string;
  by?: string;
  /** Milliseconds since 1970. */
  since?: number;
  /** The newest so many. */
  limit: number;
}

/** Header that names who asks; a request without it was sent by hand. Here, because commands read no more than they need. */
export const BY = "x-changeover-by";
