/**
 * A forecast, in words and as JSON. What is not known for sure is shown with the range that it is likely to lie in.
 *
 * @module
 */

import type { Estimate, Forecast } from "../forecast/forecast.ts";
import type { Rate } from "../job/job.ts";
import { forecastLimits } from "../forecast/forecast_limits.ts";
import { fact, failureText } from "./fact.ts";
import { limits } from "../collect/bottleneck.ts";
import { sanitizedJson, sanitizeLine } from "../text/sanitize.ts";
import { formatBytes, formatCount, formatDuration } from "../text/format.ts";

/** A forecast, and what it was made from. */
export interface PlanView {
  readonly job: string;
  /** Such as `2026-11-20`. */
  readonly window: string | undefined;
  readonly database: string;
  readonly forecast: Forecast;
  /** Control keys, which a run asks besides. */
  readonly control: number;
  /** An unfinished run that will go on, and how many of its keys have their verdict. */
  readonly unfinishedRun: { readonly run: number; readonly done: number } | undefined;
  /** The probe had time for control keys only. */
  readonly isControlOnly: boolean;
  /** What limits was not said, but found by the probe. */
  readonly isAuto: boolean;
  /** Of the probe: keys with a verdict, requests given up as it was over, milliseconds. */
  readonly probed: number;
  readonly givenUp: number;
  readonly elapsedMs: number;
  /** Bytes that may still be written where the database lies; undefined where the system does not tell. */
  readonly freeBytes: number | undefined;
}

/** The forecast as lines. */
export function planText(view: PlanView): string {
  const { job, window, forecast, probed, elapsedMs } = view;
  const about = window === undefined ? "" : ` for ${window}`;
  const lines = [
    `${job}${about}: a forecast from ${counted(probed, "key")} asked in ${formatDuration(elapsedMs)}`,
    fact("keys", keysText(view)),
    fact("requests", requestsText(forecast)),
    fact("time", timeText(forecast)),
    fact("data", ranged(forecast.bytes, formatBytes)),
    fact("rows", ranged(forecast.rows, formatCount)),
    fact("disk", diskText(view)),
    fact("limited by", limitText(forecast)),
    ...(forecast.faster === null ? [] : [fact(
      "faster",
      `with in_flight = ${forecast.faster.inFlight} in ${
        formatDuration(forecast.faster.timeMs)
      }, if the API allows as many`,
    )]),
    ...forecast.failures.map((failure) => fact("failed", failureText(failure))),
    ...cautions(view).map((text) => fact("caution", text)),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** The forecast for machines: one JSON object. */
export function planJson(view: PlanView): string {
  const { forecast } = view;
  return sanitizedJson({
    job: view.job,
    window: view.window ?? null,
    database: view.database,
    keys: forecast.keys,
    control: view.control,
    run: view.unfinishedRun?.run ?? null,
    done: view.unfinishedRun?.done ?? 0,
    requests: forecast.requests,
    requestsPerKey: forecast.requestsPerKey,
    timeMs: forecast.timeMs,
    latencyMs: forecast.latencyMs,
    bytes: forecast.bytes,
    largestBytes: forecast.largestBytes,
    largestShare: forecast.largestShare,
    rows: forecast.rows,
    diskBytes: forecast.diskBytes,
    freeBytes: view.freeBytes ?? null,
    fits: fits(view) ?? null,
    limit: forecast.limit,
    faster: forecast.faster,
    probe: {
      keys: view.probed,
      isControlOnly: view.isControlOnly,
      failed: forecast.failures.reduce((sum, { count }) => sum + count, 0),
      givenUp: view.givenUp,
      elapsedMs: Math.round(view.elapsedMs),
    },
    failures: forecast.failures,
  });
}

/** Whether the disk has room for what is likely at most; undefined where that is not known. */
function fits({ freeBytes, forecast: { diskBytes } }: PlanView): boolean | undefined {
  return freeBytes === undefined ? undefined : (diskBytes.high ?? diskBytes.mean) <= freeBytes;
}

function keysText({ forecast, control, unfinishedRun }: PlanView): string {
  return [
    formatCount(forecast.keys),
    ...(unfinishedRun === undefined ? [] : [
      `left of run ${unfinishedRun.run}: ${formatCount(unfinishedRun.done)} have their verdict`,
    ]),
    ...(control === 0 ? [] : [`and ${counted(control, "control key")}`]),
  ].join(" ");
}

function requestsText({ requests, requestsPerKey }: Forecast): string {
  const retries = 1 - 1 / requestsPerKey;
  return `${formatCount(requests)}${retries === 0 ? "" : `, ${share(retries)} of them retries`}`;
}

function timeText({ timeMs, latencyMs }: Forecast): string {
  return `${ranged(timeMs, formatDuration)}; a request takes ${latencyText(latencyMs.mean)}`;
}

function diskText(view: PlanView): string {
  const free = view.freeBytes === undefined ? "" : `, where ${formatBytes(view.freeBytes)} are free`;
  return `${ranged(view.forecast.diskBytes, formatBytes)} in ${sanitizeLine(view.database)}${free}`;
}

/** `11h 18m to 12h 36m`, or one figure where both are the same. */
function ranged({ mean, low, high }: Estimate, format: (figure: number) => string): string {
  if (low === null || high === null) return `about ${format(mean)}`;
  const [from, to] = [format(low), format(high)];
  return from === to ? from : `${from} to ${to}`;
}

function limitText({ limit, latencyMs, keys }: Forecast): string {
  switch (limit.what) {
    case "in_flight":
      return `${limits.in_flight}: ${formatCount(keys)} × ${latencyText(latencyMs.mean)} ÷ ${limit.inFlight}`;
    case "rate":
      return `${limits.rate}: ${rateText(limit.rate)}`;
    case "budget":
      return `its own budget: ${rateText(limit.rate)}`;
    case "refusals":
      return limits.refusals;
  }
}

function rateText({ count, perMs }: Rate): string {
  return `${formatCount(count)} per ${formatDuration(perMs)}`;
}

/** What makes the forecast worth less than it looks, and what must be done about it. */
function cautions(view: PlanView): string[] {
  const { forecast: { largestShare, largestBytes, keys, diskBytes }, probed, givenUp, freeBytes } = view;
  return [
    ...(fits(view) === false
      ? [
        `the disk has no room for ${formatBytes(diskBytes.high ?? diskBytes.mean)}: ${
          formatBytes(freeBytes ?? 0)
        } are free`,
      ]
      : []),
    ...(givenUp === 0 ? [] : [
      `${counted(givenUp, "request")} had no answer when the probe was over: it may take longer; ` +
      "--probe N waits for all",
    ]),
    ...(largestShare > forecastLimits.heavyShare && probed < keys && probed > 1
      ? [
        `one answer of ${formatBytes(largestBytes)} has ${share(largestShare)} of the data: ` +
        "there may be larger ones, and more of everything",
      ]
      : []),
    ...(view.isAuto ? ["the probe was short for finding what is auto: a run goes on and may find more"] : []),
    ...(view.isControlOnly
      ? ["only control keys were answered in time, which are no sample: --probe N waits for N others"]
      : probed < forecastLimits.keysFew && probed < keys
      ? [`so few keys tell little: --probe N asks N, however long that takes`]
      : []),
  ];
}

function latencyText(ms: number): string {
  return ms < 100 ? `${Number(ms.toPrecision(3))}ms` : formatDuration(ms);
}

/** Such as `1 key`, `2 keys`. */
function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** A share with one decimal where it is small. */
function share(value: number): string {
  const percent = value * 100;
  return `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}
