/**
 * The inside of a Worker: asks the keys of one batch and sends what it found. May reach the job's hosts on the
 * network and nothing else; what it allocated is gone with it.
 *
 * @module
 */

import { messageOf } from "../errors.ts";
import { Client } from "../http/client.ts";
import { retryDelayMs } from "../http/retry.ts";
import { Asker, type Attempt } from "./asker.ts";
import { nowUs } from "./clock.ts";
import { Gate } from "./gate.ts";
import type { Batch, FromWorker, Prepare, ToWorker } from "./messages.ts";
import { Outbox } from "./outbox.ts";
import { Pool } from "./pool.ts";
import { isTransient } from "./reasons.ts";
import { Shared } from "./shared.ts";

/** A key on its way to its verdict. */
interface Task {
  readonly sequence: number;
  readonly key: string;
  attempts: number;
  startedMs: number;
}

class BatchWorker {
  readonly #prepared: Prepare;
  readonly #shared: Shared;
  readonly #client: Client;
  readonly #asker: Asker;
  readonly #outbox: Outbox;
  readonly #rehearsed: Promise<void>;
  #pool: Pool<Task> | undefined;

  constructor(prepared: Prepare) {
    const { job, window } = prepared;
    this.#prepared = prepared;
    this.#shared = new Shared(prepared.shared);
    this.#client = new Client({
      hosts: prepared.hosts,
      timeouts: job.request.timeout,
      bodyBytesMax: job.request.bodyBytesMax,
      connectionsMax: job.limits.inFlight,
      read: (bytes) => this.#shared.addBytes(bytes),
    });
    this.#asker = new Asker(job, window, this.#client);
    this.#outbox = new Outbox({ send: post, waited: (ms) => this.#shared.addWait("store", ms) });
    this.#rehearsed = this.#shared.pace.intervalUs > 0 ? this.#rehearse() : Promise.resolve();
  }

  async run(batch: Batch): Promise<void> {
    const { worker } = this.#prepared;
    this.#pool = new Pool({
      source: tasksOf(batch),
      gate: new Gate(this.#shared, worker),
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
   * or that request starts 11 ms late, leaves 7 ms later still, and meets the next one on the wire. Asks nobody.
   */
  async #rehearse(): Promise<void> {
    const own = new Shared(Shared.create(1, [{ count: 1_000, perMs: 1_000 }], nowUs()));
    const pool = new Pool({
      source: [1, 2, 3].values(),
      gate: new Gate(own, 0),
      work: async () => {
        await (await this.#client.get("data:application/json,[]", {})).smallText();
        return undefined;
      },
      drained: () => {},
    });
    await pool.run();
  }

  /** One attempt at a key. Returns the milliseconds until the next one, if there is to be one. */
  async #work(task: Task): Promise<number | undefined> {
    if (task.attempts++ === 0) task.startedMs = Date.now();
    let isStaged = false;
    const attempt = await this.#asker.ask(task.key, (first, values) => {
      isStaged = true;
      return this.#outbox.stage(task.sequence, first, values);
    });
    const isGood = attempt.verdict === "ok" || attempt.verdict === "empty";
    if (isStaged && !isGood) this.#outbox.unstage(task.sequence);
    if (attempt.verdict === "dropped") return undefined;
    const againMs = attempt.verdict === "failed" ? this.#againMs(task, attempt) : undefined;
    if (againMs === undefined) await this.#finish(task, attempt);
    return againMs;
  }

  #againMs(task: Task, failed: Extract<Attempt, { readonly verdict: "failed" }>): number | undefined {
    if (!isTransient(failed.reason)) return undefined;
    const { attempts: attemptsMax } = this.#prepared.job.retry;
    return retryDelayMs(
      { attempts: task.attempts, attemptsMax, retryAfter: failed.retryAfter },
      { nowMs: Date.now(), random: Math.random() },
    );
  }

  async #finish(task: Task, attempt: Exclude<Attempt, { readonly verdict: "dropped" }>): Promise<void> {
    const found = attempt.verdict === "failed" ? undefined : attempt;
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
      durationMs: Date.now() - task.startedMs,
      etag: found?.etag ?? null,
      lastModified: found?.lastModified ?? null,
    };
    await this.#outbox.finish(record, found?.rows ?? [], this.#asker.width);
  }
}

function* tasksOf({ first, keys, done }: Batch): Generator<Task> {
  for (const [index, key] of keys.entries()) {
    const sequence = first + index;
    if (!done.has(sequence)) yield { sequence, key, attempts: 0, startedMs: 0 };
  }
}

function post(message: FromWorker): void {
  self.postMessage(message);
}

declare const self: {
  postMessage(message: FromWorker): void;
  close(): void;
  onmessage: (event: MessageEvent<ToWorker>) => void;
  onunhandledrejection: (event: PromiseRejectionEvent) => void;
};

let worker: BatchWorker | undefined;

async function receive(message: ToWorker): Promise<void> {
  if (message.type === "prepare") worker = new BatchWorker(message);
  else if (message.type === "batch") await worker?.run(message);
  else if (message.type === "acknowledged") worker?.acknowledged();
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
