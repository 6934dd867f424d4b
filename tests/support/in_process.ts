/**
 * Runs a command of trawl inside the test's process, on a clock and an environment that the test sets: cheaper than a
 * process where neither signals nor permissions matter.
 *
 * @module
 */

import { main } from "../../lib/command/dispatch.ts";
import { stateEnv } from "./trawl.ts";

/** How a command ended, and what it printed. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the command finds outside itself. */
export interface Outside {
  /** Default: the time now. */
  readonly nowMs?: number;
  /** Variables beside those of every process that a test starts. */
  readonly env?: Readonly<Record<string, string>>;
  /** Aborted for SIGINT. Default: never. */
  readonly signal?: AbortSignal;
}

/** Runs `trawl ARGS`. The working directory is the test's, so paths must be absolute. */
export async function trawlHere(args: readonly string[], outside: Outside = {}): Promise<Said> {
  const { nowMs, env = {}, signal = new AbortController().signal } = outside;
  const decoder = new TextDecoder();
  const variables = new Map(Object.entries({ ...stateEnv, ...env }));
  let stdout = "";
  let stderr = "";
  const code = await main(args, {
    out: (data) => stdout += typeof data === "string" ? data : decoder.decode(data),
    log: (text) => stderr += text,
    columns: () => undefined,
    env: (name) => variables.get(name),
    now: () => nowMs ?? Date.now(),
    interruptible: () => signal,
  });
  return { code, stdout, stderr };
}

/** As {@linkcode trawlHere}, on a clock that stands still. */
export async function runCommand(
  args: readonly string[],
  nowMs = Date.now(),
  env: Readonly<Record<string, string>> = {},
): Promise<Said> {
  return await trawlHere(args, { nowMs, env });
}
