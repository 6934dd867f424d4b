/**
 * What a request passes before it starts: a slot in flight, then its turn in the pace. Both are shared by all
 * Workers. One request of a Worker waits here at a time.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { nowUs } from "../pace/clock.ts";
import type { SharedState } from "../pace/shared_state.ts";

/** What changes meanwhile, such as that the API is up again, is noticed after so long. */
const waitMsMax = 500;

/** One per Worker; all of them share their numbers. */
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
   * Resolves when a request may start, to true: each one that passed must {@linkcode leave}. To false once stopped;
   * there is nothing to leave then.
   */
  async pass(): Promise<boolean> {
    if (!this.#shared.tryAcquire(this.#worker) && !await this.#slot()) return false;
    const waitUs = this.#tryStart();
    if (waitUs > 0) await this.#turn(waitUs);
    if (!this.#isStopped) return true;
    this.leave();
    return false;
  }

  /** Lets nothing more pass, and whoever waits go. */
  stop(): void {
    this.#stopping.abort();
    this.#wake?.();
  }

  /** A request has ended: its slot is free for the next. */
  leave(): void {
    this.#shared.release(this.#worker);
    this.#wake?.();
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Resolves to whether there is a slot now. */
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

  /** A slot may come free here, which {@linkcode leave} tells at once, or in another Worker. */
  async #listen(seen: number): Promise<void> {
    // A wait that is under way began earlier, so it sees whatever has changed since.
    if (this.#listening) return;
    this.#listening = true;
    await this.#shared.slotReleased(seen);
    this.#listening = false;
    this.#wake?.();
  }

  /** 0 if a request has been started, else the microseconds after which to try again. */
  #tryStart(): number {
    const now = nowUs();
    return this.#shared.breaker.tryPass(now) || this.#shared.pace.tryStart(now);
  }

  /** Waits until a request has been started, or until stopped. */
  async #turn(firstWaitUs: number): Promise<void> {
    const sinceMs = performance.now();
    const what = this.#shared.isHeldBack(nowUs()) ? "server" : "pace";
    let waitUs = firstWaitUs;
    while (waitUs > 0 && !this.#isStopped) {
      const ms = Math.ceil(Math.min(waitUs / 1_000, waitMsMax));
      // It fails once stopped, which is no failure.
      await delay(ms, { signal: this.#stopping.signal }).catch(() => {});
      waitUs = this.#tryStart();
    }
    this.#shared.addWait(what, performance.now() - sinceMs);
  }
}
