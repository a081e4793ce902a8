/** The program: `serve` is the control plane, `demo` and `example` run examples/, all else is the command line. */
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

// Halves the memory of the control plane and the start of each command; without a folder to write to, it does nothing.
enableCompileCache(join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "changeover", "compiled"));

const [word] = process.argv.slice(2);

if (word === "serve") {
  const { serve } = await import("./serve/serve.ts");
  try {
    await serve();
  } catch (error) {
    const [{ Problem }, { printProblem }] = await Promise.all([
      import("./model/problem.ts"),
      import("./cli/output.ts"),
    ]);
    if (!(error instanceof Problem)) throw error;
    process.exit(printProblem(error, false));
  }
} else {
  const { commands, runProgram } = await import("./cli/program.ts");
  const demo = { names: ["demo", "example"], load: async () => (await import("./demo/demo.ts")).demo };
  process.exitCode = await runProgram(process.argv.slice(2), [...commands, demo]);
}
