/** The contracts' programs on simulated machines, under the names that the simulated commands call them by. */
import { type Program, simulatedCommand as command } from "../../../src/providers/simulated/host-processes.ts";
import type { Programs } from "./world.ts";

const [first, second] = [0, 1];

export const registered: Record<string, Program> = {
  say: ({ args, print }) => {
    print(`${args[first]}`);
    return Number(args[second] ?? 0);
  },
  sleep: async ({ args, sleep }) => {
    await sleep(Number(args[first]));
    return 0;
  },
  cat: ({ stdin, print }) => {
    print(stdin);
    return 0;
  },
  variable: ({ args, env, print }) => {
    print(env[args[first] ?? ""] ?? "");
    return 0;
  },
  folder: ({ folder, print }) => {
    print(`${folder}\n`);
    return 0;
  },
  append: ({ args, appendFile }) => {
    appendFile(args[first] ?? "", `${args[second]}\n`);
    return 0;
  },
  "append-slowly": async ({ args, appendFile, sleep }) => {
    appendFile(args[first] ?? "", "begun\n");
    await sleep(Number(args[second]));
    appendFile(args[first] ?? "", "ended\n");
    return 0;
  },
  beat: async ({ args, appendFile, sleep }) => {
    for (;;) {
      appendFile(args[first] ?? "", "beat\n");
      await sleep(20);
    }
  },
  deaf: async ({ args, appendFile, sleep, ignoreTerm }) => {
    ignoreTerm();
    for (;;) {
      appendFile(args[first] ?? "", "beat\n");
      await sleep(20);
    }
  },
  "beat-behind": async ({ args, daemon, sleep }) => {
    daemon(command("beat", ...args));
    await sleep(600_000);
    return 0;
  },
  flood: ({ args, print }) => {
    print("x".repeat(Number(args[first])));
    print("end\n");
    return 0;
  },
  kill: ({ args, kill }) => {
    kill(Number(args[first]));
    return 0;
  },
};

export const simulatedPrograms: Programs = {
  say: (text) => command("say", text),
  sayThenExit: (text, code) => command("say", `${text}\n`, String(code)),
  sleep: (ms) => command("sleep", String(ms)),
  copyInput: () => command("cat"),
  printVariable: (name) => command("variable", name),
  printFolder: () => command("folder"),
  append: (path, text) => command("append", path, text),
  appendSlowly: (path, ms) => command("append-slowly", path, String(ms)),
  beatBehind: (path) => command("beat-behind", path),
  flood: (bytes) => command("flood", String(bytes)),
  kill: (pid) => command("kill", String(pid)),
  deaf: (path) => command("deaf", path),
};
