/**
 * Pauses that can all be ended at once, so that a server closes without waiting for them and leaves no timer behind.
 *
 * @module
 */

/** A timer fires some milliseconds late; more than this is no timer's fault. */
const lateMsMax = 5;

/** The share that the last pause has in how late pauses are thought to end. */
const lastShare = 1 / 32;

/** The pauses of one server. They last as long as they should on average: how late they end is learned. */
export class CancellableDelays {
  readonly #wakers = new Map<ReturnType<typeof setTimeout>, () => void>();
  /** So many milliseconds before its end a pause's timer is set. */
  #lateMs = 0;

  /** Resolves after `ms` milliseconds, or when all are woken. */
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

  /** Ends every pause now. */
  wakeAll(): void {
    for (const [timer, wake] of this.#wakers) {
      clearTimeout(timer);
      wake();
    }
    this.#wakers.clear();
  }

  #ended(lateMs: number): void {
    this.#lateMs = Math.max(0, Math.min(lateMsMax, this.#lateMs + lateMs * lastShare));
  }
}
