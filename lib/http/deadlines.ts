/**
 * Deadlines of all exchanges of one Worker, checked by one timer: a timer per request would cost as much as the
 * request. An exchange ends at most 100 ms after its deadline.
 *
 * @module
 */

/** Milliseconds between two checks. */
const checkEveryMs = 100;

/** Something with a deadline. */
export interface Watched {
  /** The deadline, milliseconds on the clock given to {@linkcode Deadlines}. */
  dueMs: number;
  /** Called at the deadline, and at each check after it until `dueMs` is in the future or the deadline is deleted. */
  expire(): void;
}

/** All deadlines of a Worker. The timer runs only while there is a deadline. */
export class Deadlines implements Disposable {
  readonly #watched = new Set<Watched>();
  readonly #nowMs: () => number;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `nowMs` is a monotonic clock in milliseconds. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  add(watched: Watched): void {
    this.#watched.add(watched);
    this.#timer ??= setInterval(() => this.#check(), checkEveryMs);
  }

  delete(watched: Watched): void {
    this.#watched.delete(watched);
  }

  /** Deletes all deadlines and stops the timer, which would keep the process alive. */
  [Symbol.dispose](): void {
    this.#watched.clear();
    this.#stop();
  }

  #check(): void {
    const nowMs = this.#nowMs();
    for (const watched of this.#watched) {
      if (watched.dueMs <= nowMs) watched.expire();
    }
    // Only here, so that a busy Worker does not restart the timer with each request.
    if (this.#watched.size === 0) this.#stop();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
