/**
 * One process from start to end, as a user runs it: its time, its peak memory, its output. Keeps only the beginning of
 * the output, and kills a process that takes too long.
 *
 * @module
 */

import { messageOf } from "../../lib/errors.ts";

/** Time limit of a process. */
const secondsMax = 120;
/** Polling interval. The kernel keeps the peak, so only growth in the last moments is missed. */
const peakEveryMs = 10;
/** Bound of the output that is kept, for a summary or an error. */
const textBytesMax = 64 * 1_024;

const LINE_FEED = 10;

/** A command. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

/** A process that exited with 0. */
export interface Ended {
  /** From before its start to after its end. */
  readonly seconds: number;
  /** The most resident memory it held; undefined where the system does not tell. */
  readonly peakBytes: number | undefined;
  /** Line feeds on standard output. */
  readonly lines: number;
  /** The first 64 KiB of standard output. */
  readonly text: string;
}

/**
 * Runs a command until it ends.
 *
 * @throws {Error} If it fails, or takes more than two minutes.
 * @throws The signal's reason, once it is aborted.
 */
export async function runCommand({ program, args }: Command, signal: AbortSignal): Promise<Ended> {
  const startedMs = performance.now();
  const child = new Deno.Command(program, {
    args: [...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const limit = AbortSignal.timeout(secondsMax * 1_000);
  const stop = () => killQuietly(child);
  for (const end of [signal, limit]) end.addEventListener("abort", stop);
  let peakBytes: number | undefined;
  // No wrapper such as `time`: the process must be killed by its own id.
  const watch = setInterval(() => peakBytes = peakOf(child.pid) ?? peakBytes, peakEveryMs);
  try {
    const [out, err, status] = await Promise.all([digest(child.stdout), digest(child.stderr), child.status]);
    const seconds = (performance.now() - startedMs) / 1_000;
    signal.throwIfAborted();
    if (limit.aborted) throw new Error(`took more than ${secondsMax} s`);
    if (!status.success) {
      throw new Error(messageOf(err.text.trim() || `exit code ${status.code}`).slice(0, 200));
    }
    return { seconds, peakBytes, ...out };
  } finally {
    clearInterval(watch);
    for (const end of [signal, limit]) end.removeEventListener("abort", stop);
  }
}

/** Kills a process that still runs. */
export function killQuietly(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // The process has ended.
  }
}

/** Counts the lines of a stream and keeps its beginning. */
async function digest(stream: ReadableStream<Uint8Array>): Promise<{ lines: number; text: string }> {
  const decoder = new TextDecoder();
  let text = "";
  let lines = 0;
  for await (const chunk of stream) {
    for (let at = 0; at < chunk.length; at++) if (chunk[at] === LINE_FEED) lines++;
    if (text.length < textBytesMax) text += decoder.decode(chunk.subarray(0, textBytesMax), { stream: true });
  }
  return { lines, text };
}

/** The peak resident memory of a process in bytes; undefined except on Linux. */
function peakOf(pid: number): number | undefined {
  try {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1];
    return kib === undefined ? undefined : Number(kib) * 1_024;
  } catch {
    return undefined;
  }
}
