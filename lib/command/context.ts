/**
 * What a command may use of the outside world: standard streams, clock, environment and signals. Given by `main.ts`,
 * and by tests.
 *
 * @module
 */

/** How much a message matters: an error, something to look at, or information. */
export type MessageLevel = "error" | "warning" | "info";

/** The outside world as it is. */
export interface Platform {
  /** Writes data to standard output. */
  readonly out: (data: string | Uint8Array) => void;
  /** Writes whole lines to standard error: messages and progress. The default level is `info`. */
  readonly log: (text: string, level?: MessageLevel) => void;
  /** Width of the terminal that standard error is, now; undefined if it is no terminal. */
  readonly columns: () => number | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly env: (name: string) => string | undefined;
  /** Aborted by SIGINT or SIGTERM. Until the first call these signals end the process as usual. */
  readonly interruptible: () => AbortSignal;
}

/**
 * The outside world as commands see it. `out` and `log` replace the secrets that were read by `***` and remove what
 * steers a terminal from text; bytes pass unchanged.
 */
export interface CommandContext extends Platform {
  /** Writes to standard error as it is, control sequences included: for the progress bar only. */
  readonly draw: (text: string) => void;
  /** The secret of a name; throws as `secretOf` does. */
  readonly secret: (name: string) => string | undefined;
}

/** An environment variable; undefined also where `--allow-env` does not cover it, as it is optional to trawl. */
export function envIfAllowed(name: string, env: Platform["env"]): string | undefined {
  try {
    return env(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}
