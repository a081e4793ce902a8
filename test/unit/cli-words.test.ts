/** The words of the command line: each is read only when it is asked for, and found under the names it gives itself. */
import { Command } from "commander";
import { expect, test } from "vitest";
import { commands } from "../../src/cli/program.ts";

test.each(commands.map(({ names, load }) => [names.join(", "), load] as const))(
  "%s is what its file adds",
  async (names, load) => {
    const program = new Command();
    const add = await load();
    add(program, () => {});
    const visible = program.createHelp().visibleCommands(program);
    expect(
      visible
        .map((command) => command.name())
        .filter((name) => name !== "help")
        .join(", "),
    ).toBe(names);
  },
);
