/**
 * The gate before each request: a slot in flight, then a turn in the pace. Both are numbers that all Workers share. One
 * request of each Worker waits here at a time.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { nowUs } from "../pace/clock.ts";
import type { SharedState } from "../pace/shared_state.ts";

/** Longest wait between two looks at the shared numbers, such as whether the API is up again. */
const waitMsMax = 500;

/** One per Worker. */
export class RateLimiter {
  readonly #shared: SharedState;
  readonly #worker: number;
  readonly #stopping = new AbortController();
  #wake: (() => void) | undefined;
  /** A wait for other Workers' slots is under way. */
  #listening = false;

  /** `worker` is the Worker's number among those alive, below `run.workersMax`. */
  constructor(shared: SharedState, worker: number) {
    this.#shared = shared;
    this.#worker = worker;
  }

  /**
   * Resolves to true when a request may start; the caller must {@linkcode leave} when it has ended. Resolves to false
   * once stopped, without a slot to leave.
   */
  async pass(): Promise<boolean> {
    if (!this.#shared.tryAcquire(this.#worker) && !await this.#slot()) return false;
    const waitUs = this.#tryStart();
    if (waitUs > 0) await this.#turn(waitUs);
    if (!this.#isStopped) return true;
    this.leave();
    return false;
  }

  /** Lets no request pass any more; a waiting one resolves to false. */
  stop(): void {
    this.#stopping.abort();
    this.#wake?.();
  }

  /** Frees the slot of a request that has ended. */
  leave(): void {
    this.#shared.release(this.#worker);
    this.#wake?.();
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Waits for a slot; resolves to false once stopped. */
  async #slot(): Promise<boolean> {
    const sinceMs = performance.now();
    let isTaken = false;
    while (!this.#isStopped) {
      const seen = this.#shared.changes();
      isTaken = this.#shared.tryAcquire(this.#worker);
      if (isTaken) break;
      const given = new Promise<void>((resolve) => this.#wake = resolve);
      void this.#listen(seen);
      await given;
    }
    this.#shared.addWait("slot", performance.now() - sinceMs);
    return isTaken;
  }

  /** Waits for a slot of another Worker; {@linkcode leave} reports those of this one. */
  async #listen(seen: number): Promise<void> {
    // A wait under way began earlier, so it notices every later change too.
    if (this.#listening) return;
    this.#listening = true;
    await this.#shared.slotReleased(seen);
    this.#listening = false;
    this.#wake?.();
  }

  /** Counts a request as started and returns 0, or returns the microseconds until the next try. */
  #tryStart(): number {
    const now = nowUs();
    return this.#shared.circuitBreaker.tryPass(now) || this.#shared.pace.tryStart(now);
  }

  /** Waits until a request is counted as started, or until stopped. */
  async #turn(firstWaitUs: number): Promise<void> {
    const sinceMs = performance.now();
    const what = this.#shared.isHeldBack(nowUs()) ? "server" : "pace";
    let waitUs = firstWaitUs;
    while (waitUs > 0 && !this.#isStopped) {
      const ms = Math.ceil(Math.min(waitUs / 1_000, waitMsMax));
      // Rejects once stopped, which ends the loop.
      await delay(ms, { signal: this.#stopping.signal }).catch(() => {});
      waitUs = this.#tryStart();
    }
    this.#shared.addWait(what, performance.now() - sinceMs);
  }
}
