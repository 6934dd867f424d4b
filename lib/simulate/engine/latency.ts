/**
 * How long the practice API lets a caller wait: the kinds of pause, their command-line form, and the length of one
 * pause from a hash, so that a key's attempt always takes the same time. Does no waiting itself.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { unitOf } from "./random.ts";

/** The pause before an answer. All figures are milliseconds, 0 to 3,600,000. */
export type Latency =
  | { readonly kind: "none" }
  | { readonly kind: "fixed"; readonly ms: number }
  | { readonly kind: "uniform"; readonly minMs: number; readonly maxMs: number }
  | { readonly kind: "exponential"; readonly meanMs: number };

/** No pause is longer, so that a mistyped zero does not look like a hang. */
const LATENCY_MS_MAX = 3_600_000;

/** An exponential pause ends at so many times its mean; one in 22,000 would be longer. */
const EXPONENTIAL_MEANS_MAX = 10;

/** The pause in milliseconds that a hash of key and attempt stands for. */
export function latencyMs(latency: Latency, hash: number): number {
  switch (latency.kind) {
    case "none":
      return 0;
    case "fixed":
      return latency.ms;
    case "uniform":
      return latency.minMs + (latency.maxMs - latency.minMs) * unitOf(hash);
    case "exponential":
      return latency.meanMs * Math.min(EXPONENTIAL_MEANS_MAX, -Math.log(1 - unitOf(hash)));
  }
}

/**
 * Reads the command-line form: `0` for none, `80` for always 80 ms, `0..80` for uniform, `~80` for exponential with
 * that mean.
 *
 * @throws {UsageError} If the text has none of these forms, or names more than an hour.
 */
export function parseLatency(text: string): Latency {
  const [, mean, first, last] = /^(?:~(\d+)|(\d+)(?:\.\.(\d+))?)$/.exec(text) ?? [];
  const numbers = [mean, first, last].flatMap((digits) => digits === undefined ? [] : [Number(digits)]);
  const rule = "a delay is MS, MIN..MAX or ~MEAN in milliseconds up to 3600000";
  if (numbers.length === 0 || Math.max(...numbers) > LATENCY_MS_MAX) {
    throw new UsageError(`Cannot read "${text}" as ${rule}`);
  }
  if (mean !== undefined) return { kind: "exponential", meanMs: Number(mean) };
  const ms = Number(first);
  if (last === undefined) return ms === 0 ? { kind: "none" } : { kind: "fixed", ms };
  if (Number(last) < ms) throw new UsageError(`Cannot read "${text}" as ${rule}: ${last} is below ${first}`);
  return { kind: "uniform", minMs: ms, maxMs: Number(last) };
}
