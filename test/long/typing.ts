/** A real interactive shell on a terminal of its own, into which a test types: what Tab made of a line is then told. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const LIMIT_MS = 20_000;

export const hasProgram = (name: string): boolean =>
  (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, name)));

/** Instead of running a line it is told; what completes it still runs. */
const TELLING = `changeover() { if [ "$1" = complete ]; then command changeover "$@"; else printf 'LI''NE<%s>\\n' "$*"; fi; }`;

export interface Shell {
  /** Types the keys and Enter; gives the words after "changeover" as the shell then had them. */
  type(keys: string): Promise<string>;
  end(): Promise<void>;
}

/** `script` gives the shell a terminal, without which it would not complete. `setup` must register the completion. */
export async function openShell(
  command: string,
  setup: string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<Shell> {
  const child = spawn("script", ["-qec", command, "/dev/null"], { ...options, stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    output += part;
  });
  const until = (text: RegExp) =>
    seen(
      child,
      () => text.exec(output),
      () => output,
    );
  child.stdin.write([...setup, TELLING, "echo rea''dy", ""].join("\n"));
  await until(/^ready\r?$/m);
  return {
    async type(keys) {
      output = "";
      child.stdin.write(`${keys}\n`);
      return (await until(/LINE<(.*)>/))[1] ?? "";
    },
    async end() {
      child.stdin.write("exit\n");
      const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await ended;
      clearTimeout(late);
    },
  };
}

async function seen(
  child: ChildProcess,
  find: () => RegExpExecArray | null,
  output: () => string,
): Promise<RegExpExecArray> {
  const deadline = Date.now() + LIMIT_MS;
  for (let found = find(); Date.now() < deadline; found = find()) {
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  child.kill("SIGKILL");
  throw new Error(`the shell did not get there: ${output()}`);
}
