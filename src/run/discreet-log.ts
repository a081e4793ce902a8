/** Keeps secrets out of the control plane's log, whoever writes to it: libraries and crashes talk there, too. */

export function keepLogDiscreet(redact: (text: string) => string): void {
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as (text: string, ...more: unknown[]) => boolean;
    stream.write = (chunk: string | Uint8Array, ...more: unknown[]): boolean =>
      write(redact(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString()), ...more);
  }
  // Node itself would print it past the streams. The supervisor starts us again.
  process.on("uncaughtException", (error) => {
    console.error(error);
    process.exit(1);
  });
}
