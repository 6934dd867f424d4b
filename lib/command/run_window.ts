/**
 * One run of `trawl run`: collects for one window, shows how far it is, and says how it went.
 *
 * @module
 */

import { collect, type CollectResult } from "../collect/collect.ts";
import { chooseRun, type RunChoice, type RunRequest } from "../collect/choose_run.ts";
import { type Progress, pulseOf } from "../collect/progress.ts";
import { messageOf } from "../errors.ts";
import type { Job, Window } from "../job/job.ts";
import { Redactor } from "../job/secret.ts";
import { formatWindow } from "../job/window.ts";
import { doneOf } from "../store/coverage.ts";
import type { Database, StoreReader, StoreWriter } from "../store/database.ts";
import { bottleneckOf } from "../collect/bottleneck.ts";
import { ProgressLine } from "./observe/progress_line.ts";
import { shareAnswered, type Summary, summaryJson, summaryText, type TopKey } from "../view/summary.ts";
import { type Context, Exit, exitOfError, type Level } from "./context.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";
import { requireFreeSpace } from "./require_free_space.ts";
import type { ServiceNotifier } from "./systemd/service_notifier.ts";
import { startTelemetry } from "./telemetry.ts";

/** The most active keys that the summary names, and the parts of the window in their sparklines. */
const topCount = 10;
const sparkParts = 24;

/** What is to be run. */
export interface WindowRun {
  readonly job: Job;
  readonly window: Window | undefined;
  readonly store: StoreWriter;
  readonly database: Database;
  readonly signal: AbortSignal;
  /** How many keys the list has, where that is known before it is read. */
  readonly listSize: number | undefined;
  /** Nothing was asked before. */
  readonly isFirst: boolean;
  /** Told how far the run is, if somebody wants to know. */
  readonly service: ServiceNotifier | undefined;
}

/** What the flags say of which run it is to be. */
export function runRequestOf(args: Arguments): RunRequest {
  return { isNew: args.has(flags.isNew), retryFailed: args.has(flags.retryFailed) };
}

/** Begins a run or goes on with one; returns the exit code. */
export async function runWindow(one: WindowRun, args: Arguments, context: Context): Promise<number> {
  const { job, window, store, database, signal, listSize, isFirst, service } = one;
  const limit = args.count(flags.limit, { min: 1 });
  const isGuarded = !args.has(flags.ignoreFreeSpace);
  const choice = await chooseRun(store, job, {
    ...runRequestOf(args),
    window,
    beforeStart: async (done) => {
      if (!isGuarded) return;
      await requireFreeSpace({ database, job: job.name, listSize, limit, done, isBegun: !isFirst });
    },
  });
  const isQuiet = args.has(flags.quiet);
  if (choice === undefined) {
    if (!isQuiet) {
      context.log(`trawl: nothing to do${aboutWindow(window)}: finished before; --new asks once more\n`);
    }
    return Exit.done;
  }
  const start = startText(job, window, choice);
  if (!isQuiet) context.log(`${start}\n`);
  service?.status(start);
  const telemetry = await startTelemetry({
    "trawl.job": job.name,
    "trawl.run": choice.id,
    ...(window && { "trawl.window": formatWindow(window) }),
  });
  let line: ProgressLine | undefined;
  let progress: Progress | undefined;
  try {
    using _told = tellOn(signal, context, service);
    const result = await collect({
      job,
      window,
      store,
      choice,
      limit,
      listSize,
      signal,
      freeBytes: isGuarded ? () => database.freeBytes() : undefined,
      onStart: (started) => {
        progress = started;
        telemetry?.started(started);
        line = new ProgressLine(started, {
          write: context.draw,
          columns: context.columns,
          isQuiet,
          status: service && ((facts) => service.status(`${job.name}${aboutWindow(window)}: ${facts}`)),
        });
        // Nobody knows when a program will write the next key.
        if (job.keys.kind !== "stdin") service?.aliveWhile(pulseOf(started));
      },
    });
    const peakBytes = line?.stop().peakBytes ?? 0;
    const summary = await summaryOf({ job, window, database, choice, result, progress, peakBytes });
    if (args.has(flags.json)) context.out(`${summaryJson(summary)}\n`);
    const text = summaryText(summary);
    const exit = exitOf(result, job.accept.minCoverage);
    if (!isQuiet) context.log(text, levelOf(exit, result.counts.failed));
    service?.status(text);
    telemetry?.ended(exit, result.reason ?? undefined);
    return exit;
  } catch (error) {
    telemetry?.ended(exitOfError(error), Redactor.of(job).hide(messageOf(error)));
    throw error;
  } finally {
    service?.aliveWhile(() => true);
    line?.stop();
  }
}

/** Says at the first signal what happens now. */
function tellOn(
  signal: AbortSignal,
  { log, draw, columns }: Context,
  service: ServiceNotifier | undefined,
): Disposable {
  const tell = () => {
    service?.stopping();
    // The bar, and what the terminal wrote into it for the key that was pressed.
    if (columns() !== undefined) draw("\r\x1b[K");
    log("trawl: stopping: what is in flight is finished or given up within 10 s; once more ends at once\n");
  };
  signal.addEventListener("abort", tell, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", tell) };
}

function exitOf(result: CollectResult, minCoverage: number): number {
  if (result.isControlBroken) return Exit.incomplete;
  if (result.state === "interrupted" && !result.isLimited) return Exit.interrupted;
  return shareAnswered(result) < minCoverage ? Exit.incomplete : Exit.done;
}

/** Some failed keys are looked at some time; a run that is to be gone on with needs nobody at once. */
function levelOf(exit: number, failed: number): Level {
  if (exit === Exit.incomplete) return "error";
  return exit === Exit.interrupted || failed > 0 ? "warning" : "info";
}

function startText(job: Job, window: Window | undefined, choice: RunChoice): string {
  const how = choice.isResumed ? `goes on with run ${choice.id}` : `begins run ${choice.id}`;
  const before = choice.isResumed ? `, ${doneOf(choice.counts)} keys have their verdict` : "";
  return `trawl: ${job.name} ${how}${aboutWindow(window)}${before}`;
}

function aboutWindow(window: Window | undefined): string {
  return window === undefined ? "" : ` for ${formatWindow(window)}`;
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
    requests: progress === undefined ? 0 : progress.attempts - progress.attemptsBefore,
    elapsedMs: progress?.elapsedMs ?? 0,
    bytes: progress?.bytes ?? 0,
    peakBytes,
    limit: progress && bottleneckOf(progress),
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
      buckets: sparkParts,
    }),
  })));
}
