/**
 * `trawl run`: collects, for every window that is due, and says how it went.
 *
 * @module
 */

import { collect, type CollectResult } from "../collect/collect.ts";
import { type Progress, pulseOf } from "../collect/progress.ts";
import { tableOf } from "../collect/question.ts";
import { chooseRun, type RunChoice } from "../collect/run_choice.ts";
import { UsageError } from "../errors.ts";
import type { Job, Window } from "../job/job.ts";
import { countKeys } from "../job/keys.ts";
import { dueWindows, formatWindow } from "../job/window.ts";
import { Reader } from "../store/reader.ts";
import { isoTime, type RunRecord } from "../store/records.ts";
import { Store } from "../store/store.ts";
import { limitOf } from "../view/limit.ts";
import { ProgressLine } from "../view/progress_line.ts";
import { coverageOf, type Summary, summaryJson, summaryText, type TopKey } from "../view/summary.ts";
import { type Context, Exit, type Level } from "./context.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";
import { databaseOf, givenWindow, loadJobOf, refuseTerminal } from "./load.ts";
import type { Service } from "./service.ts";

/** The most active keys that the summary names, and the parts of the window in their sparklines. */
const topCount = 10;
const sparkParts = 24;

/** Runs a job; the exit code is the worst of its windows'. */
export async function runCommand(args: Arguments, context: Context): Promise<number> {
  const job = await loadJobOf(args, context);
  await using service = await serviceOf(context);
  service?.ready();
  return await runJob(job, args, context, service);
}

/** Nothing unless systemd wants to be told. */
async function serviceOf(context: Context): Promise<Service | undefined> {
  const socket = context.env("NOTIFY_SOCKET") ?? "";
  return socket === "" ? undefined : new (await import("./service.ts")).Service(socket, context);
}

/** The same for a job that is loaded already. */
export async function runJob(
  job: Job,
  args: Arguments,
  context: Context,
  service?: Service,
): Promise<number> {
  const database = databaseOf(args, job);
  // Nothing is made before the window is known to be one, and the keys to be there.
  const given = givenWindow(job, args);
  const listSize = await listSizeOf(job);
  using store = Store.open(database, tableOf(job));
  const isGiven = given !== undefined || job.window === undefined;
  const windows = isGiven ? [given] : await windowsDue(store, job, args);
  if (windows.length === 0 && !args.has(flags.quiet)) {
    context.say(`trawl: nothing to do: no window of ${job.name} is due that is not finished\n`);
  }
  if (windows.length > 1 && job.keys.kind === "stdin") {
    const count = windows.length;
    throw new UsageError(
      `Cannot read the keys of ${count} windows from standard input: name one with --window`,
    );
  }
  const signal = context.interruptible();
  let exit: number = Exit.done;
  for (const window of windows) {
    if (signal.aborted) return Exit.interrupted;
    const one = { job, window, store, database, signal, listSize, service };
    exit = Math.max(exit, await runWindow(one, args, context));
  }
  return exit;
}

interface WindowRun {
  readonly job: Job;
  readonly window: Window | undefined;
  readonly store: Store;
  readonly database: string;
  readonly signal: AbortSignal;
  readonly listSize: number | undefined;
  readonly service: Service | undefined;
}

async function runWindow(one: WindowRun, args: Arguments, context: Context): Promise<number> {
  const { job, window, store, database, signal, listSize, service } = one;
  const wishes = { isNew: args.has(flags.isNew), retryFailed: args.has(flags.retryFailed) };
  const choice = await chooseRun(store, job, { ...wishes, window });
  const isQuiet = args.has(flags.quiet);
  if (choice === undefined) {
    if (!isQuiet) {
      context.say(`trawl: nothing to do${aboutWindow(window)}: finished before; --new asks once more\n`);
    }
    return Exit.done;
  }
  const start = startText(job, window, choice);
  if (!isQuiet) context.say(`${start}\n`);
  service?.status(start);
  let line: ProgressLine | undefined;
  let progress: Progress | undefined;
  try {
    using _told = tellOn(signal, context, service);
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
        line = new ProgressLine(started, {
          write: context.say,
          columns: context.columns,
          isQuiet,
          status: service && ((facts) => service.status(`${job.name}${aboutWindow(window)}: ${facts}`)),
        });
        // Nobody knows when a program will write the next key.
        if (job.keys.kind !== "stdin") service?.aliveWhile(pulseOf(started));
      },
    });
    const peakBytes = line?.stop().peakBytes ?? 0;
    const summary = summaryOf({ job, window, database, choice, result, progress, peakBytes });
    if (args.has(flags.json)) context.out(`${summaryJson(summary)}\n`);
    const text = summaryText(summary);
    const exit = exitOf(result, job.accept.minCoverage);
    if (!isQuiet) context.say(text, levelOf(exit, result.counts.failed));
    service?.status(text);
    return exit;
  } finally {
    service?.aliveWhile(() => true);
    line?.stop();
  }
}

/** Says at the first signal what happens now. */
function tellOn(signal: AbortSignal, { say, columns }: Context, service: Service | undefined): Disposable {
  const tell = () => {
    service?.stopping();
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
  if (result.state === "interrupted") return Exit.interrupted;
  return coverageOf(result) < minCoverage ? Exit.incomplete : Exit.done;
}

/** Some failed keys are looked at some time; a run that is to be gone on with needs nobody at once. */
function levelOf(exit: number, failed: number): Level {
  if (exit === Exit.incomplete) return "error";
  return exit === Exit.interrupted || failed > 0 ? "warning" : "info";
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

/** Windows that are due and not finished; with `--retry-failed`, also those that have failed keys. */
async function windowsDue(store: Store, job: Job, args: Arguments): Promise<Window[]> {
  if (job.window === undefined) return [];
  const runs = await store.windows(job.name);
  const isDone = (run: RunRecord | undefined) =>
    run?.state === "finished" && !(args.has(flags.retryFailed) && run.failed > 0);
  const starts = [...runs.keys()].map((start) => Date.parse(start));
  return dueWindows(job.window, Date.now(), ({ startMs }) => isDone(runs.get(isoTime(startMs))), {
    ...(starts.length > 0 && { sinceMs: Math.min(...starts) }),
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
