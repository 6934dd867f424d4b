/**
 * `trawl run`: collects, for every window that is due, and says how it went.
 *
 * @module
 */

import { collect, type CollectResult } from "../collect/collect.ts";
import type { Progress } from "../collect/progress.ts";
import { tableOf } from "../collect/question.ts";
import { chooseRun, type RunChoice, type RunWishes } from "../collect/run_choice.ts";
import { windowsToAsk } from "../collect/due.ts";
import { sha256Of } from "../collect/sha256.ts";
import { messageOf, StaleRunError, UsageError } from "../errors.ts";
import type { Job, Window } from "../job/job.ts";
import { countKeys } from "../job/keys.ts";
import { formatDuration } from "../job/units.ts";
import { formatWindow } from "../job/window.ts";
import { Reader } from "../store/reader.ts";
import { isoTime } from "../store/records.ts";
import { Store } from "../store/store.ts";
import { limitOf } from "../view/limit.ts";
import { ProgressLine } from "../view/progress_line.ts";
import { printable } from "../view/printable.ts";
import { coverageOf, type Summary, summaryJson, summaryText, type TopKey } from "../view/summary.ts";
import { type Context, Exit, exitOfError } from "./context.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";
import { databaseOf, givenWindow, loadJobOf, refuseTerminal } from "./load.ts";
import { MetricsFile, type MetricsFileOptions } from "./metrics_file.ts";
import { startTelemetry } from "./telemetry.ts";

/** The most active keys that the summary names, and the parts of the window in their sparklines. */
const topCount = 10;
const sparkParts = 24;

/** Runs a job; the exit code is the worst of its windows'. */
export async function runCommand(args: Arguments, context: Context): Promise<number> {
  const job = await loadJobOf(args, context);
  return await runJob(job, args, context);
}

/** The same for a job that is loaded already. */
export async function runJob(job: Job, args: Arguments, context: Context): Promise<number> {
  const database = databaseOf(args, job);
  // Nothing is made before the window is known to be one, and the keys to be there.
  const named = givenWindow(job, args, context);
  const listSize = await listSizeOf(job);
  using store = Store.open(database, tableOf(job));
  const metrics = metricsOf(args, { job: job.name, database, context });
  const given = { job, store, database, signal: context.interruptible(), listSize };
  try {
    const isOne = named !== undefined || job.window === undefined;
    const exit = await (isOne
      ? runWindow({ ...given, window: named }, args, context)
      : runDueWindows(given, args, context));
    await prune(given, args, context);
    metrics?.end(exit);
    return exit;
  } catch (error) {
    metrics?.end(exitOfError(error));
    throw error;
  }
}

/** Deletes what the job keeps no longer. At the end, since what is new counts more. */
async function prune(
  { job, store, signal }: Pick<WindowRun, "job" | "store" | "signal">,
  args: Arguments,
  { now, say }: Context,
): Promise<void> {
  if (job.keepMs === undefined || signal.aborted) return;
  const count = await store.prune({ job: job.name, before: isoTime(now() - job.keepMs) }, signal);
  if (count === 0 || args.has(flags.quiet)) return;
  say(`trawl: deleted ${count} run${count === 1 ? "" : "s"} older than ${formatDuration(job.keepMs)}\n`);
}

/** @throws {UsageError} If there is to be a file of metrics, and it cannot be written. */
function metricsOf(args: Arguments, about: Omit<MetricsFileOptions, "file">): MetricsFile | undefined {
  const file = args.text(flags.metrics);
  if (file === undefined) return undefined;
  if (!file.endsWith(".prom")) {
    throw new UsageError(
      `Cannot use --metrics as the collector reads names that end in .prom only: "${file}"`,
    );
  }
  return new MetricsFile({ ...about, file });
}

interface WindowRun {
  readonly job: Job;
  readonly window: Window | undefined;
  readonly store: Store;
  readonly database: string;
  readonly signal: AbortSignal;
  readonly listSize: number | undefined;
}

/** Every window that is due, one after the other. */
async function runDueWindows(
  given: Omit<WindowRun, "window">,
  args: Arguments,
  context: Context,
): Promise<number> {
  const { job, store, signal } = given;
  const windows = await windowsOf(job, { store, wishes: wishesOf(args), nowMs: context.now() });
  if (windows.length === 0 && !args.has(flags.quiet)) {
    context.say(`trawl: nothing to do: no window of ${job.name} is due that is not finished\n`);
  }
  if (windows.length > 1 && job.keys.kind === "stdin") {
    const count = windows.length;
    throw new UsageError(
      `Cannot read the keys of ${count} windows from standard input: name one with --window`,
    );
  }
  let exit: number = Exit.done;
  for (const window of windows) {
    if (signal.aborted) return Exit.interrupted;
    exit = Math.max(exit, await runWindowOrLeave({ ...given, window }, args, context));
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
    context.say(`trawl: ${printable(messageOf(error), 2_000)}\n`);
    return Exit.usage;
  }
}

async function runWindow(one: WindowRun, args: Arguments, context: Context): Promise<number> {
  const { job, window, store, database, signal, listSize } = one;
  const choice = await chooseRun(store, job, { ...wishesOf(args), window });
  const isQuiet = args.has(flags.quiet);
  if (choice === undefined) {
    if (!isQuiet) {
      context.say(`trawl: nothing to do${aboutWindow(window)}: finished before; --new asks once more\n`);
    }
    return Exit.done;
  }
  if (!isQuiet) context.say(`${startText(job, window, choice)}\n`);
  const telemetry = await startTelemetry({
    "trawl.job": job.name,
    "trawl.run": choice.id,
    ...(window && { "trawl.window": formatWindow(window) }),
  });
  let line: ProgressLine | undefined;
  let progress: Progress | undefined;
  try {
    using _told = tellOn(signal, context);
    const result = await collect({
      job,
      window,
      store,
      choice,
      limit: args.count(flags.limit, { min: 1 }),
      listSize,
      signal,
      started: (started) => {
        progress = started;
        telemetry?.started(started);
        line = new ProgressLine(started, { write: context.say, columns: context.columns, isQuiet });
      },
    });
    const peakBytes = line?.stop().peakBytes ?? 0;
    const summary = summaryOf({ job, window, database, choice, result, progress, peakBytes });
    if (args.has(flags.json)) context.out(`${summaryJson(summary)}\n`);
    if (!isQuiet) context.say(summaryText(summary));
    const exit = exitOf(result, job.accept.minCoverage);
    telemetry?.ended(exit, result.reason ?? undefined);
    return exit;
  } catch (error) {
    telemetry?.ended(exitOfError(error), messageOf(error));
    throw error;
  } finally {
    line?.stop();
  }
}

/** Says at the first signal what happens now. */
function tellOn(signal: AbortSignal, { say, columns }: Context): Disposable {
  const tell = () => {
    // The bar, and what the terminal wrote into it for the key that was pressed.
    const clear = columns() === undefined ? "" : "\r\x1b[K";
    say(
      `${clear}trawl: stopping: what is in flight is finished or given up within 10 s; once more ends at once\n`,
    );
  };
  signal.addEventListener("abort", tell, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", tell) };
}

function exitOf(result: CollectResult, minCoverage: number): number {
  if (result.isControlBroken) return Exit.incomplete;
  if (result.state === "interrupted" && !result.isLimited) return Exit.interrupted;
  return coverageOf(result) < minCoverage ? Exit.incomplete : Exit.done;
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

function wishesOf(args: Arguments): RunWishes {
  return { isNew: args.has(flags.isNew), retryFailed: args.has(flags.retryFailed) };
}

/** The windows to ask where none was named. */
async function windowsOf(
  job: Job,
  given: { readonly store: Store; readonly wishes: RunWishes; readonly nowMs: number },
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

function startText(job: Job, window: Window | undefined, choice: RunChoice): string {
  const { ok, empty, unchanged, failed } = choice.counts;
  const how = choice.isResumed ? `goes on with run ${choice.id}` : `begins run ${choice.id}`;
  const before = choice.isResumed ? `, ${ok + empty + unchanged + failed} keys have their verdict` : "";
  return `trawl: ${job.name} ${how}${aboutWindow(window)}${before}`;
}

function aboutWindow(window: Window | undefined): string {
  return window === undefined ? "" : ` for ${formatWindow(window)}`;
}

function summaryOf(found: {
  readonly job: Job;
  readonly window: Window | undefined;
  readonly database: string;
  readonly choice: RunChoice;
  readonly result: CollectResult;
  readonly progress: Progress | undefined;
  readonly peakBytes: number;
}): Summary {
  const { job, window, database, choice, result, progress, peakBytes } = found;
  using reader = Reader.open(database);
  return {
    run: choice.id,
    job: job.name,
    window: window && formatWindow(window),
    database,
    table: job.rows.table,
    isCounted: job.rows.count !== undefined,
    result,
    requests: progress === undefined ? 0 : progress.attempts - progress.attemptsBefore,
    elapsedMs: progress?.elapsedMs ?? 0,
    bytes: progress?.bytes ?? 0,
    peakBytes,
    limit: progress && limitOf(progress),
    foundRate: progress?.foundRate,
    foundInFlight: progress?.foundInFlight,
    failures: reader.failures(choice.id),
    top: topOf(reader, { job, window, run: choice.id }),
  };
}

function topOf(
  reader: Reader,
  { job, window, run }: { readonly job: Job; readonly window: Window | undefined; readonly run: number },
): TopKey[] {
  const column = job.rows.count?.by ?? job.rows.columns.find(({ type }) => type === "time")?.name;
  const time = column === undefined
    ? undefined
    : { table: job.rows.table, column, count: job.rows.count === undefined ? undefined : "count" };
  return reader.topKeys(run, topCount, { without: job.control }).map(({ fetch, key, rows }) => ({
    key,
    rows,
    series: time === undefined || window === undefined ? undefined : reader.series(fetch, time, {
      start: window.startMs / 1_000,
      end: window.endMs / 1_000,
      buckets: sparkParts,
    }),
  }));
}
