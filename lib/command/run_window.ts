/**
 * One run of `trawl run`: chooses the run of a window, collects, and tells the observers. Prints nothing itself but
 * that there is nothing to do.
 *
 * @module
 */

import { bottleneckOf } from "../collect/bottleneck.ts";
import { chooseRun, type RunChoice } from "../collect/choose_run.ts";
import { collect, type CollectResult } from "../collect/collect.ts";
import type { Progress } from "../collect/progress.ts";
import type { Job, Window } from "../job/job.ts";
import { formatWindow } from "../job/window.ts";
import { doneOf } from "../store/coverage.ts";
import type { Database, StoreReader, StoreWriter } from "../store/database.ts";
import { windowSuffix } from "../view/run_text.ts";
import type { Summary, TopKey } from "../view/summary.ts";
import { type ExitCode, exitCode, exitCodeOfRun, runCoverage } from "./exit_code.ts";
import { PeakMemory } from "./observe/peak_memory.ts";
import type { ChosenRun, RunObservers } from "./observe/run_observer.ts";
import { requireFreeSpace } from "./require_free_space.ts";
import type { RunOptions } from "./run_options.ts";

/** Keys with the most rows in the summary, and the bars of their sparklines. */
const topCount = 10;
const sparklineBars = 24;

/** What all runs of one start share. */
export interface WindowRun {
  readonly job: Job;
  readonly database: Database;
  readonly store: StoreWriter;
  readonly options: RunOptions;
  /** The number of keys, where it is known before the list is read. */
  readonly listSize: number | undefined;
  /** An earlier run of this start has asked keys. */
  readonly isBegun: boolean;
  readonly observers: RunObservers;
  /** Writes messages to standard error, unless quiet. */
  readonly log: (text: string) => void;
  /** Writes errors to standard error. */
  readonly logError: (text: string) => void;
  /** Aborted when the run must stop. */
  readonly signal: AbortSignal;
}

/** Starts or resumes the run of a window; undefined for a job without windows. */
export async function runWindow(given: WindowRun, window: Window | undefined): Promise<ExitCode> {
  const { job, store, options, observers, log } = given;
  const { isNew, retryFailed } = options;
  const choice = await chooseRun(store, job, {
    isNew,
    retryFailed,
    window,
    beforeStart: (done) => requireSpace(given, done),
  });
  const windowText = window && formatWindow(window);
  if (choice === undefined) {
    log(`trawl: nothing to do${windowSuffix({ window: windowText })}: already finished; --new asks again\n`);
    return exitCode.done;
  }
  using _stopping = onAbort(given.signal, () => observers.stopping());
  try {
    observers.chosen(titleOf(job, windowText, choice));
    const summary = await collectSummary(given, { window, choice });
    const exit = exitCodeOfRun(summary.result, job.accept.minCoverage);
    observers.ended({ summary, exit });
    return exit;
  } catch (error) {
    observers.failed();
    throw error;
  }
}

async function requireSpace(given: WindowRun, done: number): Promise<void> {
  const { job, database, options: { ignoresFreeSpace, limit }, listSize, isBegun } = given;
  if (ignoresFreeSpace) return;
  await requireFreeSpace({ database, job: job.name, listSize, limit, done, isBegun });
}

function titleOf(
  { name, keys }: Job,
  window: string | undefined,
  { id, isResumed, counts }: RunChoice,
): ChosenRun {
  return { job: name, window, run: id, isResumed, done: doneOf(counts), readsStdin: keys.kind === "stdin" };
}

/** A run that was chosen. */
interface Chosen {
  readonly window: Window | undefined;
  readonly choice: RunChoice;
}

async function collectSummary(given: WindowRun, { window, choice }: Chosen): Promise<Summary> {
  const { job, database, store, options, listSize, signal, observers } = given;
  using memory = new PeakMemory();
  let progress: Progress | undefined;
  const result = await collect({
    job,
    window,
    store,
    choice,
    limit: options.limit,
    listSize,
    signal,
    freeBytes: options.ignoresFreeSpace ? undefined : () => database.freeBytes(),
    onStart: (started) => {
      progress = started;
      observers.started(started);
    },
  });
  return await summaryOf({ job, window, database, choice, result, progress, peakBytes: memory.bytes });
}

/** Calls a function at the first abort, until it is disposed of. */
function onAbort(signal: AbortSignal, call: () => void): Disposable {
  signal.addEventListener("abort", call, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", call) };
}

async function summaryOf(found: {
  readonly job: Job;
  readonly window: Window | undefined;
  readonly database: Database;
  readonly choice: RunChoice;
  readonly result: CollectResult;
  readonly progress: Progress | undefined;
  readonly peakBytes: number;
}): Promise<Summary> {
  const { job, window, database, choice, result, progress, peakBytes } = found;
  await using reader = await database.openReader();
  return {
    run: choice.id,
    job: job.name,
    window: window && formatWindow(window),
    database: database.location,
    table: job.tables.map(({ name }) => name).join(", "),
    isCounted: job.tables[0].count !== undefined,
    result,
    coverage: runCoverage(result),
    requests: progress === undefined ? 0 : progress.attempts - progress.attemptsBefore,
    elapsedMs: progress?.elapsedMs ?? 0,
    bytes: progress?.bytes ?? 0,
    peakBytes,
    bottleneck: progress && bottleneckOf(progress),
    foundRate: progress?.foundRate,
    foundInFlight: progress?.foundInFlight,
    failures: await reader.failures(choice.id),
    top: await topOf(reader, { job, window, run: choice.id }),
  };
}

async function topOf(
  reader: StoreReader,
  { job, window, run }: { readonly job: Job; readonly window: Window | undefined; readonly run: number },
): Promise<TopKey[]> {
  const { name, count, columns } = job.tables[0];
  const column = count?.by ?? columns.find(({ type }) => type === "time")?.name;
  const time = column === undefined
    ? undefined
    : { table: name, column, count: count === undefined ? undefined : "count" };
  const keys = await reader.topKeys(run, topCount, { without: job.control });
  return await Promise.all(keys.map(async ({ fetch, key, rows }) => ({
    key,
    rows,
    series: time === undefined || window === undefined ? undefined : await reader.series(fetch, time, {
      start: window.startMs / 1_000,
      end: window.endMs / 1_000,
      buckets: sparklineBars,
    }),
  })));
}
