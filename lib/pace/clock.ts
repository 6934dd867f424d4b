/**
 * The clock that all threads of a run see alike: the wall clock, with the fractions of a millisecond that `Date.now()`
 * leaves out. It goes on while the computer sleeps, and may be set back or forth under our feet.
 *
 * @module
 */

/** Microseconds: threads see the clock less than so far apart. */
export const clockSkewUs = 2_000;

/** Microseconds since 1970. Two threads differ by less than a millisecond, by far less where nobody sets the clock. */
export function nowUs(): number {
  const wallMs = Date.now();
  // Each thread has an origin of its own, from before the clock was set.
  const fineMs = performance.timeOrigin + performance.now();
  return Math.round(Math.min(Math.max(fineMs, wallMs), wallMs + 1) * 1_000);
}
