/**
 * The command line reference in Markdown, `docs/cli.md`, made from the tables of commands and flags. Pure.
 *
 * @module
 */

import type { Command } from "./command.ts";
import { exitMeanings } from "./exit_code.ts";
import type { Flag } from "./flag.ts";
import { examplesOf, exitsOf, explanationOf, presetsOf, sentence, tagline, usageOf } from "./help.ts";

/** The whole page. */
export function cliReference(commands: readonly Command[]): string {
  const lines = [
    "# Command line",
    "",
    `${tagline} This page is generated: \`trawl help --format markdown\`.`,
    "",
    "Data goes to standard output, messages and progress to standard error.",
    "",
    ...table(
      ["command", "what it does"],
      commands.map((command) => [`[\`${usageOf(command)}\`](#trawl-${command.name})`, command.summary]),
    ),
    "",
    "## Exit codes",
    "",
    ...table(["code", "meaning"], Object.entries(exitMeanings)),
    ...commands.flatMap(commandLines),
  ];
  return `${lines.join("\n")}\n`;
}

function commandLines(command: Command): string[] {
  const all = presetsOf(command);
  return [
    "",
    `## trawl ${command.name}`,
    "",
    "```sh",
    usageOf(command),
    "```",
    "",
    escape(`${sentence(command.summary)}. ${command.about}`),
    "",
    ...command.flags.map(flagLine),
    ...(all.length === 0
      ? []
      : ["", "Presets:", "", ...all.map(([name, text]) => `- \`${name}\`: ${escape(text)}`)]),
    "",
    "Exit codes:",
    "",
    ...exitsOf(command).map(([code, meaning]) => `- ${code}: ${escape(meaning)}`),
    "",
    "```sh",
    ...command.examples,
    "```",
  ];
}

function flagLine(flag: Flag): string {
  const examples = examplesOf(flag).map((example) => `\`${example}\``);
  const text = examples.length === 0 ? "" : ` Example: ${examples.join(" or ")}`;
  return `- ${flagName(flag)}: ${escape(explanationOf(flag))}${text}`;
}

function flagName({ name, short, value }: Flag): string {
  return `${short === undefined ? "" : `\`-${short}\`, `}\`--${name}${
    value === undefined ? "" : ` ${value}`
  }\``;
}

/** A table with columns padded to the widest cell. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const cells = [head, ...rows].map((row) => row.map(escape));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => [...row[column] ?? ""].length)));
  const line = (row: readonly string[]) =>
    `| ${
      row.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - [...cell].length)).join(" | ")
    } |`;
  const [first = [], ...more] = cells;
  return [line(first), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...more.map(line)];
}

/** Marks examples, placeholders and asterisks as code. */
function withCode(text: string): string {
  return text
    .replace(
      /(?<=Examples?: )(.+?)(?=\.(?: Default:|$))/,
      (all) => all.split(/, (?=--)/).map((it) => `\`${it}\``).join(", "),
    )
    .replaceAll(/(`[^`]*`)|(\{[\w.]+\}|\*{3})/g, (_, code, bare) => code ?? `\`${bare}\``);
}

/** Escapes what Markdown and its tables interpret outside code. */
function escape(text: string): string {
  return withCode(text).split(/(`[^`]*`)/).map((part, index) =>
    index % 2 === 1 ? part.replaceAll("|", "\\|") : part.replaceAll(/[*_|<>]/g, "\\$&")
  ).join("");
}
