/**
 * The systemd units of a job as text: a service that runs the job once, and a timer that starts it. Pure. Paths are
 * fixed, so that the units work on any server: `/usr/local/bin/trawl`, configuration in `/etc/trawl`, databases in
 * `/var/lib/trawl`.
 *
 * @module
 */

import { memoryNeedBytes } from "../../collect/workers/memory_need.ts";
import type { Job, WindowRule } from "../../job/job.ts";
import service from "./job.service" with { type: "text" };
import timer from "./job.timer" with { type: "text" };
import { formatDuration } from "../../text/format.ts";

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** An interrupted run is started again after this pause; after this many starts the service has failed. */
const restartMs = 15 * minuteMs;
const startsMax = 8;

const MiB = 1024 * 1024;
const memoryBlockMiB = 64;
const memoryMiBMin = 512;

/** The starts of many servers are spread over this time, or a little less. */
const delayMsMax = 15 * minuteMs;

/** A job without windows runs once a day, at this time. */
const daily: Pick<WindowRule, "everyMs" | "lagMs"> = { everyMs: dayMs, lagMs: 3 * hourMs };

/** What the units are made from. */
export interface UnitFacts {
  readonly job: Job;
  /** The environment variables that the job names. */
  readonly variables: readonly string[];
  /** The secrets that the job names. */
  readonly secrets: readonly string[];
  /** The absolute path of the folder for the metrics file; undefined for no metrics. */
  readonly metricsFolder?: string | undefined;
}

/** The group that may write to the folder of metrics: the dynamic user of the units has no name to grant it to. */
export const metricsGroup = "trawl-metrics";

/** `trawl-JOB`. The name of a job needs no escaping for systemd. */
export function unitName({ name }: Pick<Job, "name">): string {
  return `trawl-${name}`;
}

/** The text of `trawl-JOB.service`. */
export function serviceText({ job, variables, secrets, metricsFolder }: UnitFacts): string {
  // All failed starts fit into this span, and the start of the next day does not.
  const hours = Math.ceil(startsMax * (job.retry.outageMs + restartMs) / hourMs) + 1;
  return filled(service, {
    name: [job.name],
    unit: [unitName(job)],
    file: variables.length === 0 ? [] : [job.name],
    variables: variables.length === 0 ? [] : [variables.join(", ")],
    secret: secrets,
    more: [moreFlags(job, metricsFolder)],
    metrics: metricsFolder === undefined ? [] : [metricsFolder],
    group: metricsFolder === undefined ? [] : [metricsGroup],
    hours: [String(hours)],
    starts: [String(startsMax)],
    restart: [formatDuration(restartMs)],
    memory: [`${memoryMiB(job)}M`],
  });
}

/** Flags of the service beside the job and the database, with a blank before each. */
function moreFlags(job: Job, metricsFolder: string | undefined): string {
  return [
    // A job file that names a number keeps it.
    ...(job.window === undefined || job.retry.failedWindows > 0 ? [] : [" --retry-failed-windows 1"]),
    ...(metricsFolder === undefined ? [] : [` --metrics ${metricsFolder}/${unitName(job)}.prom`]),
  ].join("");
}

/** What the kernel may let the service have: the peak of a run, rounded up. */
function memoryMiB({ limits }: Job): number {
  const blocks = Math.ceil(memoryNeedBytes(limits.inFlight) / (memoryBlockMiB * MiB));
  return Math.max(memoryMiBMin, blocks * memoryBlockMiB);
}

/** The text of `trawl-JOB.timer`. */
export function timerText(job: Job): string {
  const { calendar, stepMs } = calendarOf(job.window ?? daily);
  return filled(timer, {
    name: [job.name],
    unit: [unitName(job)],
    why: [
      job.window === undefined
        ? "The job has no [window], so it runs every day."
        : "When a window becomes due. A start without a due window does nothing.",
    ],
    calendar: [calendar],
    delay: [
      formatDuration(Math.floor(delayShareOf(job) * Math.min(delayMsMax, stepMs / 4) / secondMs) * secondMs),
    ],
    accuracy: [stepMs < hourMs ? "1s" : "1min"],
  });
}

/** A share from 0.5 to 1 by the name of a job, so that no two jobs of a server are spread over the same time. */
function delayShareOf({ name }: Pick<Job, "name">): number {
  const prime = 9_973;
  const hash = [...name].reduce((hash, char) => (hash * 31 + (char.codePointAt(0) ?? 0)) % prime, 0);
  return 1 - hash / prime / 2;
}

/** The times at which windows become due. */
export interface Calendar {
  /** A calendar event in the form of systemd.time(7). */
  readonly calendar: string;
  /** Time between two events. */
  readonly stepMs: number;
}

/**
 * The times at which windows become due. If their length divides no day, hour or minute, the calendar has more events
 * than windows.
 */
export function calendarOf({ everyMs, lagMs }: Pick<WindowRule, "everyMs" | "lagMs">): Calendar {
  let stepMs = commonDivisor(everyMs, dayMs);
  for (const unitMs of [hourMs, minuteMs]) {
    if (stepMs % unitMs !== 0) stepMs = commonDivisor(stepMs, unitMs);
  }
  const firstMs = Math.ceil(lagMs / secondMs) * secondMs % stepMs;
  const field = (unitMs: number, wholeMs: number) => {
    const first = String(Math.floor(firstMs % wholeMs / unitMs)).padStart(2, "0");
    if (stepMs >= wholeMs) return first;
    return stepMs <= unitMs ? "*" : `${first}/${stepMs / unitMs}`;
  };
  const time = [field(hourMs, dayMs), field(minuteMs, hourMs), field(secondMs, minuteMs)].join(":");
  return { calendar: `*-*-* ${time} UTC`, stepMs };
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/** Repeats each line for every value of the placeholder in it; a placeholder without values drops its line. */
function filled(text: string, values: Readonly<Record<string, readonly string[]>>): string {
  return text.split("\n").flatMap((line) => filledLine(line, values)).join("\n");
}

function filledLine(line: string, values: Readonly<Record<string, readonly string[]>>): string[] {
  const name = /\{(\w+)\}/.exec(line)?.[1];
  if (name === undefined) return [line];
  return (values[name] ?? []).flatMap((value) => filledLine(line.replaceAll(`{${name}}`, value), values));
}
