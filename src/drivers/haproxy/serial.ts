/** Lets work on one load balancer happen one after the other, whoever holds a driver for it. */

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
