/**
 * `trawl help`: prints the overview, the long help of a command, or the manual of all commands as a man page or in
 * Markdown.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { type Command, commandOf } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { type ExitCode, exitCode } from "./exit_code.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";
import { commandHelp, overview } from "./help.ts";

/** Prints the overview, the long help of a command, or the manual of all commands. */
export async function helpCommand(
  args: Arguments,
  { out }: CommandContext,
  commands: readonly Command[],
): Promise<ExitCode> {
  const format = args.get(flags.format) ?? "text";
  const [name, ...more] = args.operands;
  if (more[0] !== undefined) {
    throw new UsageError(`Too many operands: name one command, not also "${more[0]}"`);
  }
  if (format === "text") {
    out(name === undefined ? overview(commands) : commandHelp(commandOf(name, commands), { isLong: true }));
    return exitCode.done;
  }
  if (name !== undefined) {
    throw new UsageError(`Cannot use --format ${format}: must stand alone, got the command "${name}"`);
  }
  out(
    format === "man"
      ? (await import("./man_page.ts")).manPage(commands)
      : (await import("./cli_reference.ts")).cliReference(commands),
  );
  return exitCode.done;
}
