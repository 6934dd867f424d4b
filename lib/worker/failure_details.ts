/**
 * Which failures a Worker tells in detail: the first few of each reason, since the rest say the same and would fill the
 * database. Holds one count per reason.
 *
 * @module
 */

import type { FailureReason } from "../rows/failure_reasons.ts";

/** Failures of one reason told in a batch. The store keeps as many for a whole run. */
const toldMax = 5;

/** One per Worker. */
export class FailureDetails {
  readonly #told = new Map<FailureReason, number>();

  /** Whether a failure of this reason is worth a detail. */
  isWanted(reason: FailureReason): boolean {
    return (this.#told.get(reason) ?? 0) < toldMax;
  }

  /** A verdict of this reason was told in detail. */
  told(reason: FailureReason): void {
    this.#told.set(reason, (this.#told.get(reason) ?? 0) + 1);
  }
}
