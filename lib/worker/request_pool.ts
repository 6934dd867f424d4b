/**
 * Works on items as fast as a limiter lets them pass. An item is pulled from the source only when it can start, and its
 * result counts when it is there, whatever the order. A follow-up waits for its delay without a slot.
 *
 * @module
 */

import type { RateLimiter } from "./rate_limiter.ts";

/** An item to work on after a delay: the same item again, or one that follows from it. */
export interface FollowUp<T> {
  readonly item: T;
  readonly delayMs: number;
}

/** Items, and the work on each. */
export interface RequestPoolOptions<T> {
  readonly source: Iterator<T>;
  readonly limiter: RateLimiter;
  /** Must not reject. */
  readonly work: (item: T) => Promise<FollowUp<T> | undefined>;
  /** Called once, when the source is exhausted; items may still be in flight. */
  readonly drained: () => void;
}

/** One per batch. */
export class RequestPool<T> {
  readonly #options: RequestPoolOptions<T>;
  /** Follow-up items whose delay is over. */
  readonly #ready: T[] = [];
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #inFlight = 0;
  #isDrained = false;
  #isStopped = false;
  #changed: (() => void) | undefined;

  constructor(options: RequestPoolOptions<T>) {
    this.#options = options;
  }

  /** May be called again. Resolves when all items are done or, once stopped, when nothing is in flight. */
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

  /** Adds an item, which is worked on at the next {@linkcode run} if none is under way. */
  add(item: T): void {
    this.#ready.push(item);
    this.#change();
  }

  /** Starts no more items and gives up waiting ones; items in flight are finished. */
  stop(): void {
    this.#isStopped = true;
    this.#options.limiter.stop();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#ready.length = 0;
    this.#change();
  }

  #next(): T | undefined {
    if (this.#isStopped) return undefined;
    const ready = this.#ready.shift();
    if (ready !== undefined || this.#isDrained) return ready;
    const { done, value } = this.#options.source.next();
    if (!done) return value;
    this.#isDrained = true;
    this.#options.drained();
    return undefined;
  }

  async #start(item: T): Promise<void> {
    this.#inFlight++;
    const next = await this.#options.work(item);
    this.#inFlight--;
    this.#options.limiter.leave();
    if (next !== undefined && !this.#isStopped) this.#schedule(next);
    this.#change();
  }

  #schedule({ item, delayMs }: FollowUp<T>): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#ready.push(item);
      this.#change();
    }, delayMs);
    this.#timers.add(timer);
  }

  #change(): void {
    this.#changed?.();
    this.#changed = undefined;
  }
}
