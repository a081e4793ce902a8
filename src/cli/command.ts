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

/** Aborted by the first Ctrl-C; a third one ends the process at once, whatever it leaves behind. */
export function interruptible(): AbortSignal {
  const controller = new AbortController();
  let asked = 0;
  const stop = (): void => {
    asked += 1;
    if (asked > 2) process.exit(130);
    if (asked === 2) console.error("Still ending; once more leaves everything as it is.");
    controller.abort(new Error("interrupted"));
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return controller.signal;
}
