/** An object whose methods refuse once a signal is aborted: for what a step may no longer do after it was told to end. */
export function guarded<T extends object>(target: T, signal: AbortSignal): T {
  return new Proxy(target, {
    get(held, name) {
      const value: unknown = Reflect.get(held, name);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        signal.throwIfAborted();
        return value.apply(held, args);
      };
    },
  });
}
