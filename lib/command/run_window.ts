/**
 * One run of `trawl run`: chooses the run of a window, collects, and tells the observers. Prints nothing
 * itself.
 *
 * @module
 */

import { bottleneckOf } from "../collect/bottleneck.ts";
import { changeText, chooseRun, type ReplacedRun, type RunChoice } from "../collect/choose_run.ts";
import { type KeySurvey, surveyKeys } from "../collect/keys/key_survey.ts";
import { parseRecord } from "../collect/keys/list_record.ts";
import { collect, type CollectResult } from "../collect/collect.ts";
import type { Progress } from "../collect/progress.ts";
import type { Job, Window } from "../job/job.ts";
import { formatWindow } from "../job/window.ts";
import { doneOf, pendingOf } from "../store/coverage.ts";
import type { Database, DatabaseLock, StoreReader, StoreWriter } from "../store/database.ts";
import type { RunRecord, TimeColumn } from "../store/records.ts";
import { counted } from "../text/format.ts";
import type { Summary, TopKey } from "../view/summary.ts";
import { type ExitCode, exitCodeOfRun, runCoverage } from "./exit_code.ts";
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
  /** The lock that keeps other runs from the database. */
  readonly lock: DatabaseLock;
  readonly store: StoreWriter;
  readonly options: RunOptions;
  /** What was found before the database was opened. */
  readonly survey: KeySurvey;
  /** Folder of what runs share; undefined for a job without `limits.share`. */
  readonly stateFolder: string | undefined;
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

/** A window to collect. */
export interface WindowTask {
  /** Undefined for a job without windows. */
  readonly window: Window | undefined;
  /** The window has finished: ask keys again that failed for one of these reasons. */
  readonly retryReasons?: readonly string[];
}

/** Starts or resumes the run of a window. */
export async function runWindow(
  given: WindowRun,
  { window, retryReasons }: WindowTask,
): Promise<ExitCode> {
  const { job, store, options, observers } = given;
  const { isNew, retryFailed } = options;
  // Hours may have passed since the window before.
  const survey = await surveyKeys(job, given.survey);
  const choice = await chooseRun(store, job, {
    isNew,
    retryFailed,
    retryReasons,
    window,
    survey,
    beforeStart: (done) => requireSpace({ ...given, survey }, done),
  });
  const windowText = window && formatWindow(window);
  if ("finished" in choice) return await reportFinished(given, choice.finished);
  if (choice.replaces !== undefined) given.log(`trawl: ${replacedText(choice.replaces)}\n`);
  using _stopping = onAbort(given.signal, () => observers.stopping());
  try {
    observers.chosen(titleOf(job, windowText, choice));
    const summary = await collectSummary({ ...given, survey }, { window, choice });
    const exit = exitCodeOfRun(summary.result, job.accept.minCoverage);
    observers.ended({ summary, exit });
    if (summary.result.state === "finished") await store.setReported(choice.id);
    return exit;
  } catch (error) {
    observers.failed();
    throw error;
  }
}

/**
 * Reports a run that had finished before this start, which has nothing to ask: in full, if the process was killed
 * before it could. It ends with the exit code of then: a second start must not turn a failed window green.
 */
export async function reportFinished(given: WindowRun, run: RunRecord): Promise<ExitCode> {
  const { job, database, store, observers, options } = given;
  const { id, windowStart, windowEnd, keys, reported, ...counts } = run;
  const window = windowStart === null || windowEnd === null
    ? undefined
    : { startMs: Date.parse(windowStart), endMs: Date.parse(windowEnd) };
  const result: CollectResult = {
    state: "finished",
    reason: null,
    controlFailure: null,
    isLimited: false,
    counts,
    keys: keys ?? undefined,
    pending: pendingOf(run),
    duplicates: parseRecord(run.list)?.duplicates ?? undefined,
  };
  const summary = await summaryOf({
    job,
    window,
    database,
    run: id,
    isResumed: true,
    result,
    progress: undefined,
    peakBytes: 0,
    // They are read from all fetches of the run, for nothing if they are not printed.
    isBrief: reported !== null && !options.isJson,
  });
  const exit = exitCodeOfRun(result, job.accept.minCoverage);
  observers.finishedBefore({ summary, exit }, reported !== null);
  if (reported === null) await store.setReported(id);
  return exit;
}

/** The message for an unfinished run that is given up: it names the keys that were asked. */
function replacedText({ id, done, changed }: ReplacedRun): string {
  const why = changed.length === 0 ? "--new starts another" : changeText(changed);
  return `run ${id} is given up with ${counted(done, "key")} done: ${why}`;
}

async function requireSpace(given: WindowRun, done: number): Promise<void> {
  const { job, database, options: { ignoresFreeSpace, limit }, survey, isBegun } = given;
  if (ignoresFreeSpace) return;
  await requireFreeSpace({ database, job: job.name, listSize: survey.keys, limit, done, isBegun });
}

function titleOf(
  { name, keys, tables }: Job,
  window: string | undefined,
  { id, isResumed, counts, follows }: RunChoice,
): ChosenRun {
  return {
    job: name,
    window,
    run: id,
    isResumed,
    done: doneOf(counts),
    follows,
    tables: tables.map(({ name }) => name),
    readsStdin: keys.kind === "stdin",
  };
}

/** A run that was chosen. */
interface Chosen {
  readonly window: Window | undefined;
  readonly choice: RunChoice;
}

async function collectSummary(given: WindowRun, { window, choice }: Chosen): Promise<Summary> {
  const { job, database, store, options, survey, stateFolder, signal, observers } = given;
  using memory = new PeakMemory();
  let progress: Progress | undefined;
  const result = await collect({
    job,
    window,
    store,
    choice,
    limit: options.limit,
    survey,
    stateFolder,
    signal,
    storage: {
      freeBytes: options.ignoresFreeSpace ? undefined : () => database.freeBytes(),
      loss: async () => await given.lock.loss() ?? await store.loss(),
    },
    onStart: (started) => {
      progress = started;
      observers.started(started);
    },
  });
  const { id: run, isResumed } = choice;
  return await summaryOf({
    job,
    window,
    database,
    run,
    isResumed,
    result,
    progress,
    peakBytes: memory.bytes,
    isBrief: false,
  });
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
  readonly run: number;
  readonly isResumed: boolean;
  readonly result: CollectResult;
  readonly progress: Progress | undefined;
  readonly peakBytes: number;
  /** Leaves out the failures and the keys with the most rows. */
  readonly isBrief: boolean;
}): Promise<Summary> {
  const { job, window, database, run, isResumed, result, progress, peakBytes, isBrief } = found;
  await using reader = await database.openReader();
  return {
    run,
    job: job.name,
    window: window && formatWindow(window),
    database: database.location,
    tables: job.tables.map(({ name, count }) => ({ name, isCounted: count !== undefined })),
    isResumed,
    result,
    coverage: runCoverage(result),
    minCoverage: job.accept.minCoverage,
    requests: progress === undefined ? 0 : progress.attempts - progress.attemptsBefore,
    elapsedMs: progress?.elapsedMs ?? 0,
    bytes: progress?.bytes ?? 0,
    peakBytes,
    bottleneck: progress && bottleneckOf(progress),
    foundRate: progress?.foundRate,
    foundInFlight: progress?.foundInFlight,
    failures: isBrief ? [] : await reader.failures(run),
    top: isBrief ? [] : await topOf(reader, { job, window, run }),
  };
}

/** The keys with the most rows over all tables; their series too covers all tables that have a time column. */
async function topOf(
  reader: StoreReader,
  { job, window, run }: { readonly job: Job; readonly window: Window | undefined; readonly run: number },
): Promise<TopKey[]> {
  const times = window === undefined ? [] : job.tables.flatMap(timeColumnOf);
  const span = {
    start: (window?.startMs ?? 0) / 1_000,
    end: (window?.endMs ?? 0) / 1_000,
    buckets: sparklineBars,
  };
  const keys = await reader.topKeys(run, topCount, { without: job.control });
  return await Promise.all(keys.map(async ({ fetch, key, rows }) => {
    const all = await Promise.all(times.map((time) => reader.series(fetch, time, span)));
    const series = all.reduce<readonly number[] | undefined>(
      (sum, one) => sum === undefined ? one : sum.map((value, index) => value + (one[index] ?? 0)),
      undefined,
    );
    return { key, rows, series };
  }));
}

/** The column of a table that says when: of its groups, or the first one with a time. */
function timeColumnOf({ name, count, columns }: Job["tables"][number]): TimeColumn[] {
  const column = count?.by ?? columns.find(({ type }) => type === "time")?.name;
  return column === undefined ? [] : [{ table: name, column, count: count && "count" }];
}
