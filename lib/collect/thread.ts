/**
 * A Worker as the main thread sees it: started with permission for the job's hosts only, given one batch, its rows
 * handed to the store in their order and acknowledged.
 *
 * @module
 */

import { messageOf } from "../errors.ts";
import { formatDuration } from "../job/units.ts";
import { pace, run as limits } from "../limits.ts";
import type { PlannedBatch } from "./keys/batches.ts";
import type { FromWorker, Prepare, ToStore, ToWorker } from "./messages.ts";

/** What is called when the Worker says something. */
export interface ThreadOptions {
  /** Takes rows in; the next message of this Worker waits for it. */
  readonly take: (message: ToStore) => Promise<void>;
  /** All keys of the batch have been started. */
  readonly drained: (thread: Thread) => void;
  /** The batch is over; everything it found has been taken. */
  readonly ended: (thread: Thread) => void;
  /** The Worker died of an error, hangs, or is gone. */
  readonly died: (thread: Thread, error: Error) => void;
  /** What a Worker sent could not be taken. */
  readonly notTaken: (error: unknown) => void;
}

/** One Worker, for one batch. */
export class Thread {
  /** The Worker's number among those alive. */
  readonly number: number;
  batch: PlannedBatch | undefined;
  /** When the batch was handed over, milliseconds on `performance.now()`. */
  startedMs = 0;
  isDrained = false;
  readonly #worker: Worker;
  readonly #options: ThreadOptions;
  #taken: Promise<void> = Promise.resolve();
  #isOver = false;
  /** Looks since the Worker was last heard of. */
  #silentLooks = 0;

  constructor(prepare: Prepare, options: ThreadOptions) {
    this.number = prepare.worker;
    this.#options = options;
    // The address stands here literally, or `deno compile` does not find the module.
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), {
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
   * Sees whether the Worker is alive; to be called every `pace.tickMs`. Looks are counted rather than time: while this
   * thread is held up or the machine sleeps, no Worker is heard of.
   */
  look(): void {
    if (this.#isOver) return;
    if (this.#silentLooks++ === 0) this.#post({ type: "ping" });
    if (this.#silentLooks * pace.tickMs <= limits.silentMs) return;
    this.#die(`it has been silent for ${formatDuration(limits.silentMs)}`);
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
