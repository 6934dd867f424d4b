/**
 * A forecast as text and as JSON. Estimates are shown with the range that holds 95 of 100 cases. Pure.
 *
 * @module
 */

import type { Caution, ForecastBasis } from "../forecast/cautions.ts";
import type { Estimate, Forecast } from "../forecast/forecast.ts";
import { counted, formatBytes, formatCount, formatDuration, formatRate } from "../text/format.ts";
import { sanitizedJson, sanitizeLine } from "../text/sanitize.ts";
import { bottleneckTexts } from "./bottleneck_text.ts";
import { fact, failureText } from "./fact.ts";

/** A forecast, its basis, and the judgement of both. */
export interface PlanView extends ForecastBasis {
  readonly job: string;
  /** Such as `2026-11-20`. */
  readonly window: string | undefined;
  readonly database: string;
  readonly forecast: Forecast;
  /** Control keys that a run asks in addition. */
  readonly control: number;
  /** The unfinished run that `trawl run` will resume, and the number of its keys that have a verdict. */
  readonly unfinishedRun: { readonly run: number; readonly done: number } | undefined;
  /** Duration of the probe. */
  readonly elapsedMs: number;
  readonly cautions: readonly Caution[];
  /** Whether the disk has room; undefined where the free space is unknown. */
  readonly fits: boolean | undefined;
}

/** The forecast as lines of text. */
export function planText(view: PlanView): string {
  const { job, window, forecast, probed, elapsedMs } = view;
  const about = window === undefined ? "" : ` for ${window}`;
  const lines = [
    `${job}${about}: forecast from ${counted(probed, "key")} asked in ${formatDuration(elapsedMs)}`,
    fact("keys", keysText(view)),
    fact("requests", requestsText(forecast)),
    fact("time", timeText(forecast)),
    fact("data", ranged(forecast.bytes, formatBytes)),
    fact("rows", ranged(forecast.rows, formatCount)),
    fact("disk", diskText(view)),
    fact("limited by", limitText(forecast)),
    ...(forecast.faster === null ? [] : [fact(
      "faster",
      `${
        formatDuration(forecast.faster.timeMs)
      } with in_flight = ${forecast.faster.inFlight}, if the API allows it`,
    )]),
    ...forecast.failures.map((failure) => fact("failed", failureText(failure))),
    ...view.cautions.map((caution) => fact("caution", cautionText(caution))),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** In place of a forecast: every key of the unfinished run has a verdict. */
export function nothingJson(job: string, before: PlanView["unfinishedRun"]): string {
  return sanitizedJson({ job, keys: 0, run: before?.run ?? null, done: before?.done ?? 0 });
}

/** The forecast as one JSON object. */
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
    fits: view.fits ?? null,
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

function keysText({ forecast, control, unfinishedRun }: PlanView): string {
  return [
    formatCount(forecast.keys),
    ...(unfinishedRun === undefined ? [] : [
      `left of run ${unfinishedRun.run}: ${formatCount(unfinishedRun.done)} have a verdict`,
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

/** `11h 18m to 12h 36m`; one figure if both ends read the same. */
function ranged({ mean, low, high }: Estimate, format: (figure: number) => string): string {
  if (low === null || high === null) return `about ${format(mean)}`;
  const [from, to] = [format(low), format(high)];
  return from === to ? from : `${from} to ${to}`;
}

function limitText({ limit, latencyMs, keys }: Forecast): string {
  switch (limit.what) {
    case "in_flight":
      return `${bottleneckTexts.in_flight}: ${formatCount(keys)} × ${
        latencyText(latencyMs.mean)
      } ÷ ${limit.inFlight}`;
    case "rate":
      return `${bottleneckTexts.rate}: ${formatRate(limit.rate)}`;
    case "budget":
      return `the job's quota: ${formatRate(limit.rate)}`;
    case "refusals":
      return bottleneckTexts.refusals;
  }
}

function cautionText(caution: Caution): string {
  switch (caution.kind) {
    case "disk-full":
      return `the disk has too little room: ${formatBytes(caution.neededBytes)} needed, ` +
        `${formatBytes(caution.freeBytes)} free`;
    case "given-up":
      return `${
        counted(caution.requests, "request")
      } got no answer within the probe, so a run may take longer; ` +
        "--probe N waits for N answers";
    case "heavy-answer":
      return `one answer of ${formatBytes(caution.bytes)} makes ${
        share(caution.share)
      } of the data, so larger ` +
        "ones are likely; all estimates may be too low";
    case "tuning":
      return "automatic tuning needs longer than the probe; the run may find higher limits";
    case "control-only":
      return "only control keys were answered in time, which are no random sample; --probe N waits for N keys";
    case "few-keys":
      return "the probe was small; --probe N asks N keys, however long that takes";
  }
}

function latencyText(ms: number): string {
  return ms < 100 ? `${Number(ms.toPrecision(3))}ms` : formatDuration(ms);
}

/** Percent, with one decimal below 10 %. */
function share(value: number): string {
  const percent = value * 100;
  return `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}
