/**
 * What a command may use of the world outside: given by `main.ts`, and by tests.
 *
 * @module
 */

import { InterruptedError, UsageError } from "../errors.ts";
import type { Arguments } from "./flag.ts";

/** The world outside. */
export interface Context {
  /** Standard output is for data. */
  readonly out: (data: string | Uint8Array) => void;
  /** Standard error is for progress and messages. */
  readonly say: (text: string) => void;
  /** Columns that the terminal has now that standard error is; undefined if it is none. */
  readonly columns: () => number | undefined;
  /** Milliseconds since 1970: which windows have closed. */
  readonly now: () => number;
  readonly env: (name: string) => string | undefined;
  /** Aborted by SIGINT or SIGTERM, from the first call on; before, these end the process as usual. */
  readonly interruptible: () => AbortSignal;
}

/** What a command does: it resolves to the exit code. */
export type Action = (args: Arguments, context: Context) => Promise<number>;

/** The exit codes of all commands. */
export const Exit = {
  done: 0,
  failed: 1,
  usage: 2,
  incomplete: 3,
  interrupted: 75,
} as const;

/** The exit code of a command that threw. */
export function exitOfError(error: unknown): number {
  if (error instanceof UsageError) return Exit.usage;
  return error instanceof InterruptedError ? Exit.interrupted : Exit.failed;
}
