/**
 * trawl asks a JSON HTTP API the same question for a long list of keys, and keeps the answers in SQLite.
 *
 * @module
 */

import type { Context, Level } from "./lib/command/context.ts";
import { main } from "./lib/command/main.ts";

const encoder = new TextEncoder();

/** At its end, the process is ended after so long. */
const hangMs = 1_000;

function writer(stream: { writeSync(bytes: Uint8Array): number }): (data: string | Uint8Array) => void {
  return (data) => {
    let bytes = typeof data === "string" ? encoder.encode(data) : data;
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  };
}

/** That nobody reads the messages any more is no reason to end a run. */
function unlessClosed(write: (text: string) => void): (text: string) => void {
  return (text) => {
    try {
      write(text);
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  };
}

/** The journal of systemd is told how much each line matters; whoever else reads them is not. */
async function saying(write: (text: string) => void): Promise<(text: string, level?: Level) => void> {
  if (!Deno.env.has("JOURNAL_STREAM")) return write;
  const { isJournal, prioritized } = await import("./lib/command/journal.ts");
  if (!isJournal(Deno.env.get("JOURNAL_STREAM"))) return write;
  return (text, level = "info") => write(prioritized(text, level));
}

/** The first signal asks the run to stop, the second ends the process. */
function interruptible(): AbortSignal {
  const controller = new AbortController();
  const stop = () => controller.signal.aborted ? Deno.exit(75) : controller.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, stop);
  return controller.signal;
}

function columns(): number | undefined {
  return Deno.stderr.isTerminal() ? Deno.consoleSize().columns : undefined;
}

if (import.meta.main) {
  const context: Context = {
    out: writer(Deno.stdout),
    say: await saying(unlessClosed(writer(Deno.stderr))),
    columns,
    env: (name) => Deno.env.get(name),
    interruptible,
  };
  try {
    Deno.exitCode = await main(Deno.args, context);
  } catch (error) {
    // Whoever read the output has had enough, as in `trawl extract … | head`.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
  // What hangs even now, such as a message to a service manager that does not listen, is not waited for.
  Deno.unrefTimer(setTimeout(() => Deno.exit(), hangMs));
}
