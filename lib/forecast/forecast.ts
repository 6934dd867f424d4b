/**
 * Forecasts what asking all keys will take, from a probe of a few. Pure arithmetic: reads no clock and does no I/O.
 *
 * A mean is as certain as its standard error is small. Heavy tails make the error look smaller than it is: where a few
 * answers hold most of the bytes, a probe that met none of them knows nothing about them.
 *
 * @module
 */

import type { Job, Rate } from "../job/job.ts";
import { forecastLimits } from "./forecast_limits.ts";
import type { FailureCount, MeasuredFetch, StorageSize } from "../store/records.ts";
import { type FailureReason, isTransient } from "../rows/failure_reasons.ts";
import { quotaSpans } from "../collect/tuning/quota.ts";
import { intervalUsOf, isQuota } from "../pace/pace.ts";

/** The result of a probe. */
export interface Probe {
  /** The sampled keys that have a verdict; at least one. */
  readonly fetches: readonly MeasuredFetch[];
  /** Milliseconds that requests for these keys were in flight, requests without an answer included. */
  readonly requestMs: number;
  /** Milliseconds from the first request to the last answer. */
  readonly elapsedMs: number;
  /** Requests aborted at the end of the probe: slower than most. */
  readonly unfinished: number;
  /** The server refused or delayed requests for more than `forecastLimits.heldBackShare` of the time. */
  readonly isHeldBack: boolean;
  readonly storageSize: StorageSize;
}

/** The run to forecast. */
export interface ForecastTarget {
  /** Keys to ask; at least one. */
  readonly keys: number;
  /** The job's limits. */
  readonly limits: Pick<Job["limits"], "inFlight" | "rates">;
  /** Attempts on one key, at most. */
  readonly attemptsMax: number;
}

/** A figure with the range that holds in 95 of 100 cases. The bounds are null where a single key shows no spread. */
export interface Estimate {
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** What can limit a run. A rate over a minute or longer is a quota, and so is a rate beside a finer one. */
export type Limiter =
  | { readonly what: "in_flight"; readonly inFlight: number }
  | { readonly what: "rate" | "budget"; readonly rate: Rate }
  | { readonly what: "refusals" };

/** The forecast of a run. */
export interface Forecast {
  readonly keys: number;
  /** Retries included. */
  readonly requests: number;
  readonly requestsPerKey: number;
  /** Milliseconds of one request. */
  readonly latencyMs: Estimate;
  /** Milliseconds from the first request to the last answer. */
  readonly timeMs: Estimate;
  readonly limit: Limiter;
  /** Decoded bytes. */
  readonly bytes: Estimate;
  /** The largest answer of the probe, and its share of all bytes. */
  readonly largestBytes: number;
  readonly largestShare: number;
  readonly rows: Estimate;
  /** Bytes by which the database grows. */
  readonly diskBytes: Estimate;
  /** The time with twice as many requests in flight, where the rates leave room for them; null elsewhere. */
  readonly faster: { readonly inFlight: number; readonly timeMs: number } | null;
  /** Failed keys of the probe by reason, most frequent first. */
  readonly failures: readonly FailureCount[];
}

/** A mean and its relative standard error, which is infinite for a single value. */
interface Mean {
  readonly mean: number;
  readonly error: number;
}

/** Forecasts a run from a probe. */
export function forecastOf(probe: Probe, outlook: ForecastTarget): Forecast {
  const { fetches, storageSize } = probe;
  const { keys } = outlook;
  const seen = sumOf(fetches, ({ attempts }) => attempts);
  const requestsPerKey = (seen + moreAttempts(fetches, outlook.attemptsMax)) / fetches.length;
  const { error } = latencyOf(fetches);
  const slotMs = { mean: probe.requestMs / seen * requestsPerKey, error };
  const time = timeOf(probe, { ...outlook, requestsPerKey, slotMs });
  const largestBytes = fetches.reduce((largest, { bytes }) => Math.max(largest, bytes), 0);
  const bytes = sampleMeanOf(fetches.map((fetch) => fetch.bytes), keys);
  const disk = sampleMeanOf(
    fetches.map(({ storedRows }) => storageSize.fetchBytes + storedRows * storageSize.rowBytes),
    keys,
  );
  return {
    keys,
    requests: Math.round(keys * requestsPerKey),
    requestsPerKey,
    latencyMs: estimate({ mean: probe.requestMs / seen, error }),
    ...time,
    bytes: estimate(bytes, keys),
    largestBytes,
    largestShare: largestBytes / Math.max(1, bytes.mean * fetches.length),
    rows: estimate(sampleMeanOf(fetches.map((fetch) => fetch.rows), keys), keys),
    diskBytes: estimate(disk, keys),
    failures: failuresOf(fetches),
  };
}

/** Whether the probe knows the latency well enough: `forecastLimits.keysMin` and `errorMax`. */
export function isEnough(
  fetches: readonly MeasuredFetch[],
  { inFlight }: Pick<Job["limits"], "inFlight">,
): boolean {
  if (fetches.length < Math.max(forecastLimits.keysMin, forecastLimits.keysMinPerSlot * inFlight)) {
    return false;
  }
  return latencyOf(fetches).error <= forecastLimits.errorMax;
}

/** Keys of a probe without `--probe`: at most a tenth of the smallest quota, which runs need for themselves. */
export function keysDefault({ rates }: Pick<Job["limits"], "rates">): number {
  const budgets = rates.filter(isQuota).map(({ count }) => count);
  return Math.max(1, Math.min(forecastLimits.keysDefault, Math.floor(Math.min(...budgets) / 10)));
}

/** Failed keys by reason, most frequent first. */
export function failuresOf(fetches: readonly MeasuredFetch[]): FailureCount[] {
  const failed = fetches.flatMap(({ reason, ...fetch }) => reason === null ? [] : [{ reason, ...fetch }]);
  return [...Map.groupBy(failed, ({ reason }) => reason)]
    .map(([reason, all]) => {
      const shown = all.find(({ detail }) => detail !== null) ?? all[0];
      return { reason, count: all.length, example: shown?.key ?? "", detail: shown?.detail ?? null };
    })
    .sort((a, b) => b.count - a.count);
}

/** Latency of a request, from fetches with a single attempt where there are two or more: others include waits. */
function latencyOf(fetches: readonly MeasuredFetch[]): Mean {
  const single = fetches.filter(({ attempts }) => attempts === 1);
  return meanOf(
    (single.length > 1 ? single : fetches).map(({ durationMs, attempts }) => durationMs / attempts),
  );
}

/** Attempts that a run would make beyond those of the probe, on keys that failed for a passing reason. */
function moreAttempts(fetches: readonly MeasuredFetch[], attemptsMax: number): number {
  const unlucky = fetches.filter(({ reason }) => reason !== null && isTransient(reason as FailureReason));
  return sumOf(unlucky, ({ attempts }) => Math.max(0, attemptsMax - attempts));
}

interface Load extends ForecastTarget {
  readonly requestsPerKey: number;
  /** Milliseconds that one key holds an in-flight slot. */
  readonly slotMs: Mean;
}

/** The time that each limit imposes; the run takes the longest of them. */
function timeOf(probe: Probe, load: Load): Pick<Forecast, "timeMs" | "limit" | "faster"> {
  const { keys, slotMs, limits: { inFlight } } = load;
  const others = [...rateTimes(load), ...refusalTime(probe, keys)];
  const inFlightMs = (slots: number) => keys * slotMs.mean / Math.min(slots, keys);
  let limit: Limiter = { what: "in_flight", inFlight };
  let longestMs = inFlightMs(inFlight);
  for (const other of others) {
    if (other.ms <= longestMs) continue;
    longestMs = other.ms;
    limit = other.limit;
  }
  const own = estimate({ mean: inFlightMs(inFlight), error: slotMs.error });
  const floorMs = Math.max(0, ...others.map(({ ms }) => ms));
  const fasterMs = Math.max(inFlightMs(2 * inFlight), floorMs);
  return {
    timeMs: {
      mean: longestMs,
      low: own.low === null ? null : Math.max(own.low, floorMs),
      high: own.high === null ? null : Math.max(own.high, floorMs),
    },
    limit,
    faster: limit.what === "in_flight" && fasterMs < 0.9 * longestMs
      ? { inFlight: 2 * inFlight, timeMs: fasterMs }
      : null,
  };
}

interface LimitTime {
  readonly limit: Limiter;
  readonly ms: number;
}

/** The finest rate spreads requests evenly. Coarser rates count the starts within their window. */
function rateTimes({ keys, requestsPerKey, limits: { rates } }: Load): LimitTime[] {
  const requests = Math.round(keys * requestsPerKey);
  const finestMs = Math.min(...rates.map(({ perMs }) => perMs));
  return rates.map((rate): LimitTime => {
    const what = isQuota(rate) ? "budget" : "rate";
    if (rate.perMs === finestMs) {
      return { limit: { what, rate }, ms: requests * intervalUsOf([rate]) / 1_000 };
    }
    // The first window's requests start at once. A start counts until its whole span has left the window.
    const windows = Math.floor(Math.max(0, requests - 1) / rate.count);
    return { limit: { what, rate }, ms: windows * rate.perMs * (1 + 1 / quotaSpans) };
  });
}

/** A server that delays requests is expected to stay as fast as it was during the probe. */
function refusalTime({ isHeldBack, elapsedMs, fetches }: Probe, keys: number): LimitTime[] {
  return isHeldBack ? [{ limit: { what: "refusals" }, ms: keys * elapsedMs / fetches.length }] : [];
}

/**
 * A mean times `count`, with its range. The range is symmetric as a factor: it leaves more room above than below, as
 * heavy tails do, and never reaches zero.
 */
function estimate({ mean, error }: Mean, count = 1): Estimate {
  const factor = Math.exp(forecastLimits.errorsShown * error);
  const isKnown = Number.isFinite(factor);
  return {
    mean: mean * count,
    low: isKnown ? mean * count / factor : null,
    high: isKnown ? mean * count * factor : null,
  };
}

function meanOf(values: readonly number[]): Mean {
  const { length } = values;
  const mean = sumOf(values, (value) => value) / length;
  if (length < 2) return { mean, error: Infinity };
  const variance = sumOf(values, (value) => (value - mean) ** 2) / (length - 1);
  return { mean, error: variance === 0 ? 0 : Math.sqrt(variance / length) / mean };
}

/** The mean of a property of the keys. Its error shrinks to zero as the sample approaches the whole list. */
function sampleMeanOf(values: readonly number[], keys: number): Mean {
  const { mean, error } = meanOf(values);
  const left = Math.max(0, 1 - values.length / keys);
  return { mean, error: left === 0 ? 0 : error * Math.sqrt(left) };
}

function sumOf<T>(values: readonly T[], figure: (value: T) => number): number {
  return values.reduce((sum, value) => sum + figure(value), 0);
}
