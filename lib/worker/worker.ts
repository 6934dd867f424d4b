/**
 * The inside of a Worker: asks the keys of one batch and sends what it found. May reach the job's hosts on the
 * network and nothing else; what it allocated is gone with it.
 *
 * @module
 */

import { messageOf } from "../errors.ts";
import type { Answer } from "../http/answer.ts";
import { Client } from "../http/client.ts";
import { hasRateHeaders, mayRefuse } from "../http/rate_headers.ts";
import { type Attempt, AttemptRunner } from "./attempt.ts";
import { isShortAnswer } from "./acceptance.ts";
import type { Batch, FromWorker, Prepare, ToWorker } from "./protocol.ts";
import { Outbox } from "./outbox.ts";
import { nowUs } from "../pace/clock.ts";
import { refusalPauseMs } from "../pace/pace.ts";
import { RateLimiter } from "./rate_limiter.ts";
import { RequestPool } from "./request_pool.ts";
import { noTries, type RetryDecision, RetryPolicy, type Tries } from "./retry_policy.ts";
import { SharedState } from "../pace/shared_state.ts";

/** A key on its way to its verdict. */
interface Task extends Tries {
  readonly sequence: number;
  readonly key: string;
  startedMs: number;
  /** The same on a clock that nobody sets. */
  sinceMs: number;
  /** Its last attempt, which is its verdict unless the API turns out to be down. */
  held: Attempt | undefined;
}

/** Headers cost some microseconds to read: where an answer has none about the pace, the next ones are not looked at. */
const unheardMax = 64;

const rehearsal = { method: "GET", url: "data:application/json,[]", headers: {} } as const;

class BatchWorker {
  readonly #prepared: Prepare;
  readonly #shared: SharedState;
  readonly #client: Client;
  readonly #runner: AttemptRunner;
  readonly #outbox: Outbox;
  readonly #retries: RetryPolicy;
  /** What answers take is counted. */
  readonly #learns: boolean;
  /** Answers whose headers are not read. */
  #unheard = 0;
  /** A key that the API has answered in this run. */
  #answeredKey: string | undefined;
  readonly #rehearsed: Promise<void>;
  #pool: RequestPool<Task> | undefined;

  constructor(prepared: Prepare) {
    const { job, window } = prepared;
    this.#prepared = prepared;
    this.#shared = new SharedState(prepared.shared);
    this.#learns = job.limits.auto !== undefined;
    this.#answeredKey = prepared.answeredKey;
    this.#client = new Client({
      hosts: prepared.hosts,
      redirectHosts: job.request.redirectHosts,
      timeouts: job.request.timeout,
      bodyBytesMax: job.request.bodyBytesMax,
      connectionsMax: job.limits.inFlight,
      onBytes: (bytes) => this.#shared.addBytes(bytes),
      onHead: (answer, latencyMs) => this.#listen(answer, latencyMs),
    });
    this.#runner = new AttemptRunner(job, window, this.#client);
    this.#outbox = new Outbox({
      tables: this.#runner.tables,
      send: post,
      waited: (ms) => this.#shared.addWait("store", ms),
    });
    this.#retries = new RetryPolicy(this.#shared, job.retry.attempts);
    this.#rehearsed = this.#rehearse();
  }

  async run(batch: Batch): Promise<void> {
    const { worker } = this.#prepared;
    this.#pool = new RequestPool({
      source: tasksOf(batch),
      limiter: new RateLimiter(this.#shared, worker),
      work: (task) => this.#work(task),
      drained: () => post({ type: "drained" }),
    });
    await this.#rehearsed;
    await this.#pool.run();
    await this.#outbox.close();
    post({ type: "ended" });
  }

  acknowledged(): void {
    this.#outbox.acknowledged();
  }

  stop(): void {
    this.#pool?.stop();
  }

  drop(): void {
    this.#client.drop();
  }

  /**
   * Has the engine compile, and the platform load, what a first request takes, while the Worker waits for its batch:
   * or that request starts 11 ms late, leaves 7 ms later still, and meets the next one on the wire. With 16 in flight
   * and batches of 128, slots were 0.96 used without it, 0.98 with it. Asks nobody.
   */
  async #rehearse(): Promise<void> {
    const own = new SharedState(SharedState.create(1, [{ count: 1_000, perMs: 1_000 }], nowUs()));
    const pool = new RequestPool({
      source: [1, 2, 3].values(),
      limiter: new RateLimiter(own, 0),
      work: async () => {
        await (await this.#client.send(rehearsal)).small();
        return undefined;
      },
      drained: () => {},
    });
    await pool.run();
    // Its answers have no headers about a pace; the server's may.
    this.#unheard = 0;
  }

  /** One attempt at a key. Returns the milliseconds until the next one, if there is to be one. */
  async #work(task: Task): Promise<number | undefined> {
    if (this.#shared.breaker.isDown && this.#answeredKey !== undefined) {
      return await this.#probe(this.#answeredKey);
    }
    if (task.held !== undefined) {
      const { held } = task;
      const decision = this.#retries.held(task);
      task.held = undefined;
      if (decision.what !== "ask") return await this.#proceed(task, held, decision);
    }
    const startedUs = nowUs();
    const sinceMs = performance.now();
    if (task.attempts++ === 0) {
      task.startedMs = Date.now();
      task.sinceMs = sinceMs;
    }
    let isStaged = false;
    const attempt = await this.#runner.ask(task.key, (batch) => {
      isStaged = true;
      return this.#outbox.stage(task.sequence, batch);
    });
    this.#shared.addWait("answer", performance.now() - sinceMs);
    const isGood = attempt.verdict === "ok" || attempt.verdict === "empty";
    if (isStaged && !isGood) this.#outbox.unstage(task.sequence);
    if (attempt.verdict === "dropped") return undefined;
    if (attempt.verdict === "failed") {
      return await this.#proceed(
        task,
        attempt,
        this.#retries.failed(task, { ...attempt, startedUs }, chances()),
      );
    }
    this.#shared.breaker.succeeded();
    await this.#finish(task, attempt);
    return undefined;
  }

  /**
   * Asks a key that was answered before, in place of one that is due: it tells an API that is down from keys that fail
   * for ever. The other one comes back at once, to pass the limiter again.
   */
  async #probe(key: string): Promise<number | undefined> {
    const startedUs = nowUs();
    const attempt = await this.#runner.ask(key, () => Promise.resolve());
    if (attempt.verdict === "dropped") return undefined;
    if (attempt.verdict === "failed") this.#retries.failed(noTries(), { ...attempt, startedUs }, chances());
    else this.#shared.breaker.answeredAgain();
    return 0;
  }

  async #proceed(task: Task, attempt: Attempt, decision: RetryDecision): Promise<number | undefined> {
    if (decision.what === "hold") task.held = attempt;
    if (decision.what !== "verdict") return decision.delayMs;
    await this.#finish(task, attempt);
    return undefined;
  }

  /** What a server says about its pace holds for all requests. */
  #listen(answer: Answer, latencyMs: number): void {
    const isError = mayRefuse(answer.status);
    if (this.#learns && !isError && answer.status < 500) this.#shared.feedback.answered(latencyMs);
    if (!isError && this.#unheard > 0) {
      this.#unheard--;
      return;
    }
    const { isRefusal, pauseMs } = answer.rateLimitInfo(Date.now());
    if (pauseMs !== undefined) this.#shared.pace.pause(nowUs(), pauseMs);
    else if (isRefusal) this.#shared.pace.pause(nowUs(), refusalPauseMs);
    if (!isError && !hasRateHeaders(answer.headers)) this.#unheard = unheardMax;
  }

  async #finish(task: Task, attempt: Attempt): Promise<void> {
    if (attempt.verdict === "dropped") return;
    const found = attempt.verdict === "failed" ? undefined : attempt;
    if (isShortAnswer(attempt)) this.#answeredKey = task.key;
    const record = {
      sequence: task.sequence,
      key: task.key,
      verdict: attempt.verdict,
      reason: attempt.verdict === "failed" ? attempt.reason : null,
      status: attempt.status,
      attempts: task.attempts,
      bytes: attempt.bytes,
      rows: found?.kept ?? 0,
      startedMs: task.startedMs,
      durationMs: performance.now() - task.sinceMs,
      etag: found?.etag ?? null,
      lastModified: found?.lastModified ?? null,
    };
    await this.#outbox.finish(record, found?.rows ?? []);
  }
}

function* tasksOf({ entries }: Batch): Generator<Task> {
  for (const { sequence, key } of entries) {
    yield { sequence, key, startedMs: 0, sinceMs: 0, held: undefined, ...noTries() };
  }
}

function chances() {
  return { nowUs: nowUs(), random: Math.random() };
}

function post(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  self.postMessage(message, transfer);
}

declare const self: {
  postMessage(message: FromWorker, transfer: ArrayBuffer[]): void;
  close(): void;
  onmessage: (event: MessageEvent<ToWorker>) => void;
  onunhandledrejection: (event: PromiseRejectionEvent) => void;
  addEventListener(type: "error", listener: (event: ErrorEvent) => void): void;
};

let worker: BatchWorker | undefined;

async function receive(message: ToWorker): Promise<void> {
  if (message.type === "prepare") worker = new BatchWorker(message);
  else if (message.type === "batch") await worker?.run(message);
  else if (message.type === "acknowledged") worker?.acknowledged();
  else if (message.type === "ping") post({ type: "alive" });
  else if (message.type === "stop") worker?.stop();
  else worker?.drop();
}

/** Said in words: an uncaught error would also be printed, with its stack. */
function die(error: unknown): void {
  post({ type: "died", message: messageOf(error) });
  self.close();
}

self.onmessage = ({ data }) => void receive(data).catch(die);

self.onunhandledrejection = (event) => {
  event.preventDefault();
  die(event.reason);
};

self.addEventListener("error", (event) => {
  event.preventDefault();
  die(event.error);
});
