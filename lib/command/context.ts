/**
 * What a command may use of the world outside: given by `main.ts`, and by tests.
 *
 * @module
 */

import { InterruptedError, UsageError } from "../errors.ts";
import type { Arguments } from "./flag.ts";

/** How much a message matters: it went wrong, it may have to be looked at, or it is good to know. */
export type Level = "error" | "warning" | "info";

/** The world outside, as it is. */
export interface World {
  /** Standard output is for data. */
  readonly out: (data: string | Uint8Array) => void;
  /** Standard error is for progress and messages: whole lines, which are good to know unless a level is given. */
  readonly log: (text: string, level?: Level) => void;
  /** Columns that the terminal has now that standard error is; undefined if it is none. */
  readonly columns: () => number | undefined;
  /** Milliseconds since 1970: which windows have closed. */
  readonly now: () => number;
  readonly env: (name: string) => string | undefined;
  /** Aborted by SIGINT or SIGTERM, from the first call on; before, these end the process as usual. */
  readonly interruptible: () => AbortSignal;
}

/**
 * The world outside, as commands see it. No secret that was read passes `out` and `say`, nor does text that could
 * steer a terminal; bytes are data, and pass as they are.
 */
export interface Context extends World {
  /** Writes to the terminal that standard error is, control sequences and all: for the progress bar alone. */
  readonly draw: (text: string) => void;
  /** The secret of a name; throws as `secretOf` does. */
  readonly secret: (name: string) => string | undefined;
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

/** A variable that systemd may have set; undefined also where it may not be read, as trawl does without it. */
export function envIfAllowed(name: string, env: Context["env"]): string | undefined {
  try {
    return env(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/** The exit code of a command that threw. */
export function exitOfError(error: unknown): number {
  if (error instanceof UsageError) return Exit.usage;
  return error instanceof InterruptedError ? Exit.interrupted : Exit.failed;
}
