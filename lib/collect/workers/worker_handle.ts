/**
 * A Worker as the main thread sees it: started with permission for the job's hosts only, given one batch, its messages
 * stored in order and acknowledged.
 *
 * @module
 */

import { messageOf } from "../../errors.ts";
import { runLimits } from "../../limits.ts";
import { supervisorTickMs } from "../../pace/clock.ts";
import { formatDuration } from "../../text/format.ts";
import type { AccessRefusal, FromWorker, Prepare, ToStore, ToWorker } from "../../worker/protocol.ts";
import type { PlannedBatch } from "./batch_source.ts";

/** What is called when the Worker sends something. */
export interface WorkerHandleOptions {
  /** Stores a message; the next message of this Worker waits for it. */
  readonly store: (message: ToStore) => Promise<void>;
  /** Every key of the batch has been started. */
  readonly onDrained: (handle: WorkerHandle) => void;
  /** Every request is refused for want of access. */
  readonly onRefused: (refusal: AccessRefusal) => void;
  /** The batch has ended, and everything that the Worker found is stored. */
  readonly onEnded: (handle: WorkerHandle) => void;
  /** The Worker died of an error, hangs, or has ended without a message. */
  readonly onDied: (handle: WorkerHandle, error: Error) => void;
  /** A message could not be stored. */
  readonly onStoreError: (error: unknown) => void;
}

/** One Worker, for one batch. */
export class WorkerHandle {
  /** The Worker's number among those alive, from 0. */
  readonly number: number;
  batch: PlannedBatch | undefined;
  /** When the batch was handed over, milliseconds on `performance.now()`. */
  startedMs = 0;
  isDrained = false;
  readonly #worker: Worker;
  readonly #options: WorkerHandleOptions;
  #stored: Promise<void> = Promise.resolve();
  #isOver = false;
  /** Ticks since the Worker's last sign of life. */
  #silentTicks = 0;

  constructor(prepare: Prepare, options: WorkerHandleOptions) {
    this.number = prepare.worker;
    this.#options = options;
    // `deno compile` finds the module only where its address stands literally.
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

  /** Gives the Worker its batch. */
  start(batch: PlannedBatch): void {
    this.batch = batch;
    this.startedMs = performance.now();
    this.#post({ type: "batch", entries: batch.entries });
  }

  /** Starts no more requests; those in flight are finished. */
  stop(): void {
    this.#post({ type: "stop" });
  }

  /** Aborts what is in flight. */
  drop(): void {
    this.#post({ type: "drop" });
  }

  /**
   * Checks that the Worker is alive; to be called every `supervisorTickMs`. Counts ticks instead of time: while the
   * main thread is busy or the machine sleeps, no Worker can answer.
   */
  tick(): void {
    if (this.#isOver) return;
    if (this.#silentTicks++ === 0) this.#post({ type: "ping" });
    if (this.#silentTicks * supervisorTickMs <= runLimits.silentMs) return;
    this.#die(`it has been silent for ${formatDuration(runLimits.silentMs)}`);
  }

  /** Ends the Worker at once. Messages received before are still stored, later ones are dropped. */
  terminate(): void {
    this.#isOver = true;
    this.#worker.terminate();
  }

  /** Resolves when every message received is stored. */
  async settled(): Promise<void> {
    await this.#stored;
  }

  #receive(message: FromWorker): void {
    if (this.#isOver) return;
    switch (message.type) {
      case "alive":
        this.#silentTicks = 0;
        return;
      case "drained":
        return this.#options.onDrained(this);
      case "refused":
        return this.#options.onRefused(message.refusal);
      case "ended":
        return this.#options.onEnded(this);
      case "died":
        return this.#die(message.message);
      default:
        this.#stored = this.#stored.then(() => this.#store(message));
    }
  }

  #die(message: string): void {
    this.#options.onDied(this, new Error(`A Worker cannot continue: ${messageOf(message)}`));
  }

  async #store(message: ToStore): Promise<void> {
    try {
      await this.#options.store(message);
      this.#post({ type: "acknowledged" });
    } catch (error) {
      this.#options.onStoreError(error);
    }
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }
}

/** A Worker's permissions: network access to the job's hosts and its `redirect_hosts`, and nothing else. */
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
