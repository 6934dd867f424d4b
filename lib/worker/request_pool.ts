/**
 * Runs work on items as fast as a limiter lets them pass, results as they complete. Items are pulled one at a time, and
 * only when one can start. Work that has to be done again comes back after its delay, holding no slot meanwhile.
 *
 * @module
 */

import type { RateLimiter } from "./rate_limiter.ts";

/** Items, and what is to be done with each. */
export interface RequestPoolOptions<T> {
  readonly source: Iterator<T>;
  readonly limiter: RateLimiter;
  /** Resolves to the milliseconds after which the item is to be done again, or to undefined. Must not reject. */
  readonly work: (item: T) => Promise<number | undefined>;
  /** Called once, when the source has no more items; some may still be in flight. */
  readonly drained: () => void;
}

/** One per batch. */
export class RequestPool<T> {
  readonly #options: RequestPoolOptions<T>;
  /** Items whose delay is over. */
  readonly #again: T[] = [];
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #inFlight = 0;
  #isDrained = false;
  #isStopped = false;
  #changed: (() => void) | undefined;

  constructor(options: RequestPoolOptions<T>) {
    this.#options = options;
  }

  /** Resolves when all items are done, or, once stopped, when nothing is in flight any more. */
  async run(): Promise<void> {
    for (;;) {
      const item = this.#next();
      if (item !== undefined) {
        if (await this.#options.limiter.pass()) void this.#start(item);
      } else if (this.#inFlight + this.#timers.size > 0) {
        await new Promise<void>((resolve) => this.#changed = resolve);
      } else {
        return;
      }
    }
  }

  /** Starts nothing more: what waits for another attempt is given up, what is in flight goes on. */
  stop(): void {
    this.#isStopped = true;
    this.#options.limiter.stop();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#again.length = 0;
    this.#change();
  }

  #next(): T | undefined {
    if (this.#isStopped) return undefined;
    const again = this.#again.shift();
    if (again !== undefined || this.#isDrained) return again;
    const { done, value } = this.#options.source.next();
    if (!done) return value;
    this.#isDrained = true;
    this.#options.drained();
    return undefined;
  }

  async #start(item: T): Promise<void> {
    this.#inFlight++;
    const againMs = await this.#options.work(item);
    this.#inFlight--;
    this.#options.limiter.leave();
    if (againMs !== undefined && !this.#isStopped) this.#schedule(item, againMs);
    this.#change();
  }

  #schedule(item: T, delayMs: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#again.push(item);
      this.#change();
    }, delayMs);
    this.#timers.add(timer);
  }

  #change(): void {
    this.#changed?.();
    this.#changed = undefined;
  }
}
