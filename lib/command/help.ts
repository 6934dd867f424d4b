/**
 * Help texts, made from the tables of commands and flags. `-h` is short, `--help` is long.
 *
 * @module
 */

import type { Command } from "./commands.ts";
import type { Flag } from "./flag.ts";

const lineWidth = 100;

/** All commands, a line each. */
export function overview(commands: readonly Command[]): string {
  const usages = commands.map(({ name, operands }) => `trawl ${name} ${operands}`.trimEnd());
  const width = Math.max(...usages.map((usage) => usage.length));
  return [
    "trawl asks a JSON HTTP API the same question for a long list of keys, and keeps the answers in SQLite.",
    "",
    ...commands.map(({ summary }, index) => `  ${(usages[index] ?? "").padEnd(width)}  ${summary}`),
    "",
    "trawl COMMAND --help tells more about a command; trawl --version tells the version.",
    "",
  ].join("\n");
}

/** One command: usage, flags, examples. The long form adds what each flag is about. */
export function commandHelp(command: Command, { isLong }: { readonly isLong: boolean }): string {
  const { name, operands, summary, about, flags, examples } = command;
  return [
    `Usage: trawl ${name} ${operands}`.trimEnd(),
    "",
    `${sentence(summary)}.`,
    ...(isLong ? wrap(about, "") : []),
    "",
    ...flagLines(flags, isLong),
    "",
    examples.length === 1 ? "Example:" : "Examples:",
    ...examples.map((example) => `  ${example}`),
    "",
  ].join("\n");
}

function flagLines(flags: readonly Flag[], isLong: boolean): string[] {
  const names = flags.map(nameOf);
  const width = Math.max(...names.map((name) => name.length));
  return flags.flatMap((flag, index) => [
    `  ${(names[index] ?? "").padEnd(width)}  ${flag.help}`,
    ...(isLong ? wrap(flag.more, " ".repeat(width + 4)) : []),
  ]);
}

function nameOf({ name, short, value }: Flag): string {
  return `${short === undefined ? "    " : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

function wrap(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent.length + line.length + 1 + word.length > lineWidth) {
      lines.push(indent + line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return line === "" ? lines : [...lines, indent + line];
}
