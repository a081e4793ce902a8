/** A step: one sentence, four verbs. `says` is written once and appears wherever a person looks. */
import type { z } from "zod";
import type { OpenOverride } from "./inputs/override.ts";
import type { World } from "./world.ts";

/** Facts that prove a step holds; kept in the journal and shown to people. */
export type Evidence = Record<string, string | number | boolean>;

export interface StepContext {
  world: World;
  /** Unique and short: `u-…`; names backups, jobs and labels, so that a repeated try finds them. */
  upgrade: string;
  /** 1, and one more each time that people set it going again: what failed for good may get another try. */
  round: number;
  /** Aborted when the step's limit has passed or someone asked for the way back. */
  signal: AbortSignal;
  /** Asks the world again and again, at most `withinMs`; only once when we look around after a crash. */
  until<T>(withinMs: number, look: () => Promise<T | null | undefined | false>, everyMs?: number): Promise<T | null>;
  /**
   * What the step of this name proved when it was done in this upgrade, by the journal; null when it was not. `like`:
   * only where these facts are part of it.
   */
  evidenceOf(step: string, like?: Evidence): Promise<Evidence | null>;
  /** Inputs of the environment that are lent to servers or groups right now. */
  openOverrides(): Promise<OpenOverride[]>;
  /** Shows people how far it is while it runs, and stays with its evidence. Never makes a step fail. */
  tell(facts: Evidence): Promise<void>;
  /** Who said in this upgrade that open sessions may be cut before their deadline; null when nobody did. */
  sessionsCut(): Promise<SessionsCut | null>;
}

export interface SessionsCut {
  by: string;
  reason: string;
}

export interface ByHand {
  act: string;
  /** What proves that it holds. */
  see: string;
  /** How to take it back; null where there is nothing to take back. */
  back: string | null;
}

export interface StepDefinition<I = unknown> {
  name: string;
  input: z.ZodType<I>;
  /** `until-writes`: before the first public write on green; after it only when its loss was counted and accepted. */
  undoable: "always" | "until-writes" | "never";
  /** Takes longer the more data there is, so that a forecast grows with it. */
  grows?: true;
  says(input: I): string;
  /** The same for a person without us: what the written runbook says. */
  byHand(input: I): ByHand;
  /** It only waits for something outside and changes nothing, so that an abort may cut it short. */
  waits?: true;
  /** The longest that apply and verify may take together, in milliseconds. */
  limitMs(input: I): number;
  /** May we? Throws a Problem and changes nothing. */
  check?(context: StepContext, input: I): Promise<void>;
  /** Does it; safe to run twice: looks first, then acts. */
  apply(context: StepContext, input: I): Promise<void>;
  /** Reads the world back; throws a Problem when it does not hold. */
  verify(context: StepContext, input: I): Promise<Evidence>;
  /** Puts it back and proves that; safe to run when apply never ran, half ran or ran twice. */
  undo?(context: StepContext, input: I): Promise<Evidence> | Promise<void>;
}

export const defineStep = <I>(step: StepDefinition<I>): StepDefinition<I> => step;
