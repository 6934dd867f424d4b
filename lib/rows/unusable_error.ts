/**
 * The error of an answer whose values or rows cannot be stored. Carries the failure reason, and what is said of it.
 *
 * @module
 */

import type { Said } from "./failure_reasons.ts";

/** A value, a row or the number of rows makes the whole answer unusable. */
export class UnusableError extends Error {
  override readonly name = "UnusableError";
  readonly reason: "bad-value" | "too-many-groups" | "too-many-rows" | "value-too-large";
  readonly said: Said;

  constructor(reason: UnusableError["reason"], said: Said) {
    super(`Cannot use the answer: ${reason}`);
    this.reason = reason;
    this.said = said;
  }
}
