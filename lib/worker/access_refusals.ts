/**
 * Keys that the server refused for want of access: 401, 403, 407, a redirect to another host. Such keys have no verdict
 * until another answer shows that the credentials are right: a run with a wrong token ends soon, and asks the same keys
 * again once the token is right. Holds as many keys as may be refused in a row.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { nowUs } from "../pace/clock.ts";
import type { SharedState } from "../pace/shared_state.ts";
import { numberOf } from "../rows/failure_reasons.ts";
import type { FailedAttempt } from "./attempt.ts";
import type { RequestTask } from "./request_task.ts";

/** At the end of a batch, the answers of other Workers are looked at this often. */
const lookMs = 100;

/** With no request in flight for so many looks, no other answer comes. */
const looksMax = 10;

/** What is done with refused keys. */
export interface AccessRefusalsOptions {
  readonly shared: SharedState;
  /** Gives a key its verdict. */
  readonly fail: (task: RequestTask, attempt: FailedAttempt) => Promise<void>;
  /** Asks a key again. */
  readonly again: (task: RequestTask) => void;
  /** Tells the main thread that the run has no access and must end. */
  readonly tell: (attempt: FailedAttempt) => void;
}

interface Refused {
  readonly task: RequestTask;
  readonly attempt: FailedAttempt;
  /** Outages at that time; NaN during an outage, whose failures do not count. */
  readonly outagesAt: number;
  /** When it was refused, microseconds since 1970. */
  readonly atUs: number;
}

/** One per Worker. */
export class AccessRefusals {
  readonly #options: AccessRefusalsOptions;
  #refused: Refused[] = [];
  /** Successes of all Workers at the last refusal. */
  #successesAt = 0;

  constructor(options: AccessRefusalsOptions) {
    this.#options = options;
  }

  /** Keeps a refused key. `hasProbe`: a key is known that was answered in this run. */
  async add(
    task: RequestTask,
    attempt: FailedAttempt,
    { hasProbe }: { readonly hasProbe: boolean },
  ): Promise<void> {
    const { circuitBreaker } = this.#options.shared;
    if (circuitBreaker.successes !== this.#successesAt) await this.settle();
    this.#successesAt = circuitBreaker.successes;
    const outagesAt = circuitBreaker.isDown ? NaN : circuitBreaker.outages;
    const atUs = nowUs();
    this.#refused.push({ task, attempt, outagesAt, atUs });
    const mustEnd = circuitBreaker.refused({ why: numberOf(attempt.reason), hasProbe }, atUs);
    if (mustEnd) this.#end();
  }

  /** A key that was answered before is refused now. Without any answer in this start, there is no access. */
  probed(attempt: FailedAttempt): void {
    const { circuitBreaker } = this.#options.shared;
    if (circuitBreaker.probeRefused(numberOf(attempt.reason))) this.#options.tell(attempt);
  }

  /**
   * Another answer has come. Keys refused before its request started were refused on their own, except during an
   * outage. An answer to an earlier request says nothing: a token may have expired between the two.
   */
  async settle(beforeUs = this.#options.shared.circuitBreaker.succeededStartUs): Promise<void> {
    if (this.#refused.length === 0) return;
    const { circuitBreaker } = this.#options.shared;
    const { settled = [], kept = [] } = Object.groupBy(
      this.#refused,
      ({ atUs }) => atUs < beforeUs ? "settled" : "kept",
    );
    this.#refused = kept;
    for (const { task, attempt, outagesAt } of settled) {
      if (circuitBreaker.outages !== outagesAt) {
        task.tries.excused++;
        this.#options.again(task);
      } else {
        await this.#options.fail(task, attempt);
      }
    }
  }

  /**
   * Waits at the end of a batch until it is clear what becomes of the keys. Returns with keys left if the run ends.
   * Resolves to whether keys are to be asked again.
   */
  async drain(
    { stopped, hasProbe }: { readonly stopped: AbortSignal; readonly hasProbe: boolean },
  ): Promise<boolean> {
    const { circuitBreaker } = this.#options.shared;
    let [looks, refusals] = [0, -1];
    while (this.#refused.length > 0 && !stopped.aborted) {
      const isQuiet = this.#options.shared.inFlight() === 0 && circuitBreaker.refusals === refusals;
      looks = isQuiet ? looks + 1 : 0;
      refusals = circuitBreaker.refusals;
      if (circuitBreaker.isDown) return this.#askAgain();
      await this.settle();
      // No other answer comes, and the server has answered otherwise before.
      if (looks > looksMax && (circuitBreaker.successes > 0 || hasProbe)) await this.settle(Infinity);
      // An outage may be over.
      if (this.#refused.length === 0) return true;
      // Every answer of the run so far was a refusal.
      if (looks > looksMax && circuitBreaker.refuse()) this.#end();
      await delay(lookMs, { signal: stopped }).catch(() => {});
    }
    return false;
  }

  /** The keys wait in the pool for the end of the outage, and drive its probes. */
  #askAgain(): boolean {
    const refused = this.#refused;
    this.#refused = [];
    for (const { task } of refused) {
      task.tries.excused++;
      this.#options.again(task);
    }
    return true;
  }

  #end(): void {
    const told = this.#refused.find(({ attempt }) => attempt.detail !== undefined) ?? this.#refused[0];
    if (told !== undefined) this.#options.tell(told.attempt);
  }
}
