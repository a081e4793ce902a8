/** Lets work on one load balancer happen one after the other, whoever holds a driver for it, or once for many who ask at once. */

const tails = new Map<string, Promise<unknown>>();

/** Runs after everything that was asked for under the same key, also when that failed. */
export function serially<T>(key: string, work: () => Promise<T>): Promise<T> {
  const result = (tails.get(key) ?? Promise.resolve()).then(work);
  const tail = result.catch(() => {});
  tails.set(key, tail);
  void tail.then(() => {
    if (tails.get(key) === tail) tails.delete(key);
  });
  return result;
}

/** Who asks while it is being done shares the next time with everybody else who waits: what he gets began after he asked. */
export function sharing<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | null = null;
  return () => {
    if (next) return next;
    const mine = running.then(() => {
      next = null;
      const begun = work();
      running = begun.catch(() => {});
      return begun;
    });
    next = mine;
    return mine;
  };
}
