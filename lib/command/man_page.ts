/**
 * The manual page trawl(1) in roff (man(7) macros), made from the tables of commands and flags. Pure.
 *
 * @module
 */

import type { Command } from "./command.ts";
import { exitMeanings } from "./exit_code.ts";
import type { Flag } from "./flag.ts";
import { examplesOf, exitsOf, explanationOf, presetsOf, sentence, tagline, usageOf } from "./help.ts";
import { version } from "./version.ts";

/** The page; its text wraps at the width of the reader's terminal. */
export function manPage(commands: readonly Command[]): string {
  const lines = [
    `.TH TRAWL 1 "" "trawl ${version}" "User Commands"`,
    ".SH NAME",
    "trawl \\- ask a JSON HTTP API the same question for a long list of keys",
    ".SH SYNOPSIS",
    ...commands.flatMap(synopsisOf).slice(0, -1),
    ".SH DESCRIPTION",
    escape(`${tagline} It stores the answers in SQLite, in constant memory, as fast as the API allows.`),
    ".SH COMMANDS",
    ...commands.flatMap(commandLines),
    ".SH EXIT STATUS",
    ...Object.entries(exitMeanings).flatMap(([code, meaning]) => item(code, `${sentence(meaning)}.`)),
  ];
  return `${lines.join("\n")}\n`;
}

function synopsisOf(command: Command): string[] {
  return [`.B ${escape(`trawl ${command.name}`)}`, escape(`${command.operands} [flags]`.trimStart()), ".br"];
}

function commandLines(command: Command): string[] {
  return [
    `.SS ${escape(usageOf(command))}`,
    escape(`${sentence(command.summary)}. ${command.about}`),
    ...command.flags.flatMap(flagLines),
    ...headed(
      "Presets:",
      presetsOf(command).flatMap(([name, summary]) => item(name, `${sentence(summary)}.`)),
    ),
    ...headed(
      "Exit status:",
      exitsOf(command).flatMap(([code, text]) => item(String(code), `${sentence(text)}.`)),
    ),
    ...headed("Examples:", [".nf", ".RS", ...command.examples.map(escape), ".RE", ".fi"]),
  ];
}

function flagLines(flag: Flag): string[] {
  const examples = examplesOf(flag).map((example) => `\\fB${escape(example)}\\fR`);
  const text = examples.length === 0 ? "" : ` Example: ${examples.join(" or ")}`;
  return [".TP", `.B ${escape(flagName(flag))}`, `${escape(explanationOf(flag))}${text}`];
}

function headed(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [".PP", title, ...lines];
}

function item(tag: string, text: string): string[] {
  return [".TP", `.B ${escape(tag)}`, escape(text)];
}

function flagName({ name, short, value }: Flag): string {
  return `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`;
}

/** Escapes what roff interprets: backslashes, hyphens that must stay ASCII, and a control character at the start. */
function escape(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("'", "\\(aq").replaceAll("…", "...")
    .replace(/^(?=\.)/, "\\&");
}
