/**
 * `trawl plan`: asks a sample of the keys and forecasts what asking all of them takes: requests, time, bytes, disk,
 * and the bottleneck. Stores nothing.
 *
 * @module
 */

import { InterruptedError, UsageError } from "../errors.ts";
import { cautionsOf, fitsOnDisk } from "../forecast/cautions.ts";
import { forecastLimits } from "../forecast/forecast_limits.ts";
import { failuresOf, forecastOf, keysDefault } from "../forecast/forecast.ts";
import { ProbeFolder, type ProbeResult, type ProbeTarget } from "../forecast/probe.ts";
import type { KeySample } from "../forecast/sample.ts";
import { identityOf } from "../job/identity.ts";
import type { Job, Window } from "../job/job.ts";
import { formatWindow } from "../job/window.ts";
import { runLimits } from "../limits.ts";
import { doneOf } from "../store/coverage.ts";
import { type Database, openDatabase } from "../store/database.ts";
import { formatCount, formatDuration, isoTime } from "../text/format.ts";
import { sanitizeLine } from "../text/sanitize.ts";
import { failureText } from "../view/fact.ts";
import { nothingJson, planJson, planText, type PlanView } from "../view/forecast_text.ts";
import { stateFolderOf } from "./state_folder.ts";
import type { CommandContext } from "./context.ts";
import { type ExitCode, exitCode, exitCodeOfRun } from "./exit_code.ts";
import type { Arguments } from "./flag.ts";
import { flags, isSilent } from "./flags.ts";
import { databaseOf, givenOrNewestWindows, loadJobOf, refuseTerminal } from "./job_arguments.ts";
import { ProgressLine } from "./observe/progress_line.ts";

/** Options of one forecast. */
interface PlanOptions {
  /** The database that a run would write: an unfinished run and quotas are read from it. */
  readonly database: Database;
  readonly window: Window | undefined;
  /** Keys to ask; undefined to ask as many as are needed. */
  readonly probe: number | undefined;
  readonly limit: number | undefined;
  readonly isJson: boolean;
  /** Prints neither messages nor progress. */
  readonly isQuiet: boolean;
}

/** Exit code 3 if a control key or every key of the probe failed, 75 without an answer or if interrupted. */
export async function planCommand(args: Arguments, context: CommandContext): Promise<ExitCode> {
  const job = await loadJobOf(args, context);
  const [window, ...others] = givenOrNewestWindows(job, args, context);
  if (others.length > 0) {
    throw new UsageError(`Cannot use --window: plan forecasts one window, got ${others.length + 1}`);
  }
  const options: PlanOptions = Object.freeze({
    database: await openDatabase(databaseOf(args, job)),
    window,
    probe: args.get(flags.probe),
    limit: args.get(flags.limit),
    isJson: args.get(flags.json),
    isQuiet: isSilent(args),
  });
  refuseTerminal(job);
  return await plan(job, options, context);
}

async function plan(job: Job, options: PlanOptions, context: CommandContext): Promise<ExitCode> {
  const { database, window } = options;
  const before = await unfinishedRun(database, job, window);
  const stateFolder = stateFolderOf(job, context.env);
  const target = { job, window, signal: context.interruptible(), stateFolder };
  await using folder = await ProbeFolder.make();
  const sample = await folder.sample(target, {
    size: options.probe ?? keysDefault(job.limits),
    limit: options.limit,
    random: Math.random,
  });
  const control = new Set(job.control).size;
  // A run asks its control keys first.
  const keys = sample.count - Math.max(0, (before?.done ?? 0) - control);
  if (keys <= 0) {
    if (options.isJson) context.out(`${nothingJson(job.name, before)}\n`);
    if (!options.isQuiet) {
      context.log(`trawl: nothing to ask: every key of run ${before?.run} has a verdict\n`);
    }
    return exitCode.done;
  }
  const isBrief = options.probe === undefined;
  if (!options.isQuiet) context.log(`trawl: ${startText(sample, isBrief)}\n`);
  const { draw, columns } = context;
  const line = new ProgressLine({ draw, columns, isQuiet: options.isQuiet });
  const started = line.started.bind(line);
  const found = await folder.ask(sample.keys, target, { isBrief, database, started })
    .finally(() => line.ended());
  const exit = failureExit(found, target, context);
  if (exit !== undefined) return exit;
  const view = await viewOf(job, options, { found, keys, control, before });
  context.out(options.isJson ? `${planJson(view)}\n` : planText(view));
  return exitCode.done;
}

/** What the probe and the database have told. */
interface Findings {
  readonly found: ProbeResult;
  /** Keys that a run would ask, without control keys. */
  readonly keys: number;
  readonly control: number;
  readonly before: PlanView["unfinishedRun"];
}

async function viewOf(
  job: Job,
  { database, window }: PlanOptions,
  { found, keys, control, before }: Findings,
): Promise<PlanView> {
  const { probe, limits, isControlOnly } = found;
  const forecast = forecastOf(probe, { keys, limits, attemptsMax: job.retry.attempts });
  const basis = {
    probed: probe.fetches.length,
    givenUp: probe.unfinished,
    isControlOnly,
    isAuto: job.limits.auto !== undefined,
    freeBytes: await database.freeBytes(),
  };
  return {
    ...basis,
    job: job.name,
    window: window && formatWindow(window),
    database: database.location,
    forecast,
    control: before === undefined ? control : 0,
    unfinishedRun: before,
    elapsedMs: probe.elapsedMs,
    cautions: cautionsOf(forecast, basis),
    fits: fitsOnDisk(forecast, basis.freeBytes),
  };
}

/**
 * The exit code of a probe that allows no forecast, which is reported; undefined of any other.
 *
 * @throws {InterruptedError} If the cause is a passing one.
 */
function failureExit(
  found: ProbeResult,
  { job, signal }: ProbeTarget,
  { log }: CommandContext,
): ExitCode | undefined {
  const { result, isDown, probe: { fetches } } = found;
  if (result.controlFailure !== null || result.isRefused === true) {
    log(`trawl: no forecast for ${job.name}: ${sanitizeLine(result.reason ?? "")}\n`);
    return exitCodeOfRun(result, 0);
  }
  if (signal.aborted) {
    const count = formatCount(fetches.length);
    throw new InterruptedError(
      `The probe was stopped after ${count} keys, so there is no forecast: run again`,
    );
  }
  if (isDown) throw new InterruptedError("The API is down, so there is no forecast: run again later");
  if (result.reason !== null && result.reason !== "stopped") {
    throw new InterruptedError(`No forecast: ${result.reason}`);
  }
  if (fetches.length === 0) {
    const waited = formatDuration(forecastLimits.probeMs + runLimits.graceMs);
    throw new InterruptedError(`No key was answered within ${waited}: use --probe N to wait for N answers`);
  }
  const failures = failuresOf(fetches);
  if (failures.reduce((sum, { count }) => sum + count, 0) < fetches.length) return undefined;
  log(`trawl: no forecast for ${job.name}: every key failed: ${failures.map(failureText).join("; ")}\n`);
  return exitCode.incomplete;
}

/** The unfinished run that `trawl run` would resume. Its failed keys have a verdict too. */
async function unfinishedRun(
  database: Database,
  job: Job,
  window: Window | undefined,
): Promise<PlanView["unfinishedRun"]> {
  if (!await database.exists()) return undefined;
  await using reader = await database.openReader();
  const run = await reader.latestRun(job.name, window === undefined ? null : isoTime(window.startMs));
  if (run === undefined || run.state === "finished" || run.identity !== await identityOf(job)) {
    return undefined;
  }
  const done = doneOf(run);
  return done === 0 ? undefined : { run: run.id, done };
}

function startText({ keys, count }: KeySample, isBrief: boolean): string {
  const some = `${formatCount(keys.length)} of ${formatCount(count)} keys`;
  if (!isBrief) return `asking ${some}`;
  return `asking up to ${some}, for at most ${formatDuration(forecastLimits.probeMs + runLimits.graceMs)}`;
}
