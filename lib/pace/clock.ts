/**
 * The clock that all threads of a run share: wall-clock time in microseconds. It runs while the computer sleeps, and
 * may be set forward or back at any time.
 *
 * @module
 */

/** Two threads may read the clock this many microseconds apart. */
export const clockSkewUs = 2_000;

/**
 * The supervisor on the main thread ticks this often, milliseconds: it grants quota, tunes, and checks the Workers.
 */
export const supervisorTickMs = 250;

/**
 * Microseconds since 1970. Two threads differ by less than a millisecond, and by far less while the clock is not set.
 */
export function nowUs(): number {
  const wallMs = Date.now();
  // `performance.timeOrigin` differs per thread, and dates from before the clock was set.
  const fineMs = performance.timeOrigin + performance.now();
  return Math.round(Math.min(Math.max(fineMs, wallMs), wallMs + 1) * 1_000);
}
