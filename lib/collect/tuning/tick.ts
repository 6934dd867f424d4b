/**
 * What a learner is told a few times a second: what happened since it was told the last time. Plain numbers.
 *
 * @module
 */

/** Between two looks, over all Workers. */
export interface Tick {
  /** How long that was. */
  readonly ms: number;
  /** Requests started. */
  readonly starts: number;
  /** Answers that were no failures of the server's, and the sum of the milliseconds until their first byte. */
  readonly answers: number;
  readonly latencyMs: number;
  /** Refusals of requests that were started after the last step down. */
  readonly refusals: number;
  /** Requests under way, now. */
  readonly inFlight: number;
  /** Nothing could be started for some of the time: the server had asked for a pause, or was down. */
  readonly isHeld: boolean;
}
