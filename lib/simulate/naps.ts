/**
 * Pauses that can all be ended at once, so that a server closes without waiting for them and leaves no timer behind.
 *
 * @module
 */

/** The pauses of one server. */
export class Naps {
  readonly #wakers = new Map<ReturnType<typeof setTimeout>, () => void>();

  /** Resolves after `ms` milliseconds, or when all are woken. */
  sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.#wakers.delete(timer);
      resolve();
    }, ms);
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
}
