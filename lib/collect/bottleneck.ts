/**
 * Diagnoses what limits a run: its own limits, the server, the disk or this machine. Judged by what requests waited
 * for, and by the CPU time of the process. Pure: progress in, a code out.
 *
 * @module
 */

import type { Progress } from "./progress.ts";

/** What limits a run. `view/bottleneck_text.ts` has the words. */
export type Bottleneck =
  | "rate"
  | "in_flight"
  | "refusals"
  | "down"
  | "server"
  | "disk"
  | "CPU"
  /** The pauses before retries. */
  | "retries"
  /** The run is too short to tell. */
  | "short";

/** What the diagnosis needs of a {@linkcode Progress}. */
export type BottleneckFacts = Pick<
  Progress,
  "elapsedMs" | "cpuMs" | "waitedMs" | "isDown" | "inFlight" | "inFlightMax"
>;

/** Milliseconds since the start, the CPU time of all threads, and how long requests waited, over all Workers. */
export interface Waits {
  readonly elapsedMs: number;
  readonly cpuMs: number;
  /** For a slot: the limit on requests in flight. */
  readonly slotMs: number;
  /** For the rate limiter. */
  readonly paceMs: number;
  /** For a pause that the server asked for, or for the circuit breaker. */
  readonly serverMs: number;
  /** For the store to acknowledge rows. */
  readonly storeMs: number;
  /** For answers, summed over the requests that have ended. */
  readonly answerMs: number;
  /** Before retries, summed over the requests. */
  readonly retryMs: number;
}

const noWaits: Waits = {
  elapsedMs: 0,
  cpuMs: 0,
  slotMs: 0,
  paceMs: 0,
  serverMs: 0,
  storeMs: 0,
  answerMs: 0,
  retryMs: 0,
};

/** The waits until now. */
export function waitsOf(progress: Pick<Progress, "elapsedMs" | "cpuMs" | "waitedMs">): Waits {
  return {
    elapsedMs: progress.elapsedMs,
    cpuMs: progress.cpuMs,
    slotMs: progress.waitedMs("slot"),
    paceMs: progress.waitedMs("pace"),
    serverMs: progress.waitedMs("server"),
    storeMs: progress.waitedMs("store"),
    answerMs: progress.waitedMs("answer"),
    retryMs: progress.waitedMs("retry"),
  };
}

/** A wait of more than this share of the elapsed time is the bottleneck. */
const share = 0.3;

/** CPU time of more than this share of the elapsed time keeps a thread busy: a Worker or the main thread. */
const busy = 0.7;

/** A run below this age, in which no request waited for long, is too short to tell. */
const tellMs = 2_000;

/**
 * The bottleneck since an earlier reading, by default since the start; undefined if no time has passed, or if nothing
 * was waited for, as between two attempts on the last key. Server and disk come first: they also make requests wait for
 * slots and for the rate limiter.
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
  // The start itself keeps a thread busy for a moment.
  if (now.elapsedMs < tellMs) return "short";
  if ((now.cpuMs - since.cpuMs) / spanMs > busy) return "CPU";
  // Slots are free, no request waits, and the CPU is idle: answers take their time, or failed requests pause.
  const answerMs = now.answerMs - since.answerMs;
  const retryMs = now.retryMs - since.retryMs;
  if (isLong(retryMs) && retryMs > answerMs) return "retries";
  return inFlight > 0 || isLong(answerMs) ? "server" : undefined;
}
