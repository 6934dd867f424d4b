/**
 * Input of the tuners: what all Workers did between two ticks of the supervisor. Plain numbers.
 *
 * @module
 */

/** Counts and sums since the last tick, over all Workers. */
export interface Tick {
  /** Milliseconds since the last tick. */
  readonly ms: number;
  /** Requests started. */
  readonly starts: number;
  /** Answers other than refusals and server errors, and the sum of their milliseconds until the first byte. */
  readonly answers: number;
  readonly latencyMs: number;
  /** Refusals of requests that were started after the last step down. */
  readonly refusals: number;
  /** Requests in flight at this moment. */
  readonly inFlight: number;
  /** For part of the time no request could start: the server asked for a pause, or was down. */
  readonly isHeld: boolean;
}
