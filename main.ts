/**
 * trawl asks a JSON HTTP API the same question for a long list of keys and stores the answers in SQLite. Arguments in,
 * exit code out; standard streams, signals and the process's end are handled here only.
 *
 * @module
 */

import { envIfAllowed, type MessageLevel, type Platform } from "./lib/command/context.ts";
import { main } from "./lib/command/dispatch.ts";
import { exitCode } from "./lib/command/exit_code.ts";

const encoder = new TextEncoder();

function writerTo(stream: { writeSync(bytes: Uint8Array): number }): (data: string | Uint8Array) => void {
  return (data) => {
    let bytes = typeof data === "string" ? encoder.encode(data) : data;
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  };
}

/** Ignores EPIPE: a closed standard error must not end the run. */
function unlessClosed(write: (text: string) => void): (text: string) => void {
  return (text) => {
    try {
      write(text);
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  };
}

/** Adds a priority to each line if standard error is systemd's journal. */
async function withPriorities(
  write: (text: string) => void,
): Promise<(text: string, level?: MessageLevel) => void> {
  const stream = envIfAllowed("JOURNAL_STREAM", (name) => Deno.env.get(name));
  if (stream === undefined) return write;
  const { isJournal, prioritized } = await import("./lib/command/systemd/journal.ts");
  if (!isJournal(stream)) return write;
  return (text, level = "info") => write(prioritized(text, level));
}

/** Under `deno task`, one Ctrl-C arrives twice within a millisecond: from the terminal, and passed on by Deno. */
const sameSignalMs = 500;

/** The first signal aborts, the second ends the process. */
function interruptible(): AbortSignal {
  const controller = new AbortController();
  let firstMs = 0;
  const stop = () => {
    if (!controller.signal.aborted) {
      firstMs = performance.now();
      controller.abort();
    } else if (performance.now() - firstMs > sameSignalMs) {
      Deno.exit(exitCode.interrupted);
    }
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, stop);
  return controller.signal;
}

function columns(): number | undefined {
  return Deno.stderr.isTerminal() ? Deno.consoleSize().columns : undefined;
}

if (import.meta.main) {
  // Without a listener, SIGXFSZ ends the process when a file reaches its size limit; with one, the write fails.
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGXFSZ", () => {});
  const platform: Platform = {
    out: writerTo(Deno.stdout),
    log: await withPriorities(unlessClosed(writerTo(Deno.stderr))),
    columns,
    now: Date.now,
    env: (name) => Deno.env.get(name),
    interruptible,
  };
  try {
    // Ends at once: a terminated Worker in a busy loop, or an unread message to systemd, keeps the process alive.
    Deno.exit(await main(Deno.args, platform));
  } catch (error) {
    // The reader of standard output has ended, as in `trawl extract … | head`.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
