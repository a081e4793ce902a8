/** A dated picture of what an upgrade needs to know of the databases beyond the inventory. */
import type { DatabaseReadiness } from "./database.ts";

export interface Readiness {
  readAt: number;
  /** By server name; those that do not run are left out. */
  databases: Record<string, DatabaseReadiness>;
  /** Whether each replica came as far as the primary was when we looked; never a lag in seconds. */
  sync: Record<string, Sync>;
}

export interface Sync {
  /** The primary's position when we looked. */
  position: string;
  reached: boolean;
  /** How long was waited for it at most. */
  withinMs: number;
  /** Why it never will; null when it is only late. */
  error: string | null;
}
