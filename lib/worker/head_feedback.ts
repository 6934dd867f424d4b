/**
 * What the head of each answer tells all Workers: how long the server took, and the pace that it asks for. Writes
 * shared numbers; holds one counter.
 *
 * @module
 */

import type { Answer } from "../http/answer.ts";
import { hasRateHeaders, mayRefuse } from "../http/rate_headers.ts";
import { nowUs } from "../pace/clock.ts";
import { refusalPauseMs } from "../pace/pace.ts";
import type { SharedState } from "../pace/shared_state.ts";

/** Answers skipped after one without rate-limit headers: reading headers costs some microseconds. */
const skippedMax = 64;

/** One per Worker. */
export class HeadFeedback {
  readonly #shared: SharedState;
  readonly #isTuning: boolean;
  /** Answers still to be skipped. */
  #skipped = 0;

  /** With `isTuning`, the time to each head is counted for the automatic limits. */
  constructor(shared: SharedState, { isTuning }: { readonly isTuning: boolean }) {
    this.#shared = shared;
    this.#isTuning = isTuning;
  }

  /** Reads the head of an answer that came `latencyMs` after its request. */
  read(answer: Answer, latencyMs: number): void {
    const { status, headers } = answer;
    const isError = mayRefuse(status);
    if (this.#isTuning && !isError && status < 500) this.#shared.feedback.answered(latencyMs);
    if (!isError && this.#skipped > 0) {
      this.#skipped--;
      return;
    }
    const { isRefusal, pauseMs } = answer.rateLimitInfo(Date.now());
    if (pauseMs !== undefined) this.#shared.pace.pause(nowUs(), pauseMs);
    else if (isRefusal) this.#shared.pace.pause(nowUs(), refusalPauseMs);
    if (!isError && !hasRateHeaders(headers)) this.#skipped = skippedMax;
  }
}
