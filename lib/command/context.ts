/**
 * What a command may use of the world outside: given by `main.ts`, and by tests.
 *
 * @module
 */

import type { Arguments } from "./flag.ts";

/** How much a message matters: it went wrong, it may have to be looked at, or it is good to know. */
export type Level = "error" | "warning" | "info";

/** The world outside. */
export interface Context {
  /** Standard output is for data. */
  readonly out: (data: string | Uint8Array) => void;
  /** Standard error is for progress and messages: whole lines, which are good to know unless a level is given. */
  readonly say: (text: string, level?: Level) => void;
  /** Columns that the terminal has now that standard error is; undefined if it is none. */
  readonly columns: () => number | undefined;
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
