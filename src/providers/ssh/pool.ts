/** Connections to hosts that are kept for whoever comes next: opening one takes longer than most of what is asked. */
import type { Transport } from "../runner/transport.ts";
import type { SshSettings } from "./connection.ts";
import { createSshTransport } from "./transport.ts";

export interface SshPool {
  /** Its `close` only says that this user is done. */
  transport(settings: SshSettings): Transport;
  /** Whoever still uses one loses it. */
  close(): Promise<void>;
}

interface Kept {
  transport: Transport;
  users: number;
  /** Ends it when nobody has come back for so long. */
  idle: NodeJS.Timeout | null;
}

const IDLE_MS = 30_000;

export function createSshPool(
  idleMs = IDLE_MS,
  open: (settings: SshSettings) => Transport = createSshTransport,
): SshPool {
  const kept = new Map<string, Kept>();
  const drop = (key: string, { transport, idle }: Kept): Promise<void> => {
    if (idle) clearTimeout(idle);
    kept.delete(key);
    return transport.close();
  };
  const leave = (key: string, one: Kept): void => {
    one.users--;
    if (one.users > 0 || kept.get(key) !== one) return;
    one.idle = setTimeout(() => void drop(key, one).catch(() => {}), idleMs);
    // Nothing that has to be done: it must not keep a process from ending.
    one.idle.unref();
  };
  return {
    transport(settings) {
      const key = keyOf(settings);
      const one = kept.get(key) ?? { transport: open(settings), users: 0, idle: null };
      kept.set(key, one);
      if (one.idle) clearTimeout(one.idle);
      one.idle = null;
      one.users++;
      let left = false;
      return {
        exec: (...asked) => one.transport.exec(...asked),
        dial: (...asked) => one.transport.dial(...asked),
        brought: one.transport.brought,
        async close() {
          if (!left) leave(key, one);
          left = true;
        },
      };
    },
    async close() {
      await Promise.all([...kept].map(([key, one]) => drop(key, one)));
    },
  };
}

const keyOf = ({ host, port, user, identityFile, knownHosts }: SshSettings): string =>
  JSON.stringify([host, port, user, identityFile, knownHosts]);
