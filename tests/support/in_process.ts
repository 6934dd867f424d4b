/**
 * Runs a command of trawl inside the test's process, on a clock and an environment that the test sets: cheaper than a
 * process where neither signals nor permissions matter.
 *
 * @module
 */

import { main } from "../../lib/command/dispatch.ts";

/** How a command ended, and what it printed. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `trawl ARGS`. The working directory is the test's, so paths must be absolute. */
export async function runCommand(
  args: readonly string[],
  nowMs = Date.now(),
  env: Readonly<Record<string, string>> = {},
): Promise<Said> {
  const decoder = new TextDecoder();
  let stdout = "";
  let stderr = "";
  const code = await main(args, {
    out: (data) => stdout += typeof data === "string" ? data : decoder.decode(data),
    log: (text) => stderr += text,
    columns: () => undefined,
    env: (name) => env[name],
    now: () => nowMs,
    interruptible: () => new AbortController().signal,
  });
  return { code, stdout, stderr };
}
