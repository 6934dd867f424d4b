/**
 * `trawl plan`: asks a sample of the keys and says what asking all of them will take: requests, time, bytes, disk,
 * and what will limit. Stores nothing.
 *
 * @module
 */

import { failuresOf, forecastOf, keysDefault } from "../forecast/forecast.ts";
import { ProbeFolder, type ProbeResult, type ProbeTarget } from "../forecast/probe.ts";
import type { KeySample } from "../forecast/sample.ts";
import { InterruptedError, UsageError } from "../errors.ts";
import type { Job, Window } from "../job/job.ts";
import { formatWindow } from "../job/window.ts";
import { forecastLimits } from "../forecast/forecast_limits.ts";
import { runLimits } from "../limits.ts";
import { doneOf } from "../store/coverage.ts";
import { type Database, openDatabase } from "../store/database.ts";
import { failureText } from "../view/fact.ts";
import { planJson, planText } from "../view/forecast_text.ts";
import { sanitizeLine } from "../text/sanitize.ts";
import { ProgressLine } from "./observe/progress_line.ts";
import { type Context, Exit } from "./context.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";
import { databaseOf, givenOrNewestWindow, loadJobOf, refuseTerminal } from "./job_arguments.ts";
import { formatCount, formatDuration, isoTime } from "../text/format.ts";

/** Exit code 3 if a control key or every key of the probe failed, 75 if there was no answer or it was interrupted. */
export async function planCommand(args: Arguments, context: Context): Promise<number> {
  const job = await loadJobOf(args, context);
  const window = givenOrNewestWindow(job, args, context);
  const wanted = probeKeysOf(args);
  refuseTerminal(job);
  const database = await openDatabase(databaseOf(args, job));
  const before = await unfinishedRun(database, job, window);
  const target = { job, window, signal: context.interruptible() };
  await using folder = await ProbeFolder.make();
  const sample = await folder.sample(target, {
    size: wanted ?? keysDefault(job.limits),
    limit: args.count(flags.limit, { min: 1 }),
    random: Math.random,
  });
  const control = new Set(job.control).size;
  // A run asks its control keys first.
  const keys = sample.count - Math.max(0, (before?.done ?? 0) - control);
  if (keys <= 0) return nothingLeft(context, before?.run);
  const isBrief = wanted === undefined;
  context.log(`${startText(sample, isBrief)}\n`);
  let line: ProgressLine | undefined;
  const found = await folder.ask(sample.keys, target, {
    isBrief,
    database,
    started: (progress) =>
      line = new ProgressLine(progress, { write: context.draw, columns: context.columns, isQuiet: false }),
  }).finally(() => line?.stop());
  const exit = failureOf(found, target, context);
  if (exit !== undefined) return exit;
  const { probe } = found;
  const view = {
    job: job.name,
    window: window && formatWindow(window),
    database: database.location,
    forecast: forecastOf(probe, { keys, limits: found.limits, attemptsMax: job.retry.attempts }),
    control: before === undefined ? control : 0,
    unfinishedRun: before,
    isControlOnly: found.isControlOnly,
    isAuto: job.limits.auto !== undefined,
    probed: probe.fetches.length,
    givenUp: probe.unfinished,
    elapsedMs: probe.elapsedMs,
    freeBytes: await database.freeBytes(),
  };
  context.out(args.has(flags.json) ? `${planJson(view)}\n` : planText(view));
  return Exit.done;
}

function nothingLeft({ log }: Context, run: number | undefined): number {
  log(`trawl: nothing to ask: every key of run ${run} has its verdict\n`);
  return Exit.done;
}

/** The exit code of a probe that no forecast can be made from, which is said; undefined of any other. */
function failureOf(found: ProbeResult, { job, signal }: ProbeTarget, { log }: Context): number | undefined {
  const { result, isDown, probe: { fetches } } = found;
  const failures = failuresOf(fetches);
  const why = failures.map(failureText);
  if (result.isControlBroken) {
    log(`trawl: no forecast of ${job.name}: ${sanitizeLine(result.reason ?? "")}\n`);
    return Exit.incomplete;
  }
  if (signal.aborted) {
    throw new InterruptedError(
      `Cannot make a forecast as the probe was stopped: ${formatCount(fetches.length)} keys were asked`,
    );
  }
  if (isDown) {
    throw new InterruptedError(
      "Cannot make a forecast as the API is down: nothing succeeds; run again later",
    );
  }
  if (result.reason !== null && result.reason !== "stopped") {
    throw new InterruptedError(`Cannot make a forecast as ${result.reason}`);
  }
  if (fetches.length === 0) {
    const waitedMs = forecastLimits.probeMs + runLimits.graceMs;
    throw new InterruptedError(
      `Cannot make a forecast as no key was answered within ${
        formatDuration(waitedMs)
      }: --probe N waits for N answers`,
    );
  }
  if (failures.reduce((sum, { count }) => sum + count, 0) < fetches.length) return undefined;
  log(`trawl: no forecast of ${job.name} as every key of the probe failed: ${why.join("; ")}\n`);
  return Exit.incomplete;
}

/** The unfinished run that `trawl run` would go on with, if there is one: its failed keys have their verdict too. */
async function unfinishedRun(
  database: Database,
  job: Job,
  window: Window | undefined,
): Promise<{ readonly run: number; readonly done: number } | undefined> {
  if (!await database.exists()) return undefined;
  await using reader = await database.openReader();
  const run = await reader.latestRun(job.name, window === undefined ? null : isoTime(window.startMs));
  // A run goes on with its own job only.
  if (run === undefined || run.state === "finished" || run.text !== job.text) return undefined;
  const done = doneOf(run);
  return done === 0 ? undefined : { run: run.id, done };
}

/** @throws {UsageError} If `--probe` is out of its bounds. */
function probeKeysOf(args: Arguments): number | undefined {
  const count = args.count(flags.probe, { min: 1 });
  if (count === undefined || count <= forecastLimits.keysMax) return count;
  throw new UsageError(`Cannot use --probe as it must be at most ${forecastLimits.keysMax}: "${count}"`);
}

function startText({ keys, count }: KeySample, isBrief: boolean): string {
  const many = `${formatCount(keys.length)} of ${formatCount(count)} keys`;
  if (!isBrief) return `trawl: asking ${many}`;
  return `trawl: asking up to ${many}, for ${
    formatDuration(forecastLimits.probeMs + runLimits.graceMs)
  } at most`;
}
