/**
 * Deadlines of all exchanges of one Worker, watched by one timer: a timer per request would cost as much as the
 * request. An exchange ends at most {@linkcode tickMs} after its deadline.
 *
 * @module
 */

/** Milliseconds between two looks at the deadlines. */
const tickMs = 100;

/** One thing that must not take for ever. */
export interface Watched {
  /** When {@linkcode expire} is due, milliseconds on the clock given to {@linkcode Deadlines}. */
  dueMs: number;
  /** Called once due, again and again until `dueMs` lies ahead or it is no longer watched. */
  expire(): void;
}

/** All deadlines of a Worker. Its timer runs only while something is watched. */
export class Deadlines implements Disposable {
  readonly #watched = new Set<Watched>();
  readonly #now: () => number;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(watched: Watched): void {
    this.#watched.add(watched);
    this.#timer ??= setInterval(() => this.#look(), tickMs);
  }

  delete(watched: Watched): void {
    this.#watched.delete(watched);
  }

  /** Watches nothing any more: a timer that runs keeps the process alive. */
  [Symbol.dispose](): void {
    this.#watched.clear();
    this.#stop();
  }

  #look(): void {
    const now = this.#now();
    for (const watched of this.#watched) {
      if (watched.dueMs <= now) watched.expire();
    }
    // Stops only in an idle moment, so that a busy Worker does not start it anew for every request.
    if (this.#watched.size === 0) this.#stop();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
