/**
 * The engine's options: what a caller sets, and the same with defaults filled in and values checked. Plain data, so
 * that options can cross to a Worker. Does no I/O.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import type { Rate } from "../../job/job.ts";
import { blockBytes } from "./body.ts";
import { type EngineFault, engineFaultKinds, type ProfileFault } from "./fault.ts";
import type { Latency } from "./latency.ts";
import type { Profile } from "./profile.ts";

/** The options that every profile has. Each field has a default. */
export interface EngineOptions {
  /** All generated content follows from it: an integer, of which the lowest 32 bits count. Default 1. */
  readonly seed?: number;
  /** TCP port on 127.0.0.1; 0 takes any free one. Default 0. */
  readonly port?: number;
  /** The delay before an answer. Default: the profile's. */
  readonly latency?: Latency;
  /** How a body is framed. Default `auto`: `Content-Length` below 64 KiB, otherwise chunked. */
  readonly framing?: "auto" | "length" | "chunked";
  /** Largest write (and chunk) of a body in bytes, 1 to 65,536. Default 65,536. */
  readonly pieces?: number;
  /** Fault rules; an earlier one takes precedence. Default none. */
  readonly faults?: readonly (EngineFault | ProfileFault)[];
  /** Requests above this rate get status 429 with `Retry-After`. Default: no limit. */
  readonly rate?: Rate;
}

/** The options with defaults filled in. */
export type EngineSettings = Required<Omit<EngineOptions, "rate">> & {
  /** Undefined for no limit. */
  readonly rate: Rate | undefined;
};

/** The rate limit holds a time for each request of its window: 8 MB. */
const rateCountMax = 1_000_000;

/**
 * Fills in the defaults and checks every value.
 *
 * @throws {UsageError} If a value is outside its range, or the profile lacks a fault.
 */
export function engineSettings(options: EngineOptions, profile: Profile): EngineSettings {
  const { port = 0, pieces = blockBytes, faults = [], rate } = options;
  const lacking = faults.find(({ kind }) =>
    !engineFaultKinds.some((known) => known === kind) && !profile.faultKinds.includes(kind)
  );
  if (lacking !== undefined) {
    throw new UsageError(
      `Cannot inject the fault "${lacking.kind}": the profile must have this fault, got "${profile.name}"`,
    );
  }
  return {
    seed: seedOf(options),
    port: checkedWhole("port", port, { min: 0, max: 65_535 }),
    latency: options.latency ?? profile.latency,
    framing: options.framing ?? "auto",
    pieces: checkedWhole("pieces", pieces, { min: 1, max: blockBytes }),
    faults,
    rate: rate === undefined ? undefined : {
      count: checkedWhole("rate.count", rate.count, { min: 1, max: rateCountMax }),
      perMs: checkedWhole("rate.perMs", rate.perMs, { min: 1, max: 86_400_000 }),
    },
  };
}

/**
 * The seed as an unsigned 32-bit integer.
 *
 * @throws {UsageError} If the seed is not an integer of 32 bits, signed or unsigned.
 */
export function seedOf({ seed = 1 }: Pick<EngineOptions, "seed">): number {
  return checkedWhole("seed", seed, { min: -(2 ** 31), max: 2 ** 32 - 1 }) >>> 0;
}

/**
 * Returns `value` if it is an integer from `min` to `max`.
 *
 * @throws {UsageError} If it is not; the message calls the value `name`.
 */
export function checkedWhole(
  name: string,
  value: number,
  { min, max }: { min: number; max: number },
): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new UsageError(`Cannot use "${name}": it must be a whole number from ${min} to ${max}, got ${value}`);
}
