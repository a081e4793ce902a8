/** The program: `serve` is the control plane, `demo` and `example` run examples/, all else is the command line. */
const [word] = process.argv.slice(2);

if (word === "serve") {
  const { serve } = await import("./serve.ts");
  await serve();
} else {
  const { commands, runProgram } = await import("./cli/program.ts");
  const { demo } = await import("./demo/demo.ts");
  process.exitCode = await runProgram(process.argv.slice(2), [...commands, demo]);
}
