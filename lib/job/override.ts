/**
 * What flags change in a job that has been loaded: where keys come from, how fast to ask, how much must succeed.
 * A flag wins over the job file and is checked by the same rules. Pure: the run's identity, `job.text`, stays.
 *
 * @module
 */

import type { z } from "zod";
import { UsageError } from "../errors.ts";
import { runLimits } from "../limits.ts";
import type { Job, KeySource } from "./job.ts";
import { shown } from "./problems.ts";
import * as schema from "./field_types.ts";

/** Values of flags; those that are missing change nothing. */
export interface JobOverrides {
  /** A source, or the name of a file, `-` being standard input. */
  readonly keys?: KeySource | string | undefined;
  /** Requests under way at once; `auto` keeps to the cap that the job has for it, if it has one. */
  readonly inFlight?: number | "auto" | undefined;
  /** Takes the place of all the job's rates, such as `50/s` or `auto`. */
  readonly rate?: string | undefined;
  /** Keys in one batch. */
  readonly batch?: number | undefined;
  /** A share, 0 to 1. */
  readonly minCoverage?: number | undefined;
}

/**
 * The job with what the flags change.
 *
 * @throws {UsageError} If a value is wrong: `--rate: must be …: found …`.
 */
export function overrideJob(job: Job, overrides: JobOverrides): Job {
  const { keys, batch, minCoverage } = overrides;
  return {
    ...job,
    ...(keys !== undefined && { keys: keySource(keys) }),
    limits: {
      ...speedOf(job.limits, overrides),
      ...(batch !== undefined && { batch: checked("--batch", batch, schema.whole(1, runLimits.batchMax)) }),
    },
    accept: {
      ...job.accept,
      ...(minCoverage !== undefined && { minCoverage: checked("--min-coverage", minCoverage, schema.share) }),
    },
  };
}

/** The job's limits with other numbers, or with others that are to be found. */
function speedOf({ auto, ...given }: Job["limits"], overrides: JobOverrides): Job["limits"] {
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
