/** One action of an alert on its way: what it takes to do it, and how it can end. */
import type { Action } from "./action.ts";
import type { Message } from "./message.ts";

/** All that is needed, so that another control plane can go on with it. */
export interface AlertTask {
  action: Action;
  message: Message;
}

/**
 * `denied`: it was not allowed; `nothing`: there was nothing to do it to. Neither did anything.
 * Why is null only when it was done and there is nothing to add.
 */
export interface Outcome {
  outcome: "done" | "failed" | "denied" | "nothing";
  why: string | null;
}
