/**
 * Attempts by call identity, for fault rules with `attempts=N`. Holds the last million identities; a client retries
 * long before a million other calls, so the oldest identity is safe to forget.
 *
 * @module
 */

/** About 100 MB at worst, and only if the simulator has fault rules. */
const identitiesMax = 1_000_000;

/** Counts attempts. */
export class AttemptLog {
  readonly #counts = new Map<string, number>();

  /** Adds `more` attempts to an identity and returns its attempts so far, at least 1. */
  count(identity: string, more: 0 | 1): number {
    const count = Math.max(1, (this.#counts.get(identity) ?? 0) + more);
    if (!this.#counts.has(identity) && this.#counts.size >= identitiesMax) {
      for (const oldest of this.#counts.keys()) {
        this.#counts.delete(oldest);
        break;
      }
    }
    this.#counts.set(identity, count);
    return count;
  }

  /** Forgets all identities. */
  clear(): void {
    this.#counts.clear();
  }
}
