/** The same act on several servers at once; the first failure is thrown when all have ended. */
export async function each<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const ended = await Promise.allSettled(items.map(act));
  const failed = ended.find((one) => one.status === "rejected");
  if (failed) throw failed.reason;
  return ended.map((one) => (one as PromiseFulfilledResult<R>).value);
}
