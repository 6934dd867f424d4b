/**
 * How far a run is: plain sums, updated in place while it goes on, for whoever shows them.
 *
 * @module
 */

import type { Auto } from "../job/job.ts";
import type { RunCounts } from "../store/records.ts";
import { isShortAnswer } from "../worker/acceptance.ts";
import type { SharedState, WaitedFor } from "../pace/shared_state.ts";
import type { FetchRecord, Verdict } from "../rows/fetch_record.ts";

/** The sums of one run. */
export class Progress {
  /** Keys with a verdict, before this start of the run and since. */
  readonly verdicts: Record<Verdict, number>;
  rows: number;
  attempts: number;
  /** How many keys there are, where that is known. */
  total: number | undefined;
  /** Keys that had their verdict when this process began, and what had been asked for them. */
  readonly doneBefore: number;
  readonly attemptsBefore: number;
  readonly startedMs = performance.now();
  /** A key that the API has answered, and shortly, if there is one. */
  answeredKey: string | undefined;
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
    const { ok, empty, unchanged, failed } = this.verdicts;
    return ok + empty + unchanged + failed;
  }

  /** Requests under way. */
  get inFlight(): number {
    return this.#shared.held();
  }

  /** Requests that may be under way at once, now. */
  get inFlightMax(): number {
    return this.#shared.slots;
  }

  /** The number in flight that was found to be the best until now, where it is to be found. */
  get foundInFlight(): number | undefined {
    return this.#auto?.inFlight === true ? this.#shared.slots : undefined;
  }

  /** The rate that was found until now, requests a second, where it is to be found. */
  get foundRate(): number | undefined {
    return this.#auto?.rate === true ? 1e6 / this.#shared.pace.intervalUs : undefined;
  }

  /** Decoded bytes read by this process. */
  get bytes(): number {
    return this.#shared.bytes();
  }

  /** Milliseconds since this process began to ask. */
  get elapsedMs(): number {
    return performance.now() - this.startedMs;
  }

  /** Nothing comes from the server but failures. */
  get isDown(): boolean {
    return this.#shared.breaker.isDown;
  }

  waitedMs(what: WaitedFor): number {
    return this.#shared.waitedMs(what);
  }

  add(fetches: readonly FetchRecord[]): void {
    for (const record of fetches) {
      this.verdicts[record.verdict]++;
      this.rows += record.rows;
      this.attempts += record.attempts;
      if (isShortAnswer(record)) this.answeredKey = record.key;
    }
  }
}

/**
 * Whether a run is alive, at each call: something is in flight, the API is down and waited for, or the run has come
 * further since the call before. Whoever waits for its turn, for a pause to end or for a budget has its slot already.
 */
export function pulseOf(progress: Progress): () => boolean {
  let last = "";
  return () => {
    const now = `${progress.done} ${progress.attempts} ${progress.bytes}`;
    const hasMoved = now !== last;
    last = now;
    return hasMoved || progress.inFlight > 0 || progress.isDown;
  };
}
