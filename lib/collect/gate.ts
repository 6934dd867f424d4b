/**
 * What a request passes before it starts: a slot in flight, then its turn in the pace. Both are shared by all
 * Workers. One request of a Worker waits here at a time.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import type { Rate } from "../job/job.ts";
import type { Shared } from "./shared.ts";

/** Starts that follow each other faster than a timer can tell are let through together, so many microseconds' worth. */
const groupUs = 4_000;

/** One per Worker; all of them share their numbers. */
export class Gate {
  readonly #shared: Shared;
  readonly #worker: number;
  readonly #intervalUs: number;
  readonly #group: number;
  /** Starts left of a group that has had its turn. */
  #left = 0;
  readonly #stopping = new AbortController();
  #wake: (() => void) | undefined;
  /** A wait for other Workers' slots is under way. */
  #listening = false;

  /** `worker` is the Worker's number among those alive, below `run.workersMax`. */
  constructor(shared: Shared, options: { readonly worker: number; readonly rates: readonly Rate[] }) {
    this.#shared = shared;
    this.#worker = options.worker;
    this.#intervalUs = Math.max(0, ...options.rates.map(({ count, perMs }) => perMs * 1_000 / count));
    this.#group = this.#intervalUs === 0 ? 0 : Math.max(1, Math.floor(groupUs / this.#intervalUs));
  }

  /**
   * Resolves when a request may start, to true: each one that passed must {@linkcode leave}. To false once stopped;
   * there is nothing to leave then.
   */
  async pass(): Promise<boolean> {
    if (!this.#shared.tryTake(this.#worker) && !await this.#slot()) return false;
    if (this.#intervalUs > 0 && this.#left-- === 0) await this.#turn();
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
    this.#shared.give(this.#worker);
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
      isTaken = this.#shared.tryTake(this.#worker);
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
    await this.#shared.slotGiven(seen);
    this.#listening = false;
    this.#wake?.();
  }

  async #turn(): Promise<void> {
    this.#left = this.#group - 1;
    // The one clock that all Workers see alike, even after the computer has slept.
    const nowUs = Date.now() * 1_000;
    const atUs = this.#shared.reserveStart(nowUs, this.#intervalUs * this.#group);
    if (atUs <= nowUs) return;
    const sinceMs = performance.now();
    // It fails once stopped, which is no failure.
    await delay(Math.ceil((atUs - nowUs) / 1_000), { signal: this.#stopping.signal }).catch(() => {});
    this.#shared.addWait("pace", performance.now() - sinceMs);
  }
}
