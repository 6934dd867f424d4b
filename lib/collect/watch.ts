/**
 * What the main thread looks after while a run is on, a few times a second: the budgets of its longer rates. Ends the
 * run where that fails.
 *
 * @module
 */

import { pace as limits } from "../limits.ts";
import type { Allowance } from "./allowance.ts";

/** One per run, from before the first request until after the last. */
export class Watch implements AsyncDisposable {
  readonly #allowance: Allowance;
  readonly #ending = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking: Promise<void> = Promise.resolve();

  private constructor(allowance: Allowance) {
    this.#allowance = allowance;
  }

  /** Resolves once requests may be started. */
  static async start(allowance: Allowance): Promise<Watch> {
    const watch = new Watch(allowance);
    await watch.#look();
    return watch;
  }

  /** Aborted when the run is to end; its reason is the error. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  async #look(): Promise<void> {
    try {
      await this.#allowance.look(Date.now());
      this.#timer = setTimeout(() => this.#looking = this.#look(), limits.tickMs);
    } catch (error) {
      this.#ending.abort(error);
    }
  }

  /** @throws If the store cannot take what the allowance gives back. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#looking;
    clearTimeout(this.#timer);
    await this.#allowance.close(Date.now());
  }
}
