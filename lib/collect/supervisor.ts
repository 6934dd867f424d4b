/**
 * Supervises a run several times a second, on the main thread: Workers alive, quotas, shared limits, requests per
 * second, tuning, the circuit breaker, the database's files and disk. Ends the run when it cannot go on.
 *
 * @module
 */

import { httpLimits } from "../limits.ts";
import { nowUs, supervisorTickMs } from "../pace/clock.ts";
import type { SharedState } from "../pace/shared_state.ts";
import { describeNumber, isAccessRefusalNumber } from "../rows/failure_reasons.ts";
import { formatDuration } from "../text/format.ts";
import { refusalText } from "./refusal_text.ts";
import type { SharedLimits } from "./sharing/shared_limits.ts";
import { fullDiskReason, requireFiles, type StorageChecks } from "./storage_guard.ts";
import type { Quotas } from "./tuning/quotas.ts";
import type { Tuning } from "./tuning/tuning.ts";
import type { WorkerPool } from "./workers/worker_pool.ts";

/** Milliseconds between two checks of the database's files and disk; see `databaseLimits.freeBytesMin`. */
const storageCheckMs = 1_000;

/** Ticks that the requests per second are measured over. */
const ticksMeasured = 4;

/** What is supervised. */
export interface SupervisorOptions {
  readonly workers: Pick<WorkerPool, "tick" | "refusal">;
  readonly quotas: Pick<Quotas, "tick" | "close">;
  readonly tuning: Pick<Tuning, "tick" | "close">;
  /** Absent where the job shares its limits with no other process. */
  readonly sharing?: Pick<SharedLimits, "tick"> | undefined;
  readonly shared: SharedState;
  /** An outage longer than this ends the run, milliseconds. */
  readonly outageMs: number;
  readonly storage: StorageChecks;
  /** Microseconds since 1970. Default: the clock that all threads share. */
  readonly clock?: () => number;
}

/** One per run, from before the first request until after the last. */
export class Supervisor implements AsyncDisposable {
  readonly #options: SupervisorOptions;
  readonly #ending = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ticking: Promise<void> = Promise.resolve();
  /** When files and disk are due to be checked, microseconds since 1970. */
  #storageDueUs = 0;
  /** Requests started by each of the last ticks. */
  readonly #started: { readonly count: number; readonly us: number }[] = [];
  /** Why the run has to end; the same command resumes it later. */
  reason: string | undefined;
  /** The server refuses access, so a person must change something before. */
  isRefused = false;

  private constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Resolves once requests may be started. */
  static async start(options: SupervisorOptions): Promise<Supervisor> {
    const supervisor = new Supervisor(options);
    await supervisor.#tick();
    return supervisor;
  }

  /** Aborted when the run has to end: for {@linkcode reason}, or else with the signal's reason as the error. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  #now(): number {
    return (this.#options.clock ?? nowUs)();
  }

  async #tick(): Promise<void> {
    try {
      const now = this.#now();
      this.#options.workers.tick();
      this.#measure(now);
      await this.#options.tuning.tick(now);
      await this.#options.quotas.tick(now / 1_000);
      await this.#options.sharing?.tick();
      this.reason = this.#refusal() ?? this.#outage(now) ?? await this.#checkStorage(now);
      if (this.reason !== undefined) return this.#ending.abort();
      this.#timer = setTimeout(() => this.#ticking = this.#tick(), supervisorTickMs);
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
    if (this.#started.length > ticksMeasured) this.#started.shift();
  }

  /** How the server refuses access, if it does so from the first request on. */
  #refusal(): string | undefined {
    const { refusal } = this.#options.workers;
    if (refusal === undefined) return undefined;
    this.isRefused = true;
    return refusalText(refusal);
  }

  /** Why waiting for the API is pointless, if it is. */
  #outage(now: number): string | undefined {
    const { shared: { pace, circuitBreaker }, outageMs } = this.#options;
    if (circuitBreaker.downMs(now) > outageMs) {
      const last = describeNumber(circuitBreaker.lastFailure);
      this.isRefused = isAccessRefusalNumber(circuitBreaker.lastFailure);
      return `the API is down: no request has succeeded for ${
        formatDuration(outageMs)
      }; the last failure: ${last}`;
    }
    const pausedMs = pace.pausedMs(now);
    if (pausedMs > httpLimits.retryAfterMaxMs) {
      return `the server asks for a pause of ${formatDuration(pausedMs)}: trawl waits for at most ` +
        formatDuration(httpLimits.retryAfterMaxMs);
    }
    return undefined;
  }

  /**
   * Why the disk cannot take more, if it cannot.
   *
   * @throws {InterruptedError} If a file of the database is no longer in its place.
   */
  async #checkStorage(now: number): Promise<string | undefined> {
    if (now < this.#storageDueUs) return undefined;
    this.#storageDueUs = now + storageCheckMs * 1_000;
    await requireFiles(this.#options.storage);
    return await fullDiskReason(this.#options.storage);
  }

  /** @throws If the store cannot keep the tuned limits or the unused part of the quotas. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ticking;
    clearTimeout(this.#timer);
    await this.#options.tuning.close();
    await this.#options.quotas.close(this.#now() / 1_000);
  }
}
