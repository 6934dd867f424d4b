/**
 * `trawl run`: collects, for every window that is due.
 *
 * @module
 */

import { windowsToAsk } from "../collect/due_windows.ts";
import type { RunRequest } from "../collect/choose_run.ts";
import { sha256Of } from "../text/sha256.ts";
import { messageOf, StaleRunError, UsageError } from "../errors.ts";
import type { Job, Window } from "../job/job.ts";
import { countKeys } from "../collect/keys/key_reader.ts";
import { openDatabase, type StoreWriter } from "../store/database.ts";
import { type Context, envIfAllowed, Exit, exitOfError } from "./context.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";
import { databaseOf, givenWindow, loadJobOf, refuseTerminal } from "./job_arguments.ts";
import { MetricsFile, type MetricsFileOptions } from "./observe/metrics_file.ts";
import { runRequestOf, runWindow, type WindowRun } from "./run_window.ts";
import type { ServiceNotifier } from "./systemd/service_notifier.ts";
import { schemaOf } from "../rows/table_schema.ts";
import { formatDuration, isoTime } from "../text/format.ts";

/** Runs a job; the exit code is the worst of its windows'. */
export async function runCommand(args: Arguments, context: Context): Promise<number> {
  const job = await loadJobOf(args, context);
  await using service = await serviceOf(context);
  service?.ready();
  return await runJob(job, args, context, service);
}

/** Nothing unless systemd wants to be told. */
async function serviceOf(context: Context): Promise<ServiceNotifier | undefined> {
  const socket = envIfAllowed("NOTIFY_SOCKET", context.env) ?? "";
  return socket === ""
    ? undefined
    : new (await import("./systemd/service_notifier.ts")).ServiceNotifier(socket, context);
}

/** The same for a job that is loaded already. */
export async function runJob(
  job: Job,
  args: Arguments,
  context: Context,
  service?: ServiceNotifier,
): Promise<number> {
  const database = await openDatabase(databaseOf(args, job));
  // Nothing is made before the window is known to be one, and the keys to be there.
  const named = givenWindow(job, args, context);
  const listSize = await listSizeOf(job);
  const ignoresFreeSpace = args.has(flags.ignoreFreeSpace);
  const log = args.has(flags.quiet) ? () => {} : context.log;
  await using _lock = await database.acquire({ job: job.name, log, ignoresFreeSpace });
  await using store = await database.openWriter(job.tables.map(schemaOf));
  const metrics = await metricsOf(args, { job: job.name, database, context });
  const signal = context.interruptible();
  const given = { job, store, database, signal, listSize, isFirst: true, service };
  try {
    const isOne = named !== undefined || job.window === undefined;
    const exit = await (isOne
      ? runWindow({ ...given, window: named }, args, context)
      : runDueWindows(given, args, context));
    await prune(given, { now: context.now, log });
    await metrics?.end(exit);
    return exit;
  } catch (error) {
    const cause = store.explain(error);
    await metrics?.end(exitOfError(cause));
    throw cause;
  }
}

/** Deletes what the job keeps no longer. At the end, since what is new counts more. */
async function prune(
  { job, store, signal }: Pick<WindowRun, "job" | "store" | "signal">,
  { now, log }: Pick<Context, "now" | "log">,
): Promise<void> {
  if (job.keepMs === undefined || signal.aborted) return;
  const count = await store.prune({ job: job.name, before: isoTime(now() - job.keepMs) }, signal);
  if (count === 0) return;
  log(`trawl: deleted ${count} run${count === 1 ? "" : "s"} older than ${formatDuration(job.keepMs)}\n`);
}

/** @throws {UsageError} If there is to be a file of metrics, and it cannot be written. */
async function metricsOf(
  args: Arguments,
  about: Omit<MetricsFileOptions, "file">,
): Promise<MetricsFile | undefined> {
  const file = args.text(flags.metrics);
  if (file === undefined) return undefined;
  if (!file.endsWith(".prom")) {
    throw new UsageError(
      `Cannot use --metrics as the collector reads names that end in .prom only: "${file}"`,
    );
  }
  return await MetricsFile.start({ ...about, file });
}

/** Every window that is due, one after the other. */
async function runDueWindows(
  given: Omit<WindowRun, "window">,
  args: Arguments,
  context: Context,
): Promise<number> {
  const { job, store, signal } = given;
  const windows = await windowsOf(job, { store, wishes: runRequestOf(args), nowMs: context.now() });
  if (windows.length === 0 && !args.has(flags.quiet)) {
    context.log(`trawl: nothing to do: no window of ${job.name} is due that is not finished\n`);
  }
  if (windows.length > 1 && job.keys.kind === "stdin") {
    const count = windows.length;
    throw new UsageError(
      `Cannot read the keys of ${count} windows from standard input: name one with --window`,
    );
  }
  let exit: number = Exit.done;
  for (const [index, window] of windows.entries()) {
    if (signal.aborted) return Exit.interrupted;
    const one = { ...given, window, isFirst: index === 0 };
    exit = Math.max(exit, await runWindowOrLeave(one, args, context));
    // An API that is down for one window is down for the next.
    if (exit === Exit.interrupted) break;
  }
  return exit;
}

/** A run that cannot be gone on with keeps no other window from being asked. */
async function runWindowOrLeave(one: WindowRun, args: Arguments, context: Context): Promise<number> {
  try {
    return await runWindow(one, args, context);
  } catch (error) {
    if (!(error instanceof StaleRunError)) throw error;
    context.log(`trawl: ${messageOf(error)}\n`, "error");
    return Exit.usage;
  }
}

/** How many keys the list has, where that can be told before it is read. */
async function listSizeOf(job: Job): Promise<number | undefined> {
  refuseTerminal(job);
  const { keys } = job;
  const count = await countKeys(keys);
  if (count !== 0) return count;
  const name = keys.kind === "file" ? keys.file : keys.kind;
  throw new UsageError(`Cannot use the keys of "${name}" as there must be at least one: it holds none`);
}

/** The windows to ask where none was named. */
async function windowsOf(
  job: Job,
  given: { readonly store: StoreWriter; readonly wishes: RunRequest; readonly nowMs: number },
): Promise<Window[]> {
  if (job.window === undefined) return [];
  const runs = [...(await given.store.windows(job.name)).values()];
  const sha256 = await sha256Of(job.text);
  return windowsToAsk({
    rule: job.window,
    keepMs: job.keepMs,
    sha256,
    runs,
    nowMs: given.nowMs,
    ...given.wishes,
  });
}
