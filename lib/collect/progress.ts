/**
 * How far a run is: plain sums, updated in place while the run goes on, for observers to read.
 *
 * @module
 */

import { cpuUsage } from "node:process";
import type { Auto } from "../job/job.ts";
import type { SharedState, WaitedFor } from "../pace/shared_state.ts";
import type { FetchRecord, Verdict } from "../rows/fetch_record.ts";
import { doneOf } from "../store/coverage.ts";
import type { RunCounts } from "../store/records.ts";

/** The sums of one run. */
export class Progress {
  /** Keys with a verdict, by earlier starts of the run and by this one. */
  readonly verdicts: Record<Verdict, number>;
  rows: number;
  attempts: number;
  /** Keys in the list; undefined where unknown. */
  total: number | undefined;
  /** Keys with a verdict, and attempts, when this process began. */
  readonly doneBefore: number;
  readonly attemptsBefore: number;
  readonly startedMs = performance.now();
  readonly #cpuBefore = cpuUsage();
  readonly #shared: SharedState;
  readonly #auto: Auto | undefined;

  constructor(before: RunCounts, options: { readonly shared: SharedState; readonly auto: Auto | undefined }) {
    const { ok, empty, unchanged, failed, rows, attempts } = before;
    this.verdicts = { ok, empty, unchanged, failed };
    this.rows = rows;
    this.attempts = attempts;
    this.doneBefore = this.done;
    this.attemptsBefore = attempts;
    this.#shared = options.shared;
    this.#auto = options.auto;
  }

  /** Keys with a verdict. */
  get done(): number {
    return doneOf(this.verdicts);
  }

  /** Requests in flight. */
  get inFlight(): number {
    return this.#shared.inFlight();
  }

  /** The current cap on requests in flight. */
  get inFlightMax(): number {
    return this.#shared.inFlightMax;
  }

  /** The tuned number in flight; undefined where the job fixes it. */
  get foundInFlight(): number | undefined {
    return this.#auto?.inFlight === true ? this.#shared.inFlightWanted : undefined;
  }

  /** The tuned rate in requests a second; undefined where the job fixes it. */
  get foundRate(): number | undefined {
    return this.#auto?.rate === true ? 1e6 / this.#shared.pace.intervalUs : undefined;
  }

  /** Decoded bytes read by this process. */
  get bytes(): number {
    return this.#shared.bytes();
  }

  /** Milliseconds since this process began to send requests. */
  get elapsedMs(): number {
    return performance.now() - this.startedMs;
  }

  /** CPU time since then, milliseconds, of all threads of the process. */
  get cpuMs(): number {
    const { user, system } = cpuUsage(this.#cpuBefore);
    return (user + system) / 1_000;
  }

  /** The circuit breaker is open: the API answers with failures only. */
  get isDown(): boolean {
    return this.#shared.circuitBreaker.isDown;
  }

  /** Milliseconds waited so far, over all Workers. */
  waitedMs(what: WaitedFor): number {
    return this.#shared.waitedMs(what);
  }

  /** Counts finished fetches. */
  add(fetches: readonly FetchRecord[]): void {
    for (const { verdict, rows, attempts } of fetches) {
      this.verdicts[verdict]++;
      this.rows += rows;
      this.attempts += attempts;
    }
  }
}

/**
 * Returns a function that tells whether the run is alive: a request is in flight, the circuit breaker is open, other
 * processes hold all slots, or the run has advanced since the call before. A request that waits for its turn, a pause
 * or a quota holds its slot already.
 */
export function pulseOf(progress: Progress): () => boolean {
  let last = "";
  return () => {
    const now = `${progress.done} ${progress.attempts} ${progress.bytes}`;
    const hasAdvanced = now !== last;
    last = now;
    return hasAdvanced || progress.inFlight > 0 || progress.isDown || progress.inFlightMax === 0;
  };
}
