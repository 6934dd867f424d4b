/**
 * The simulator's latency: its distributions, their command-line form, and the latency of one attempt, which follows
 * from a hash and is therefore the same in every run. Does not wait itself.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { unitOf } from "./random.ts";

/** The delay before an answer. All numbers are milliseconds, 0 to 3,600,000. */
export type Latency =
  | { readonly kind: "none" }
  | { readonly kind: "fixed"; readonly ms: number }
  | { readonly kind: "uniform"; readonly minMs: number; readonly maxMs: number }
  | { readonly kind: "exponential"; readonly meanMs: number };

/** An hour: a typo with one zero too many is refused instead of looking like a hang. */
const latencyMsMax = 3_600_000;

/** An exponential latency is cut off at this multiple of its mean; one in 22,000 would exceed it. */
const exponentialMeansMax = 10;

/** The latency in milliseconds of the attempt with this hash. */
export function latencyMs(latency: Latency, hash: number): number {
  switch (latency.kind) {
    case "none":
      return 0;
    case "fixed":
      return latency.ms;
    case "uniform":
      return latency.minMs + (latency.maxMs - latency.minMs) * unitOf(hash);
    case "exponential":
      return latency.meanMs * Math.min(exponentialMeansMax, -Math.log(1 - unitOf(hash)));
  }
}

/**
 * Reads the command-line form: `0` for none, `80` for a fixed 80 ms, `0..80` for uniform, `~80` for exponential with
 * that mean.
 *
 * @throws {UsageError} If the text has none of these forms or exceeds an hour.
 */
export function parseLatency(text: string): Latency {
  const [, mean, first, last] = /^(?:~(\d+)|(\d+)(?:\.\.(\d+))?)$/.exec(text) ?? [];
  const numbers = [mean, first, last].flatMap((digits) => digits === undefined ? [] : [Number(digits)]);
  const isOutOfRange = numbers.length === 0 || Math.max(...numbers) > latencyMsMax;
  if (isOutOfRange || Number(last ?? Infinity) < Number(first)) {
    throw new UsageError(
      `must be MS, MIN..MAX or ~MEAN in milliseconds up to ${latencyMsMax}`,
    );
  }
  if (mean !== undefined) return { kind: "exponential", meanMs: Number(mean) };
  const ms = Number(first);
  if (last === undefined) return ms === 0 ? { kind: "none" } : { kind: "fixed", ms };
  return { kind: "uniform", minMs: ms, maxMs: Number(last) };
}
