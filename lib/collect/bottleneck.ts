/**
 * Diagnoses what limits a run: its own limits, the server, the disk or this machine. Judged by what requests waited
 * for. Pure: progress in, a code out.
 *
 * @module
 */

import type { Progress } from "./progress.ts";

/** What limits a run. `view/bottleneck_text.ts` has the words. */
export type Bottleneck = "rate" | "in_flight" | "refusals" | "down" | "server" | "disk" | "CPU";

/** What the diagnosis needs of a {@linkcode Progress}. */
export type BottleneckFacts = Pick<
  Progress,
  "elapsedMs" | "waitedMs" | "isDown" | "inFlight" | "inFlightMax"
>;

/** Milliseconds since the start, and how many of them requests waited, summed over all Workers. */
export interface Waits {
  readonly elapsedMs: number;
  /** For a slot: the limit on requests in flight. */
  readonly slotMs: number;
  /** For the rate limiter. */
  readonly paceMs: number;
  /** For a pause that the server asked for, or for the circuit breaker. */
  readonly serverMs: number;
  /** For the store to acknowledge rows. */
  readonly storeMs: number;
}

const noWaits: Waits = { elapsedMs: 0, slotMs: 0, paceMs: 0, serverMs: 0, storeMs: 0 };

/** The waits until now. */
export function waitsOf(progress: Pick<Progress, "elapsedMs" | "waitedMs">): Waits {
  return {
    elapsedMs: progress.elapsedMs,
    slotMs: progress.waitedMs("slot"),
    paceMs: progress.waitedMs("pace"),
    serverMs: progress.waitedMs("server"),
    storeMs: progress.waitedMs("store"),
  };
}

/** A wait of more than this share of the elapsed time is the bottleneck. */
const share = 0.3;

/**
 * The bottleneck since an earlier reading, by default since the start; undefined if no time has passed. Server and disk
 * come first: they also make requests wait for slots and for the rate limiter.
 */
export function bottleneckOf(progress: BottleneckFacts, since: Waits = noWaits): Bottleneck | undefined {
  const now = waitsOf(progress);
  const spanMs = now.elapsedMs - since.elapsedMs;
  if (spanMs <= 0) return undefined;
  if (progress.isDown) return "down";
  const isLong = (ms: number) => ms / spanMs > share;
  const slotMs = now.slotMs - since.slotMs;
  const paceMs = now.paceMs - since.paceMs;
  if (isLong(now.serverMs - since.serverMs)) return "refusals";
  if (isLong(now.storeMs - since.storeMs)) return "disk";
  if (isLong(paceMs) && paceMs >= slotMs) return "rate";
  const { inFlight, inFlightMax } = progress;
  if (isLong(slotMs) || inFlight >= inFlightMax) return "in_flight";
  // Slots are free and no request waits: the server answers slowly, or the Workers are busy.
  return inFlight > 0 && inFlight < inFlightMax / 2 ? "server" : "CPU";
}
