/**
 * The errors whose kind decides how trawl ends. Everything else is a `TypeError`, a `RangeError` or a
 * `SyntaxError`. Messages follow one formula: `Cannot <do> <"thing"> as <rule>: <present state>`, one line,
 * no full stop.
 *
 * @module
 */

/** Wrong usage or a wrong job file: nothing was asked, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** An unfinished run cannot be gone on with as the job or its keys are others by now: it is left as it is. */
export class StaleRunError extends UsageError {}

/** The work stopped in a state from which the same command goes on: exit code 75 (`EX_TEMPFAIL`). */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
}

/** The message of whatever was thrown, on one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s*[\r\n]+\s*/g, " ").trim();
}

/** The beginning of a text that a message shows: at most `charsMax` UTF-16 units, and a sign of what is left out. */
export function shortened(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax)}…`;
}
