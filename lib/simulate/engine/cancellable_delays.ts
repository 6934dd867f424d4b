/**
 * Delays that end together, so that a server closes at once and leaves no timer behind.
 *
 * @module
 */

/** Timers fire a few milliseconds late. A delay that ends later than this was held up by something else. */
const lateMsMax = 5;

/** Weight of the last delay in the running mean of lateness. */
const lastWeight = 1 / 32;

/** The delays of one server. They have the requested length on average, because their lateness is measured. */
export class CancellableDelays {
  readonly #wakers = new Map<ReturnType<typeof setTimeout>, () => void>();
  /** Mean lateness in milliseconds; each timer is set that much earlier. */
  #lateMs = 0;

  /** Resolves after `ms` milliseconds, or earlier on `wakeAll()`. */
  sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const endMs = performance.now() + ms;
    const timer = setTimeout(() => {
      this.#wakers.delete(timer);
      this.#ended(performance.now() - endMs);
      resolve();
    }, Math.max(0, ms - this.#lateMs));
    this.#wakers.set(timer, resolve);
    return promise;
  }

  /** Ends all delays now. */
  wakeAll(): void {
    for (const [timer, wake] of this.#wakers) {
      clearTimeout(timer);
      wake();
    }
    this.#wakers.clear();
  }

  #ended(lateMs: number): void {
    this.#lateMs = Math.max(0, Math.min(lateMsMax, this.#lateMs + lateMs * lastWeight));
  }
}
