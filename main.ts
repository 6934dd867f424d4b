/**
 * trawl asks a JSON HTTP API the same question for a long list of keys, and keeps the answers in SQLite.
 *
 * @module
 */

import { envIfAllowed, type Level, type World } from "./lib/command/context.ts";
import { main } from "./lib/command/dispatch.ts";

const encoder = new TextEncoder();

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
  const stream = envIfAllowed("JOURNAL_STREAM", (name) => Deno.env.get(name));
  if (stream === undefined) return write;
  const { isJournal, prioritized } = await import("./lib/command/systemd/journal.ts");
  if (!isJournal(stream)) return write;
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
  // A file that may not grow any more ends the process, unless somebody listens: then the write fails, which is said.
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGXFSZ", () => {});
  const world: World = {
    out: writer(Deno.stdout),
    log: await saying(unlessClosed(writer(Deno.stderr))),
    columns,
    now: Date.now,
    env: (name) => Deno.env.get(name),
    interruptible,
  };
  try {
    // At once: a Worker in a busy loop, ended or not, would keep the process for ever; so would a message to a service
    // manager that does not listen.
    Deno.exit(await main(Deno.args, world));
  } catch (error) {
    // Whoever read the output has had enough, as in `trawl extract … | head`.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
