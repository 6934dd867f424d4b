/**
 * Applies flags to a loaded job: source of the keys, limits, coverage. A flag takes precedence over the job file and
 * obeys the same rules. Leaves `job.text`, the identity of a run, unchanged. Pure.
 *
 * @module
 */

import type { z } from "zod";
import { UsageError } from "../errors.ts";
import { runLimits } from "../limits.ts";
import type { Job, KeySource } from "./job.ts";
import { shown } from "./diagnostics.ts";
import * as schema from "./field_types.ts";

/** The values of flags. A missing value changes nothing. */
export interface JobOverrides {
  /** A source, the name of a file, or `-` for standard input. */
  readonly keys?: KeySource | string | undefined;
  /** Requests in flight. `auto` keeps the job's `in_flight_max`, if the job has one. */
  readonly inFlight?: number | "auto" | undefined;
  /** Replaces all rates of the job: a rate such as `50/s`, or `auto`. */
  readonly rate?: string | undefined;
  /** Keys per batch. */
  readonly batch?: number | undefined;
  /** Least coverage, 0 to 1. */
  readonly minCoverage?: number | undefined;
}

/**
 * Returns the job with the flags applied.
 *
 * @throws {UsageError} If a value is wrong: `--rate: must be …: found …`.
 */
export function overrideJob(job: Job, overrides: JobOverrides): Job {
  const { keys, batch, minCoverage } = overrides;
  return {
    ...job,
    ...(keys !== undefined && { keys: keySource(keys) }),
    limits: {
      ...limitsOf(job.limits, overrides),
      ...(batch !== undefined && { batch: checked("--batch", batch, schema.whole(1, runLimits.batchMax)) }),
    },
    accept: {
      ...job.accept,
      ...(minCoverage !== undefined && { minCoverage: checked("--min-coverage", minCoverage, schema.share) }),
    },
  };
}

/** The limits with fixed or automatic values replaced. */
function limitsOf({ auto, ...given }: Job["limits"], overrides: JobOverrides): Job["limits"] {
  const inFlight = overrides.inFlight === undefined
    ? undefined
    : checked("--in-flight", overrides.inFlight, schema.inFlight);
  const rate = overrides.rate === undefined ? undefined : checked("--rate", overrides.rate, schema.rate);
  const found = {
    inFlight: inFlight === undefined ? auto?.inFlight ?? false : inFlight === "auto",
    rate: rate === undefined ? auto?.rate ?? false : rate === "auto",
  };
  const cap = auto?.inFlight === true ? given.inFlight : runLimits.inFlightAutoMax;
  return {
    ...given,
    ...(inFlight !== undefined && { inFlight: inFlight === "auto" ? cap : inFlight }),
    ...(rate !== undefined && { rates: rate === "auto" ? [] : [rate] }),
    ...((found.inFlight || found.rate) && { auto: found }),
  };
}

function keySource(keys: KeySource | string): KeySource {
  if (typeof keys !== "string") return keys;
  if (keys === "") {
    throw new UsageError('--keys: must be the name of a file, or "-" for standard input: found ""');
  }
  return keys === "-" ? { kind: "stdin" } : { kind: "file", file: keys };
}

function checked<Value>(flag: string, value: unknown, type: z.ZodType<Value>): Value {
  const result = type.safeParse(value);
  if (result.success) return result.data;
  throw new UsageError(`${flag}: ${result.error.issues[0]?.message}: found ${shown(value)}`);
}
