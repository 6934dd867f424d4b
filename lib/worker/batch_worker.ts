/**
 * Asks the keys of one batch: request tasks in, fetches and their rows out through the outbox. Holds the tasks in
 * flight, and those that wait for a retry.
 *
 * @module
 */

import { Client } from "../http/client.ts";
import type { KeysOfRequest } from "../job/request_builder.ts";
import { nowUs } from "../pace/clock.ts";
import { SharedState } from "../pace/shared_state.ts";
import { isAccessRefusal } from "../rows/failure_reasons.ts";
import type { FoundRows } from "../rows/fetch_record.ts";
import { isShortAnswer } from "./acceptance.ts";
import { AccessRefusals } from "./access_refusals.ts";
import { type Attempt, AttemptRunner } from "./attempt.ts";
import { FailureDetails } from "./failure_details.ts";
import { HeadFeedback } from "./head_feedback.ts";
import { MemoryBudget } from "./memory_budget.ts";
import { Outbox } from "./outbox.ts";
import type { BatchEntry, FromWorker, Prepare } from "./protocol.ts";
import { rehearse } from "./rehearsal.ts";
import { RateLimiter } from "./rate_limiter.ts";
import { type FollowUp, RequestPool } from "./request_pool.ts";
import { firstTask, type RequestTask } from "./request_task.ts";
import { noTries, type RetryDecision, RetryPolicy } from "./retry_policy.ts";

/** Posts a message to the main thread; `transfer` lists the buffers that go with it. */
export type Post = (message: FromWorker, transfer?: ArrayBuffer[]) => void;

const noRowsFound: readonly FoundRows[] = [];

/** One per Worker. */
export class BatchWorker {
  readonly #shared: SharedState;
  readonly #worker: number;
  readonly #client: Client;
  readonly #runner: AttemptRunner;
  readonly #outbox: Outbox;
  readonly #retries: RetryPolicy;
  readonly #details = new FailureDetails();
  readonly #memory = new MemoryBudget();
  readonly #post: Post;
  readonly #isTuning: boolean;
  readonly #rehearsed: Promise<void>;
  /** Undefined until the rehearsal is over, whose answers say nothing about the server. */
  #heads: HeadFeedback | undefined;
  /** A key that the API has answered in this run, and shortly: the circuit breaker's probe. */
  #probeKeys: KeysOfRequest | undefined;
  #pool: RequestPool<RequestTask> | undefined;
  readonly #refusals: AccessRefusals;
  readonly #stopping = new AbortController();

  constructor({ job, window, shared, worker, hosts, answeredKey }: Prepare, post: Post) {
    this.#shared = new SharedState(shared);
    this.#worker = worker;
    this.#post = post;
    this.#probeKeys = answeredKey === undefined ? undefined : [{ key: answeredKey }];
    this.#client = new Client({
      hosts,
      redirectHosts: job.request.redirectHosts,
      timeouts: job.request.timeout,
      bodyBytesMax: job.request.bodyBytesMax,
      connectionsMax: job.limits.inFlight,
      onBytes: (bytes) => {
        if (this.#heads !== undefined) this.#shared.addBytes(bytes);
      },
      onHead: (answer, latencyMs) => this.#heads?.read(answer, latencyMs),
    });
    this.#isTuning = job.limits.auto !== undefined;
    this.#runner = new AttemptRunner(job, {
      window,
      client: this.#client,
      isDetailWanted: (reason) => this.#details.isWanted(reason),
    });
    this.#outbox = new Outbox({
      tables: this.#runner.tables,
      send: post,
      waited: (ms) => this.#shared.addWait("store", ms),
    });
    this.#retries = new RetryPolicy(this.#shared, job.retry.attempts);
    this.#refusals = new AccessRefusals({
      shared: this.#shared,
      fail: (task, attempt) => this.#finish(task, attempt),
      again: (task) => this.#pool?.add(task),
      tell: ({ reason, detail }) => post({ type: "refused", refusal: { reason, detail } }),
    });
    this.#rehearsed = rehearse(this.#client);
  }

  /** Asks all keys; resolves when the store has taken what was found. */
  async run(entries: readonly BatchEntry[]): Promise<void> {
    this.#pool = new RequestPool({
      source: tasksOf(entries),
      limiter: new RateLimiter(this.#shared, this.#worker),
      work: (task) => this.#work(task),
      drained: () => this.#post({ type: "drained" }),
    });
    await this.#rehearsed;
    this.#heads = new HeadFeedback(this.#shared, { isTuning: this.#isTuning });
    do {
      await this.#pool.run();
    } while (await this.#refusals.drain({ stopped: this.#stopping.signal, hasProbe: this.#hasProbe }));
    await this.#outbox.close();
    this.#post({ type: "ended" });
  }

  /** The store has taken one message. */
  acknowledged(): void {
    this.#outbox.acknowledged();
  }

  /** Starts no more requests. */
  stop(): void {
    this.#stopping.abort();
    this.#pool?.stop();
  }

  /** Aborts the requests in flight. */
  drop(): void {
    this.#client.drop();
  }

  get #hasProbe(): boolean {
    return this.#probeKeys !== undefined;
  }

  /** One pass through the rate limiter. Returns the task to do next, if this one leaves one. */
  async #work(task: RequestTask): Promise<FollowUp<RequestTask> | undefined> {
    if (this.#shared.circuitBreaker.isDown && this.#probeKeys !== undefined) {
      return await this.#probe(this.#probeKeys) ? { item: task, delayMs: 0 } : undefined;
    }
    if (task.held !== undefined) {
      const { held } = task;
      const decision = this.#retries.held(task.tries);
      task.held = undefined;
      if (decision.what !== "ask") return await this.#proceed(task, held, decision);
    }
    return await this.#ask(task);
  }

  async #ask(task: RequestTask): Promise<FollowUp<RequestTask> | undefined> {
    const [{ sequence }] = task.keys;
    const startedUs = nowUs();
    const sinceMs = performance.now();
    if (task.tries.attempts++ === 0) {
      task.startedMs = Date.now();
      task.sinceMs = sinceMs;
    }
    let isStaged = false;
    // Held until the outbox has the rows.
    using share = this.#memory.share();
    const attempt = await this.#runner.ask(task.keys, (batch) => {
      isStaged = true;
      return this.#outbox.stage(sequence, batch);
    }, share);
    this.#shared.addWait("answer", performance.now() - sinceMs);
    const isGood = attempt.verdict === "ok" || attempt.verdict === "empty";
    if (isStaged && !isGood) this.#outbox.discard(sequence);
    if (attempt.verdict === "dropped") return undefined;
    if (attempt.verdict === "failed" && !attempt.isRefusal && isAccessRefusal(attempt.reason)) {
      await this.#refusals.add(task, attempt, { hasProbe: this.#hasProbe });
      return undefined;
    }
    if (attempt.verdict === "failed") {
      const decision = this.#retries.failed(task.tries, { ...attempt, startedUs }, retryContext());
      return await this.#proceed(task, attempt, decision);
    }
    this.#shared.circuitBreaker.succeeded(startedUs);
    await this.#refusals.settle();
    await this.#finish(task, attempt);
    return undefined;
  }

  /**
   * Asks a key that was answered before, in place of a due key: that tells an API that is down from keys that always
   * fail. Returns false if the request was dropped.
   */
  async #probe(keys: KeysOfRequest): Promise<boolean> {
    const startedUs = nowUs();
    using share = this.#memory.share();
    const attempt = await this.#runner.ask(keys, () => Promise.resolve(), share);
    if (attempt.verdict === "dropped") return false;
    if (attempt.verdict === "failed" && !attempt.isRefusal && isAccessRefusal(attempt.reason)) {
      this.#refusals.probed(attempt);
    } else if (attempt.verdict === "failed") {
      this.#retries.failed(noTries(), { ...attempt, startedUs }, retryContext());
    } else {
      this.#shared.circuitBreaker.answeredAgain(startedUs);
      await this.#refusals.settle();
    }
    return true;
  }

  async #proceed(
    task: RequestTask,
    attempt: Attempt,
    decision: RetryDecision,
  ): Promise<FollowUp<RequestTask> | undefined> {
    if (decision.what === "hold") task.held = attempt;
    if (decision.what !== "verdict") {
      this.#shared.addWait("retry", decision.delayMs);
      return { item: task, delayMs: decision.delayMs };
    }
    await this.#finish(task, attempt);
    return undefined;
  }

  /** Sends the verdict of a task's key. */
  async #finish({ keys, tries, startedMs, sinceMs }: RequestTask, attempt: Attempt): Promise<void> {
    if (attempt.verdict === "dropped") return;
    const [{ sequence, key }] = keys;
    const found = attempt.verdict === "failed" ? undefined : attempt;
    const failure = attempt.verdict === "failed" ? attempt : undefined;
    if (failure?.detail !== undefined) this.#details.told(failure.reason);
    if (isShortAnswer(attempt)) this.#probeKeys = keys;
    const record = {
      sequence,
      key,
      verdict: attempt.verdict,
      reason: failure?.reason ?? null,
      detail: failure?.detail ?? null,
      status: attempt.status,
      attempts: tries.attempts,
      bytes: attempt.bytes,
      rows: found?.kept ?? 0,
      startedMs,
      durationMs: performance.now() - sinceMs,
      etag: found?.etag ?? null,
      lastModified: found?.lastModified ?? null,
    };
    await this.#outbox.finish(record, found?.rows ?? noRowsFound);
  }
}

/** Tasks are made one at a time, when they can start. */
function* tasksOf(entries: readonly BatchEntry[]): Generator<RequestTask> {
  for (const entry of entries) yield firstTask(entry);
}

function retryContext() {
  return { nowUs: nowUs(), random: Math.random() };
}
