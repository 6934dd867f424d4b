/**
 * Replaces fields of a loaded job: where keys come from, how fast to ask, how much must succeed. Values in, a job out.
 * Pure.
 *
 * @module
 */

import { runLimits } from "../limits.ts";
import type { Job, KeySource, Rate } from "./job.ts";

/** Validated values; undefined changes nothing. */
export interface JobOverrides {
  readonly keys?: KeySource | undefined;
  /** Requests under way at once. `auto` keeps the job's cap for automatic concurrency, if it has one. */
  readonly inFlight?: number | "auto" | undefined;
  /** Replaces all rates of the job. */
  readonly rate?: Rate | "auto" | undefined;
  /** Keys in one batch. */
  readonly batch?: number | undefined;
  /** A share, 0 to 1. */
  readonly minCoverage?: number | undefined;
  /** Newest finished windows whose failed keys are asked once more. */
  readonly failedWindows?: number | undefined;
}

/** The job with the overridden fields. */
export function overrideJob(job: Job, overrides: JobOverrides): Job {
  const { keys, batch, minCoverage, failedWindows } = overrides;
  return {
    ...job,
    ...(keys !== undefined && { keys }),
    limits: { ...speedOf(job.limits, overrides), ...(batch !== undefined && { batch }) },
    ...(failedWindows !== undefined && { retry: { ...job.retry, failedWindows } }),
    accept: { ...job.accept, ...(minCoverage !== undefined && { minCoverage }) },
  };
}

/** The limits with fixed or automatic rate and concurrency. */
function speedOf({ auto, ...given }: Job["limits"], { inFlight, rate }: JobOverrides): Job["limits"] {
  const tuned = {
    inFlight: inFlight === undefined ? auto?.inFlight ?? false : inFlight === "auto",
    rate: rate === undefined ? auto?.rate ?? false : rate === "auto",
  };
  const inFlightCap = auto?.inFlight === true ? given.inFlight : runLimits.inFlightAutoMax;
  return {
    ...given,
    ...(inFlight !== undefined && { inFlight: inFlight === "auto" ? inFlightCap : inFlight }),
    ...(rate !== undefined && { rates: rate === "auto" ? [] : [rate] }),
    ...((tuned.inFlight || tuned.rate) && { auto: tuned }),
  };
}
