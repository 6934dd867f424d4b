/**
 * A Worker as the main handle sees it: started with permission for the job's hosts only, given one batch, its rows
 * handed to the store in their order and acknowledged.
 *
 * @module
 */

import { messageOf } from "../../errors.ts";
import { paceLimits, runLimits } from "../../limits.ts";
import type { PlannedBatch } from "../keys/batches.ts";
import type { FromWorker, Prepare, ToStore, ToWorker } from "../../worker/protocol.ts";
import { formatDuration } from "../../text/format.ts";

/** What is called when the Worker says something. */
export interface WorkerHandleOptions {
  /** Takes rows in; the next message of this Worker waits for it. */
  readonly take: (message: ToStore) => Promise<void>;
  /** All keys of the batch have been started. */
  readonly drained: (handle: WorkerHandle) => void;
  /** The batch is over; everything it found has been taken. */
  readonly ended: (handle: WorkerHandle) => void;
  /** The Worker died of an error, hangs, or is gone. */
  readonly died: (handle: WorkerHandle, error: Error) => void;
  /** What a Worker sent could not be taken. */
  readonly notTaken: (error: unknown) => void;
}

/** One Worker, for one batch. */
export class WorkerHandle {
  /** The Worker's number among those alive. */
  readonly number: number;
  batch: PlannedBatch | undefined;
  /** When the batch was handed over, milliseconds on `performance.now()`. */
  startedMs = 0;
  isDrained = false;
  readonly #worker: Worker;
  readonly #options: WorkerHandleOptions;
  #taken: Promise<void> = Promise.resolve();
  #isOver = false;
  /** Looks since the Worker was last heard of. */
  #silentLooks = 0;

  constructor(prepare: Prepare, options: WorkerHandleOptions) {
    this.number = prepare.worker;
    this.#options = options;
    // The address stands here literally, or `deno compile` does not find the module.
    this.#worker = new Worker(new URL("../../worker/worker.ts", import.meta.url), {
      type: "module",
      name: `trawl-${prepare.worker}`,
      deno: { permissions: permissionsFor(prepare) },
    });
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#die(event.message);
    };
    this.#post(prepare);
  }

  start(batch: PlannedBatch): void {
    this.batch = batch;
    this.startedMs = performance.now();
    this.#post({ type: "batch", first: batch.first, keys: batch.keys, done: batch.done });
  }

  /** Starts no more requests; those in flight are finished. */
  stop(): void {
    this.#post({ type: "stop" });
  }

  /** Gives up what is in flight. */
  drop(): void {
    this.#post({ type: "drop" });
  }

  /**
   * Checks that the Worker is alive; to be called every `paceLimits.tickMs`. Counts ticks instead of time: while the
   * main thread is busy or the machine sleeps, no Worker can answer.
   */
  look(): void {
    if (this.#isOver) return;
    if (this.#silentLooks++ === 0) this.#post({ type: "ping" });
    if (this.#silentLooks * paceLimits.tickMs <= runLimits.silentMs) return;
    this.#die(`it has been silent for ${formatDuration(runLimits.silentMs)}`);
  }

  /** Ends the Worker at once. What it has sent is still taken, what it sends from now on is not. */
  terminate(): void {
    this.#isOver = true;
    this.#worker.terminate();
  }

  /** Resolves when everything received has been taken. */
  async settled(): Promise<void> {
    await this.#taken;
  }

  #receive(message: FromWorker): void {
    if (this.#isOver) return;
    if (message.type === "alive") return void (this.#silentLooks = 0);
    if (message.type === "drained") return this.#options.drained(this);
    if (message.type === "ended") return this.#options.ended(this);
    if (message.type === "died") return this.#die(message.message);
    this.#taken = this.#taken.then(() => this.#take(message));
  }

  #die(message: string): void {
    this.#options.died(this, new Error(`Cannot go on in a Worker: ${messageOf(message)}`));
  }

  async #take(message: ToStore): Promise<void> {
    try {
      await this.#options.take(message);
      this.#post({ type: "acknowledged" });
    } catch (error) {
      this.#options.notTaken(error);
    }
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }
}

/** What a Worker may do: reach the job's hosts and those that it lets redirects lead to, and nothing else. */
export function permissionsFor({ hosts, job }: Pick<Prepare, "hosts" | "job">): Deno.PermissionOptionsObject {
  return {
    net: [...hosts, ...job.request.redirectHosts],
    read: false,
    write: false,
    env: false,
    run: false,
    sys: false,
    ffi: false,
    import: false,
  };
}
