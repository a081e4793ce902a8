/** Whether a home has a control plane already: a second one would take its socket away, and nobody could reach the first. */
import { once } from "node:events";
import { connect } from "node:net";
import { Problem } from "../model/problem.ts";
import { socketOf } from "./home.ts";

/** The supervisor's lock does not stop one that is started by hand. What a dead one has left is no sign of life. */
export async function mustBeAlone(home: string): Promise<void> {
  const socket = connect({ path: socketOf(home) });
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(2_000) });
  } catch {
    return;
  } finally {
    socket.destroy();
  }
  throw new Problem("refused", {
    what: "a second control plane can't run in this home",
    why: `another one answers at ${socketOf(home)}`,
    next: "changeover status",
  });
}
