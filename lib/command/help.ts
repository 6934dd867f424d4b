/**
 * Help texts in 80 columns, made from the tables of commands and flags: `-h` has one line for each flag, `--help`
 * explains each flag. Pure.
 *
 * @module
 */

import { presets } from "../job/presets.ts";
import type { Command } from "./command.ts";
import { type ExitCode, exitCode, exitMeanings } from "./exit_code.ts";
import type { Flag } from "./flag.ts";
import { shellWord } from "./shell_word.ts";

/** What the program is, for the first line of every manual. */
export const tagline = "trawl asks a JSON HTTP API the same question for a long list of keys.";

const columnsMax = 80;

/** All commands, a line each. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => usageOf(command).length));
  return [
    tagline,
    "It stores the answers in SQLite, in constant memory, as fast as the API allows.",
    "",
    ...commands.map((command) => `  ${usageOf(command).padEnd(width)}  ${command.summary}`),
    "",
    "trawl COMMAND -h lists the flags, --help explains them. -V prints the version.",
    "",
  ].join("\n");
}

/** One command: usage, flags, examples; the long form adds explanations, presets and exit codes. */
export function commandHelp(command: Command, { isLong }: { readonly isLong: boolean }): string {
  const { summary, about, flags, examples } = command;
  return [
    `Usage: ${usageOf(command)}`,
    "",
    `${sentence(summary)}.`,
    ...(isLong ? wrap(about) : []),
    "",
    ...(isLong ? [...flags.flatMap(longFlagLines), ...presetLines(command), ...exitLines(command)] : [
      ...shortFlagLines(flags),
      "",
    ]),
    examples.length === 1 ? "Example:" : "Examples:",
    ...examples.map((example) => `  ${example}`),
    "",
  ].join("\n");
}

/** `trawl run JOB`. */
export function usageOf({ name, operands }: Pick<Command, "name" | "operands">): string {
  return `trawl ${name} ${operands}`.trimEnd();
}

/** The presets that a command takes as its operand, with their summaries. */
export function presetsOf({ operandKind }: Command): (readonly [name: string, summary: string])[] {
  if (operandKind !== "job" && operandKind !== "preset") return [];
  return Object.entries(presets).map(([name, { summary }]) => [name, summary]);
}

/** The exit codes of a command, smallest first. */
export function exitsOf({ exits = [] }: Command): (readonly [code: ExitCode, meaning: string])[] {
  const own = new Map(exits);
  const codes = [exitCode.done, exitCode.failed, exitCode.usage, ...own.keys()];
  return [...new Set(codes)].sort((a, b) => a - b).map((code) => [code, own.get(code) ?? exitMeanings[code]]);
}

/** `The text.` of a summary or of a flag's short help. */
export function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** A flag's explanation: its help as a sentence, its long text, its default. */
export function explanationOf(flag: Flag): string {
  const byDefault = flag.value === undefined || flag.default === undefined
    ? ""
    : ` Default: ${flag.default}.`;
  return `${sentence(flag.help)}. ${flag.more}${byDefault}`;
}

/** The examples of a flag, as words of a command line; none for a switch. */
export function examplesOf(flag: Flag): string[] {
  return flag.value === undefined ? [] : flag.examples.map((value) => `--${flag.name} ${shellWord(value)}`);
}

/** A flag's name of more characters has its help on the next line: 52 characters of help then fit. */
const nameCharsMax = 24;

function shortFlagLines(flags: readonly Flag[]): string[] {
  const names = flags.map(nameOf);
  const width = Math.max(...names.map(({ length }) => length).filter((length) => length <= nameCharsMax));
  return flags.flatMap(({ help }, index) => {
    const name = names[index] ?? "";
    return name.length <= width
      ? [`  ${name.padEnd(width)}  ${help}`]
      : [`  ${name}`, `  ${" ".repeat(width)}  ${help}`];
  });
}

function longFlagLines(flag: Flag): string[] {
  const examples = examplesOf(flag);
  const text = examples.length === 0 ? "" : ` Example: ${examples.join(" or ")}`;
  return [`  ${nameOf(flag)}`, ...wrap(`${explanationOf(flag)}${text}`, " ".repeat(10)), ""];
}

function presetLines(command: Command): string[] {
  const all = presetsOf(command);
  if (all.length === 0) return [];
  return [
    "Presets:",
    ...all.flatMap(([name, summary]) => [`  ${name}`, ...wrap(summary, " ".repeat(10))]),
    "",
  ];
}

function exitLines(command: Command): string[] {
  return [
    "Exit codes:",
    ...exitsOf(command).flatMap(([code, meaning]) => {
      const [first = "", ...more] = wrap(meaning, " ".repeat(6));
      return [`  ${String(code).padEnd(4)}${first.trimStart()}`, ...more];
    }),
    "",
  ];
}

function nameOf({ name, short, value }: Flag): string {
  return `${short === undefined ? "    " : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`;
}

function wrap(text: string, indent = ""): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent.length + line.length + 1 + word.length > columnsMax) {
      lines.push(indent + line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return line === "" ? lines : [...lines, indent + line];
}
