/** Work that is done again and again for as long as the control plane lives; one failure is told once. */

export function repeat(
  work: () => Promise<unknown>,
  everyMs: number,
  log: (line: string) => void,
): { stop(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let last = "";
  const once = async (): Promise<void> => {
    try {
      await work();
      last = "";
    } catch (error) {
      const line = `changeover: ${error instanceof Error ? error.message : String(error)}`;
      if (line !== last && !stopped) log(line);
      last = line;
    }
    if (stopped) return;
    timer = setTimeout(() => {
      running = once();
    }, everyMs);
    timer.unref();
  };
  let running = once();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
