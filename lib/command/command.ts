/**
 * What a command is: its name, operands, flags, texts and action. The table is `commands.ts`.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { nearest } from "../text/nearest.ts";
import type { CommandContext } from "./context.ts";
import type { ExitCode } from "./exit_code.ts";
import type { Arguments, Flag } from "./flag.ts";

/** What a command does. Resolves to the exit code. */
export type Action = (args: Arguments, context: CommandContext) => Promise<ExitCode>;

/** What an operand stands for, so that a shell can complete it: `job` is a preset or a file. */
export type OperandKind = "none" | "job" | "preset" | "file" | "command" | readonly string[];

/** A command: the parser, the help, the completions, the man page, `docs/cli.md` and the tests all read this. */
export interface Command {
  readonly name: string;
  /** As usage shows them, such as `JOB`; empty if there are none. */
  readonly operands: string;
  readonly operandKind: OperandKind;
  /** One line, lower case, no full stop. */
  readonly summary: string;
  /** Some sentences for the long help. */
  readonly about: string;
  readonly flags: readonly Flag[];
  /** The exit codes beside those that every command has (`exit_code.ts`), with their meaning here. */
  readonly exits?: readonly (readonly [code: ExitCode, meaning: string])[];
  readonly examples: readonly string[];
  readonly action: Action;
}

/** @throws {UsageError} If there is no such command; the message names the nearest one. */
export function commandOf(name: string, commands: readonly Command[]): Command {
  const command = commands.find((command) => command.name === name);
  if (command !== undefined) return command;
  const close = nearest(name, commands.map(({ name }) => name));
  throw new UsageError(
    `Unknown command "${name}": ${close === undefined ? "see trawl --help" : `did you mean "${close}"?`}`,
  );
}
