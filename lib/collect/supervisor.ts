/**
 * What the main thread looks after while a run is on, a few times a second: whether its Workers are alive, the budgets
 * of its longer rates, how many requests are started, what can be learned from them, whether the API is worth waiting
 * for, and whether the disk has room left. Ends the run where not.
 *
 * @module
 */

import { databaseLimits, httpLimits, paceLimits } from "../limits.ts";
import { describeNumber } from "../rows/failure_reasons.ts";
import type { WorkerPool } from "./workers/worker_pool.ts";
import type { Tuning } from "./tuning/tuning.ts";
import type { Quotas } from "./tuning/quotas.ts";
import { nowUs } from "../pace/clock.ts";
import type { SharedState } from "../pace/shared_state.ts";
import { formatBytes, formatDuration } from "../text/format.ts";

/** Looks that the requests per second are measured over. */
const looksMeasured = 4;

/** What is watched. */
export interface SupervisorOptions {
  readonly workers: WorkerPool;
  readonly quotas: Quotas;
  readonly tuning: Tuning;
  readonly shared: SharedState;
  /** An API that is down for longer ends the run. */
  readonly outageMs: number;
  /** How much room the disk has, where that matters; undefined where nobody can tell. */
  readonly freeBytes: (() => number | undefined) | undefined;
}

/** One per run, from before the first request until after the last. */
export class Supervisor implements AsyncDisposable {
  readonly #options: SupervisorOptions;
  readonly #ending = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking: Promise<void> = Promise.resolve();
  /** When the disk is to be looked at again. */
  #diskUs = 0;
  /** Requests started until the last looks, and when these were. */
  readonly #started: { readonly count: number; readonly us: number }[] = [];
  /** Why the run is to end, and be gone on with later. */
  reason: string | undefined;

  private constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Resolves once requests may be started. */
  static async start(options: SupervisorOptions): Promise<Supervisor> {
    const watch = new Supervisor(options);
    await watch.#look();
    return watch;
  }

  /** Aborted when the run is to end; without a {@linkcode reason}, that of the signal is the error. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  async #look(): Promise<void> {
    try {
      const now = nowUs();
      this.#options.workers.look();
      this.#measure(now);
      await this.#options.tuning.look(now);
      await this.#options.quotas.look(now / 1_000);
      this.reason = this.#hopeless(now) ?? this.#withoutRoom(now);
      if (this.reason !== undefined) return this.#ending.abort();
      this.#timer = setTimeout(() => this.#looking = this.#look(), paceLimits.tickMs);
    } catch (error) {
      this.#ending.abort(error);
    }
  }

  #measure(now: number): void {
    const { pace } = this.#options.shared;
    this.#started.push({ count: pace.started, us: now });
    const [first, last] = [this.#started[0], this.#started.at(-1)];
    if (first === undefined || last === undefined || last.us <= first.us) return;
    pace.measured((last.count - first.count) / (last.us - first.us) * 1e6);
    if (this.#started.length > looksMeasured) this.#started.shift();
  }

  /** Why waiting is of no use, if it is. */
  #hopeless(now: number): string | undefined {
    const { shared: { pace, breaker }, outageMs } = this.#options;
    if (breaker.downMs(now) > outageMs) {
      const why = describeNumber(breaker.lastFailure);
      return `the API is down: nothing has succeeded for ${formatDuration(outageMs)}; at last, ${why}`;
    }
    const pausedMs = pace.pausedMs(now);
    if (pausedMs > httpLimits.retryAfterMaxMs) {
      return `the server asks for a pause of ${formatDuration(pausedMs)}: more than ${
        formatDuration(httpLimits.retryAfterMaxMs)
      } are not waited for`;
    }
    return undefined;
  }

  /** Why there is no room for more, if there is none. */
  #withoutRoom(now: number): string | undefined {
    if (now < this.#diskUs) return undefined;
    this.#diskUs = now + databaseLimits.lookMs * 1_000;
    const free = this.#options.freeBytes?.();
    if (free === undefined || free >= databaseLimits.freeBytesMin) return undefined;
    return `the disk is nearly full: ${formatBytes(free)} are free, and ${
      formatBytes(databaseLimits.freeBytesMin)
    } are to stay so`;
  }

  /** @throws If the store cannot take what was learned, or what the quotas gives back. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#looking;
    clearTimeout(this.#timer);
    await this.#options.tuning.close();
    await this.#options.quotas.close(Date.now());
  }
}
