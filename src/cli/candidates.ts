/** What may stand at the cursor, read from the tree of commands itself: a command that is added is completed by that. */
import type { Argument, Command, Option } from "commander";

export interface Candidate {
  value: string;
  says: string;
}

/** Words that are known here, names of some kind that somebody has to look up, or the name of a file. */
export type Wanted =
  | { kind: "words"; words: Candidate[] }
  | { kind: "names"; of: string; prefix: string }
  | { kind: "files" };

/** Bash puts what it is given onto the line as it is: a name that means more than itself there is left to be typed. */
const PLAIN = /^[\p{L}\p{N}_.,:@%+=/-]+$/u;

/** The lines that shells read: those that go on from what was typed, each with what it means. */
export const fitting = (candidates: Candidate[], typed: string): string[] =>
  candidates
    .filter(({ value }) => value.startsWith(typed) && PLAIN.test(value))
    .map(({ value, says }) => `${value}\t${says.replace(/\s+/g, " ")}`);

/** `words` are those after "changeover"; the last one is at the cursor, empty when it has not begun. */
export function wantedAt(program: Command, words: string[]): Wanted {
  const word = words.at(-1) ?? "";
  let place: Place = { command: program, flags: [], values: 0, open: null };
  for (const before of words.slice(0, -1)) place = after(place, before);
  const { command, flags, values, open } = place;
  if (open) return wantedFor(open, "");
  if (word.startsWith("-")) {
    const [flag = "", value] = word.split("=", 2);
    if (value === undefined) return { kind: "words", words: flagsOf(command, flags) };
    const option = findOption(command, flag);
    return option ? wantedFor(option, `${flag}=`) : NOTHING;
  }
  const inner = values === 0 ? subcommands(command) : [];
  if (inner.length > 0) return { kind: "words", words: inner.map(asCandidate) };
  const argument = command.registeredArguments[values] ?? command.registeredArguments.find(({ variadic }) => variadic);
  return argument ? wantedFor(argument, "") : NOTHING;
}

/** Where reading the line has come to. */
interface Place {
  command: Command;
  /** Options of this command that were given. */
  flags: string[];
  /** How many arguments were given. */
  values: number;
  /** The option that waits for its value. */
  open: Option | null;
}

function after({ command, flags, values, open }: Place, word: string): Place {
  if (open) return { command, flags, values, open: null };
  if (word.startsWith("-")) {
    const [flag = "", value] = word.split("=", 2);
    const option = findOption(command, flag);
    return {
      command,
      flags: [...flags, flag],
      values,
      open: value === undefined && takesValue(option) ? option : null,
    };
  }
  const inner = values === 0 ? subcommands(command).find((each) => each.name() === word) : undefined;
  if (inner) return { command: inner, flags: [], values: 0, open: null };
  return { command, flags, values: values + 1, open: null };
}

const NOTHING: Wanted = { kind: "words", words: [] };
const FILES = ["file", "path"];

/** What an argument or an option's value is, its placeholder says: `[environment]`, `--to <release>`, `--file <path>`. */
function wantedFor(taker: Argument | Option, prefix: string): Wanted {
  if (taker.argChoices) {
    return { kind: "words", words: taker.argChoices.map((choice) => ({ value: `${prefix}${choice}`, says: "" })) };
  }
  const placeholder = "flags" in taker ? (/[<[]([\w-]+)/.exec(taker.flags)?.[1] ?? "") : taker.name();
  return FILES.includes(placeholder) ? { kind: "files" } : { kind: "names", of: placeholder, prefix };
}

const subcommands = (command: Command): Command[] => command.createHelp().visibleCommands(command);

const asCandidate = (command: Command): Candidate => ({ value: command.name(), says: command.description() });

const optionsOf = (command: Command): Option[] => command.createHelp().visibleOptions(command);

const findOption = (command: Command, flag: string): Option | null =>
  optionsOf(command).find(({ long, short }) => long === flag || short === flag) ?? null;

const takesValue = (option: Option | null): boolean => option !== null && (option.required || option.optional);

/** Only long ones: they say what they mean. */
const flagsOf = (command: Command, given: string[]): Candidate[] =>
  optionsOf(command).flatMap(({ long, description }) =>
    long && !given.includes(long) ? [{ value: long, says: description }] : [],
  );
