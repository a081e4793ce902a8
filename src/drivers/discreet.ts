/** A host whose programs' talk is told without the secrets they were given, before anybody cuts an excerpt out of it. */
import type { Host } from "../model/host.ts";
import { withoutCutStart } from "../model/redaction.ts";

/** The runner gives the end of a log or of a job's output, at most so many bytes. */
const TAIL_BYTES = 8192;
const OUTPUT_BYTES = 65_536;

export interface Discretion {
  redact(text: string): string;
  values(): readonly string[];
}

/** What a command that succeeded prints is left as it is: it is an answer, which drivers read. */
export function discreet(host: Host, { redact, values }: Discretion): Host {
  const end = (text: string, most: number): string =>
    redact(Buffer.byteLength(text) < most ? text : withoutCutStart(text, values()));
  const changed: Pick<Host, "exec" | "jobState" | "serviceState"> = {
    async exec(command, options) {
      const ran = await host.exec(command, options);
      return ran.code === 0 ? ran : { ...ran, stdout: redact(ran.stdout), stderr: redact(ran.stderr) };
    },
    async jobState(id) {
      const job = await host.jobState(id);
      return "output" in job ? { ...job, output: end(job.output, OUTPUT_BYTES) } : job;
    },
    async serviceState(name) {
      const service = await host.serviceState(name);
      return { ...service, tail: end(service.tail, TAIL_BYTES) };
    },
  };
  return new Proxy(host, {
    get: (held, key) => {
      const value: unknown = Reflect.get(key in changed ? changed : held, key);
      return typeof value === "function" ? value.bind(held) : value;
    },
  });
}
