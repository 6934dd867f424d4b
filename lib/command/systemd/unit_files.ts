/**
 * The systemd units of a job, as texts: a service that is one run, and the timer that starts it. Pure. Where things are
 * is fixed, so that the units fit wherever they are copied to: the executable is `/usr/local/bin/trawl`, what is
 * written by hand is in `/etc/trawl`, what trawl writes in `/var/lib/trawl`.
 *
 * @module
 */

import type { Job, WindowRule } from "../../job/job.ts";
import service from "./job.service" with { type: "text" };
import timer from "./job.timer" with { type: "text" };
import { formatDuration } from "../../text/format.ts";

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** A run that is to be gone on with is started again after so long, and so often before somebody is told. */
const restartMs = 15 * minuteMs;
const startsMax = 8;

/** The starts of many servers are spread over so long. */
const delayMsMax = 15 * minuteMs;

/** A job that has no windows is asked once a day, at this time of the day. */
const daily: Pick<WindowRule, "everyMs" | "lagMs"> = { everyMs: dayMs, lagMs: 3 * hourMs };

/** What a service is made from. */
export interface UnitFacts {
  readonly job: Job;
  /** The environment variables that the job names. */
  readonly variables: readonly string[];
  /** The secrets that the job names. */
  readonly secrets: readonly string[];
}

/** `trawl-JOB`: a job's name has no character that systemd wants escaped. */
export function unitName({ name }: Pick<Job, "name">): string {
  return `trawl-${name}`;
}

/** The text of `trawl-JOB.service`. */
export function serviceText({ job, variables, secrets }: UnitFacts): string {
  // All vain starts are to fit in, and the next day's start is not to be one of them.
  const hours = Math.ceil(startsMax * (job.retry.outageMs + restartMs) / hourMs) + 1;
  return filled(service, {
    name: [job.name],
    unit: [unitName(job)],
    file: variables.length === 0 ? [] : [job.name],
    variables: variables.length === 0 ? [] : [variables.join(", ")],
    secret: secrets,
    hours: [String(hours)],
    starts: [String(startsMax)],
    restart: [formatDuration(restartMs)],
  });
}

/** The text of `trawl-JOB.timer`. */
export function timerText(job: Job): string {
  const { calendar, stepMs } = calendarOf(job.window ?? daily);
  return filled(timer, {
    name: [job.name],
    unit: [unitName(job)],
    why: [
      job.window === undefined
        ? "The job has no [window]: it is asked anew every day."
        : "A window may be asked for from then on. A start when none is due does nothing.",
    ],
    calendar: [calendar],
    delay: [formatDuration(Math.floor(Math.min(delayMsMax, stepMs / 4) / secondMs) * secondMs)],
    accuracy: [stepMs < hourMs ? "1s" : "1min"],
  });
}

/** When windows become due, and the time from one such moment to the next. */
export interface Calendar {
  /** As systemd.time(7) has it. */
  readonly calendar: string;
  readonly stepMs: number;
}

/**
 * When windows become due. Where these do not fit into a day, an hour or a minute without a rest, there are moments
 * between them when none is.
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

/** Each line once for every value of the name in it: what has no value has no line. */
function filled(text: string, values: Readonly<Record<string, readonly string[]>>): string {
  return text.split("\n").flatMap((line) => filledLine(line, values)).join("\n");
}

function filledLine(line: string, values: Readonly<Record<string, readonly string[]>>): string[] {
  const name = /\{(\w+)\}/.exec(line)?.[1];
  if (name === undefined) return [line];
  return (values[name] ?? []).flatMap((value) => filledLine(line.replaceAll(`{${name}}`, value), values));
}
