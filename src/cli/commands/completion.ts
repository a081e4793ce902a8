/** `changeover completion SHELL`: prints what makes a shell complete us; `complete` is what that asks at each Tab. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Argument } from "commander";
import { fitting, wantedAt } from "../candidates.ts";
import type { AddCommand } from "../command.ts";
import { findHome } from "../home.ts";
import { namesOf } from "../names.ts";

const SCRIPTS: Record<string, string> = { bash: "bash.sh", zsh: "zsh.sh", fish: "fish.fish" };

export const completion: AddCommand = (program) => {
  program
    .command("completion")
    .description("print a script that makes your shell complete commands, options and names")
    .addArgument(new Argument("<shell>", "which one").choices(Object.keys(SCRIPTS)))
    .action((shell: string) => {
      process.stdout.write(readFileSync(join(import.meta.dirname, "..", "completion", SCRIPTS[shell] ?? ""), "utf8"));
    });
  program
    .command("complete", { hidden: true })
    .description("what may stand at the end of these words: a line each, a tab, what it means; or :files")
    .argument("[words...]")
    .action(async (words: string[]) => {
      const wanted = wantedAt(program, words);
      if (wanted.kind === "files") return console.log(":files");
      const found = wanted.kind === "words" ? wanted.words : await namesOf(wanted.of, findHome(), words);
      const prefix = wanted.kind === "words" ? "" : wanted.prefix;
      const lines = fitting(
        found.map(({ value, says }) => ({ value: `${prefix}${value}`, says })),
        words.at(-1) ?? "",
      );
      if (lines.length > 0) console.log(lines.join("\n"));
    });
};
