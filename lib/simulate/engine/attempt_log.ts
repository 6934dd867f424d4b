/**
 * How often each question was put. Holds the last million questions: who tries again does so before a million others
 * were asked.
 *
 * @module
 */

/** Questions that are remembered: some 100 MB at worst, and only where faults are wanted. */
const QUESTIONS_MAX = 1_000_000;

/** Counts by question. */
export class Attempts {
  readonly #counts = new Map<string, number>();

  /** Adds `more` attempts on a question; its attempts so far, at least 1. */
  count(identity: string, more: 0 | 1): number {
    const count = Math.max(1, (this.#counts.get(identity) ?? 0) + more);
    if (!this.#counts.has(identity) && this.#counts.size >= QUESTIONS_MAX) {
      for (const oldest of this.#counts.keys()) {
        this.#counts.delete(oldest);
        break;
      }
    }
    this.#counts.set(identity, count);
    return count;
  }

  /** Forgets all questions. */
  clear(): void {
    this.#counts.clear();
  }
}
