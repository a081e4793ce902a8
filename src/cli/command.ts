/** What each file in commands/ exports: it adds itself to the program and tells its exit code. */
import { userInfo } from "node:os";
import type { Command } from "commander";

export type AddCommand = (program: Command, ends: (code: number) => void) => void;

export interface JsonOption {
  json?: boolean;
}

export const JSON_OPTION = ["--json", "the last line of stdout is the answer as one JSON object"] as const;

/** Named in the journal and at gates. */
export const whoAsks = (): string => process.env.SUDO_USER ?? userInfo().username;

/** Aborted by the first Ctrl-C; a second one ends the process at once. */
export function interruptible(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Error("interrupted"));
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return controller.signal;
}
