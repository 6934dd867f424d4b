/**
 * `trawl run`: collects for every window that is due, or for the one that is named. Holds the database's lock while it
 * runs, and deletes what the job no longer keeps.
 *
 * @module
 */

import { windowsToAsk, windowsToRetry } from "../collect/due_windows.ts";
import { surveyKeys } from "../collect/keys/key_survey.ts";
import { messageOf, StaleRunError, UsageError } from "../errors.ts";
import type { Job, Window } from "../job/job.ts";
import { isTransient } from "../rows/failure_reasons.ts";
import { schemaOf } from "../rows/table_schema.ts";
import { openDatabase } from "../store/database.ts";
import { counted, formatDuration, isoTime } from "../text/format.ts";
import { identityOf } from "../job/identity.ts";
import { type CommandContext, envIfAllowed } from "./context.ts";
import { type ExitCode, exitCode, exitCodeOfError, worstOf } from "./exit_code.ts";
import type { Arguments } from "./flag.ts";
import { loadJobOf, refuseTerminal } from "./job_arguments.ts";
import { MetricsFile } from "./observe/metrics_file.ts";
import { ProgressLine } from "./observe/progress_line.ts";
import { RunObservers } from "./observe/run_observer.ts";
import { RunReport } from "./observe/run_report.ts";
import { type RunOptions, runOptions } from "./run_options.ts";
import { reportFinished, runWindow, type WindowRun, type WindowTask } from "./run_window.ts";
import { stateFolderOf } from "./state_folder.ts";
import type { ServiceNotifier } from "./systemd/service_notifier.ts";

/** Runs the job of a command line. The exit code is the worst of its windows'. */
export async function runCommand(args: Arguments, context: CommandContext): Promise<ExitCode> {
  const job = await loadJobOf(args, context);
  const options = runOptions(args, job, context);
  await using service = await serviceOf(context);
  service?.ready();
  return await runJob(job, options, { context, service });
}

/** Undefined unless systemd waits for notifications. */
async function serviceOf(context: CommandContext): Promise<ServiceNotifier | undefined> {
  const socket = envIfAllowed("NOTIFY_SOCKET", context.env) ?? "";
  if (socket === "") return undefined;
  return new (await import("./systemd/service_notifier.ts")).ServiceNotifier(socket, context);
}

/** What a start may use of the outside world. */
export interface RunWorld {
  readonly context: CommandContext;
  readonly service?: ServiceNotifier | undefined;
}

/** Runs a job that is loaded. */
export async function runJob(job: Job, options: RunOptions, world: RunWorld): Promise<ExitCode> {
  const { context } = world;
  const { ignoresFreeSpace } = options;
  const stateFolder = stateFolderOf(job, context.env);
  const database = await openDatabase(options.database);
  refuseTerminal(job);
  // Before the database is created.
  const survey = await surveyKeys(job);
  const log: CommandContext["log"] = options.isQuiet ? () => {} : context.log;
  await using lock = await database.acquire({ job: job.name, log, ignoresFreeSpace });
  await using store = await database.openWriter(job.name, job.tables.map(schemaOf));
  const observers = await observersOf({ job, database, options }, world);
  const given: WindowRun = {
    job,
    database,
    lock,
    store,
    options,
    survey,
    stateFolder,
    observers,
    isBegun: false,
    log,
    logError: (text) => context.log(text, "error"),
    signal: context.interruptible(),
  };
  try {
    const exit = await runWindows(given, context.now());
    await prune(given, context.now());
    await observers.closed(exit);
    return exit;
  } catch (error) {
    const cause = store.explain(error);
    await observers.closed(exitCodeOfError(cause));
    throw cause;
  }
}

/** @throws {UsageError} If the metrics file cannot be written. */
async function observersOf(
  { job, database, options }: Pick<WindowRun, "job" | "database" | "options">,
  { context, service }: RunWorld,
): Promise<RunObservers> {
  const { isQuiet, isJson, metricsFile: file } = options;
  const { out, log, draw, columns, now } = context;
  return new RunObservers([
    // The bar is cleared before anything else is written.
    new ProgressLine({ draw, columns, isQuiet }),
    ...(service === undefined ? [] : [service]),
    new RunReport({ out, log, isQuiet, isJson }),
    ...(file === undefined ? [] : [await MetricsFile.start({ file, job: job.name, database, log, now })]),
  ]);
}

/** Deletes old windows. At the end of a start, because new data matters more. */
async function prune({ job, store, signal, log }: WindowRun, nowMs: number): Promise<void> {
  if (job.keepMs === undefined || signal.aborted) return;
  const count = await store.prune({ job: job.name, before: isoTime(nowMs - job.keepMs) }, signal);
  if (count === 0) return;
  log(`trawl: deleted ${counted(count, "run")} older than ${formatDuration(job.keepMs)}\n`);
}

/** Runs the named windows, or each that is due and then those with failed keys to ask again; oldest first. */
async function runWindows(given: WindowRun, nowMs: number): Promise<ExitCode> {
  const { job, options: { windows: named }, signal } = given;
  if (job.window === undefined) return await runWindow(given, { window: undefined });
  const windows = named ?? await windowsDue(given, nowMs);
  if (windows.length > 1 && job.keys.kind === "stdin") {
    throw new UsageError(
      `${windows.length} windows are to be collected, but standard input can be read once: name one with --window`,
    );
  }
  const again = named === undefined ? await failedWindows(given, windows, nowMs) : [];
  const tasks = [...windows.map((window) => ({ window })), ...again];
  if (tasks.length === 0) return await reportNewest(given);
  const exits: ExitCode[] = [];
  for (const [index, task] of tasks.entries()) {
    if (signal.aborted) exits.push(exitCode.interrupted);
    // If the API is down for one window, or refuses access, so it does for the next.
    if (exits.includes(exitCode.interrupted)) break;
    const exit = await runWindowOrSkip({ ...given, isBegun: index > 0 }, task);
    exits.push(exit ?? exitCode.usage);
    if (exit === exitCode.usage) break;
  }
  return worstOf(exits);
}

/** The newest finished windows that have keys that failed for a passing reason, as `retry.failed_windows` asks. */
async function failedWindows(
  { job, store, options }: WindowRun,
  due: readonly Window[],
  nowMs: number,
): Promise<WindowTask[]> {
  const count = job.retry.failedWindows;
  // With a limit or --new, the user wants something else of this start.
  if (count === 0 || options.isNew || options.limit !== undefined) return [];
  const runs = windowsToRetry({
    count,
    identity: await identityOf(job),
    runs: [...(await store.windows(job.name)).values()],
    keepMs: job.keepMs,
    nowMs,
  });
  const tasks = await Promise.all(runs.map(async (run) => ({
    window: { startMs: Date.parse(run.windowStart ?? ""), endMs: Date.parse(run.windowEnd ?? "") },
    retryReasons: (await store.failureCounts(run.id)).map(({ reason }) => reason).filter(isTransient),
  })));
  const isDue = new Set(due.map(({ startMs }) => startMs));
  return tasks.filter(({ window, retryReasons }) => retryReasons.length > 0 && !isDue.has(window.startMs));
}

/** No window is due: the start ends with the exit code of the newest finished one. */
async function reportNewest(given: WindowRun): Promise<ExitCode> {
  const { job, store, log } = given;
  log(`trawl: every due window of ${job.name} is finished\n`);
  const [newest] = [...(await store.windows(job.name)).values()]
    .filter(({ state }) => state === "finished")
    .toSorted((one, other) => other.windowEnd?.localeCompare(one.windowEnd ?? "") ?? 0);
  return newest === undefined ? exitCode.done : await reportFinished(given, newest);
}

/** A run that cannot be resumed does not keep other windows from being collected: undefined. */
async function runWindowOrSkip(given: WindowRun, task: WindowTask): Promise<ExitCode | undefined> {
  try {
    return await runWindow(given, task);
  } catch (error) {
    if (!(error instanceof StaleRunError)) throw error;
    given.logError(`trawl: ${messageOf(error)}\n`);
    return undefined;
  }
}

async function windowsDue({ job, store, options }: WindowRun, nowMs: number): Promise<Window[]> {
  if (job.window === undefined) return [];
  return windowsToAsk({
    rule: job.window,
    keepMs: job.keepMs,
    identity: await identityOf(job),
    runs: [...(await store.windows(job.name)).values()],
    nowMs,
    isNew: options.isNew,
    retryFailed: options.retryFailed,
  });
}
