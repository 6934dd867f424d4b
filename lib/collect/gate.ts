/**
 * What a request passes before it starts: a slot in flight, then its turn in the pace. Both are shared by all
 * Workers. One request of a Worker waits here at a time.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import type { Rate } from "../job/job.ts";
import type { Shared } from "./shared.ts";

export class Gate {
  readonly #shared: Shared;
  readonly #worker: number;
  readonly #intervalUs: number;
  #wake: (() => void) | undefined;
  /** A wait for other Workers' slots is under way. */
  #listening = false;

  /** `worker` is the Worker's number among those alive, below `run.workersMax`. */
  constructor(shared: Shared, options: { readonly worker: number; readonly rates: readonly Rate[] }) {
    this.#shared = shared;
    this.#worker = options.worker;
    this.#intervalUs = Math.max(0, ...options.rates.map(({ count, perMs }) => perMs * 1_000 / count));
  }

  /** Resolves when a request may start. Each one that passed must {@linkcode leave}. */
  async pass(): Promise<void> {
    if (!this.#shared.tryTake(this.#worker)) await this.#slot();
    if (this.#intervalUs > 0) await this.#turn();
  }

  /** A request has ended: its slot is free for the next. */
  leave(): void {
    this.#shared.give(this.#worker);
    this.#wake?.();
  }

  async #slot(): Promise<void> {
    const sinceMs = performance.now();
    do {
      const given = new Promise<void>((resolve) => this.#wake = resolve);
      void this.#listen();
      await given;
    } while (!this.#shared.tryTake(this.#worker));
    this.#shared.addWait("slot", performance.now() - sinceMs);
  }

  /** A slot may come free here, which {@linkcode leave} tells at once, or in another Worker. */
  async #listen(): Promise<void> {
    if (this.#listening) return;
    this.#listening = true;
    await this.#shared.slotGiven();
    this.#listening = false;
    this.#wake?.();
  }

  async #turn(): Promise<void> {
    const sinceMs = performance.now();
    const nowUs = (performance.timeOrigin + sinceMs) * 1_000;
    const atUs = this.#shared.reserveStart(nowUs, this.#intervalUs);
    if (atUs <= nowUs) return;
    await delay(Math.ceil((atUs - nowUs) / 1_000));
    this.#shared.addWait("pace", performance.now() - sinceMs);
  }
}
