/**
 * The Workers of a run, one per batch. Once a Worker has started its last key, the next Worker takes over its in-flight
 * slots: no slot idles at the end of a batch, and no batch waits for the slowest request of another. A batch whose
 * Worker dies is given to another one. Writes what Workers find to the store.
 *
 * @module
 */

import { runLimits } from "../../limits.ts";
import type { SharedState } from "../../pace/shared_state.ts";
import { release } from "../../rows/row_batch.ts";
import type { StoreWriter } from "../../store/database.ts";
import { isShortAnswer } from "../../worker/acceptance.ts";
import type { AccessRefusal, Prepare, ToStore } from "../../worker/protocol.ts";
import type { DrainedBatch } from "../keys/batch_sizes.ts";
import type { Progress } from "../progress.ts";
import type { BatchSource, PlannedBatch } from "./batch_source.ts";
import { requireDescriptors } from "./descriptor_room.ts";
import { WorkerHandle } from "./worker_handle.ts";

/** From this many requests in flight, two Workers start requests at once, where there is a second core. */
export const inFlightForTwo = 32;

/** Deaths of a batch's Worker, and of Workers without a batch, after which the run fails. */
const deathsMax = 3;

/** What the Workers need, and where their rows go. */
export interface WorkerPoolOptions {
  readonly prepare: Omit<Prepare, "type" | "worker" | "answeredKey">;
  readonly shared: SharedState;
  readonly store: StoreWriter;
  /** The run's id. */
  readonly run: number;
  readonly progress: Progress;
  /** A key with a short answer from an earlier start of the run: the circuit breaker probes the API with it. */
  readonly answeredKey: string | undefined;
  readonly onDrained: (batch: DrainedBatch) => void;
}

/** Workers that may start requests at once. */
export function feedersMaxOf(inFlight: number): number {
  return inFlight < inFlightForTwo ? 1 : Math.min(2, navigator.hardwareConcurrency);
}

/** One per run. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #feedersMax: number;
  readonly #alive = new Set<WorkerHandle>();
  /** Numbers that no Worker has. */
  readonly #numbers = Array.from({ length: runLimits.workersMax }, (_, number) => number);
  /** Batches to hand out again because their Worker died. */
  readonly #orphans: PlannedBatch[] = [];
  /** A started Worker that waits for its batch. */
  #standby: WorkerHandle | undefined;
  #isExhausted = false;
  /** Deaths of Workers by the number of their batch; undefined counts Workers without a batch. */
  readonly #deaths = new Map<number | undefined, number>();
  /** Workers that have ended but whose last messages are not stored yet. */
  #leaving = 0;
  #isStopped = false;
  /** Ends the wait for the next batch, once stopped. */
  #giveUp: (() => void) | undefined;
  #error: Error | undefined;
  #onChange: (() => void) | undefined;
  #answeredKey: string | undefined;
  /** How the server refuses access, if the run must end for that. */
  refusal: AccessRefusal | undefined;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#answeredKey = options.answeredKey;
    this.#feedersMax = feedersMaxOf(options.prepare.job.limits.inFlight);
  }

  /**
   * Works through all batches of a source. Resolves when each has ended, or, once stopped, when nothing is in flight.
   * No Worker is started ahead once `hasMore` returns false.
   *
   * @throws What the source or the store threw, or an error if Workers die again and again.
   */
  async run(source: BatchSource, hasMore: () => boolean = () => true): Promise<void> {
    try {
      await this.#handOutAll(source, hasMore);
    } catch (error) {
      this.#fail(error);
    }
    await this.#until(() => this.#working() === 0);
    if (this.#standby !== undefined) this.#remove(this.#standby);
    if (this.#error !== undefined) throw this.#error;
  }

  /** Checks that all Workers are alive; to be called every `supervisorTickMs`. A Worker that hangs counts as dead. */
  tick(): void {
    for (const handle of [...this.#alive]) handle.tick();
  }

  /** Starts no more requests; those in flight are finished. */
  stop(): void {
    this.#startNoMore();
    for (const handle of this.#alive) handle.stop();
    this.#changed();
  }

  /** Aborts what is in flight. */
  drop(): void {
    for (const handle of this.#alive) handle.drop();
  }

  /** Ends every Worker at once. */
  terminate(): void {
    this.#startNoMore();
    for (const handle of [...this.#alive]) {
      this.#remove(handle);
      void this.#leave(() => handle.settled());
    }
    this.#changed();
  }

  /** Plans a batch only when a Worker can take it: later batches are sized by what is known by then. */
  async #handOutAll(source: BatchSource, hasMore: () => boolean): Promise<void> {
    this.#isExhausted = false;
    for (;;) {
      // Of two Workers, the other one takes over the slots meanwhile; a third one would cost memory and start-up time.
      if (!this.#isStopped && this.#feedersMax === 1 && hasMore()) this.#ready(source);
      await this.#until(() => this.#isStopped || this.#hasRoom());
      const batch = await this.#nextBatch(source);
      if (batch === undefined) return;
      this.#handOut(batch, source);
    }
  }

  /** A batch whose Worker died, or the next of the source; undefined at its end, once no Worker can die any more. */
  async #nextBatch(source: BatchSource): Promise<PlannedBatch | undefined> {
    while (!this.#isStopped) {
      const orphan = this.#orphans.shift();
      if (orphan !== undefined) return orphan;
      const batch = this.#isExhausted ? undefined : await this.#unlessStopped(source.next());
      if (batch !== undefined) return batch;
      this.#isExhausted = true;
      // A Worker may have died meanwhile.
      if (this.#working() === 0 && this.#orphans.length === 0) return undefined;
      await this.#until(() => this.#isStopped || this.#orphans.length > 0 || this.#working() === 0);
    }
    return undefined;
  }

  /**
   * A key list may come from a slow program, so a stop does not wait for it. Uses no `Promise.race`: with a promise
   * that lives as long as the run, a race would keep every batch that ever won it.
   */
  #unlessStopped<T>(promise: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#giveUp = () => resolve(undefined);
      promise.then(resolve, reject);
    });
  }

  #startNoMore(): void {
    this.#isStopped = true;
    this.#giveUp?.();
  }

  #hasRoom(): boolean {
    return this.#feeders() < this.#feedersMax && (this.#standby !== undefined || this.#numbers.length > 0);
  }

  #feeders(): number {
    return [...this.#alive].filter((handle) => handle.batch !== undefined && !handle.isDrained).length;
  }

  #working(): number {
    return this.#leaving + [...this.#alive].filter((handle) => handle.batch !== undefined).length;
  }

  /** The Worker for the next batch, started now if there is none; undefined where `runLimits.workersMax` are alive. */
  #ready(source: BatchSource): WorkerHandle | undefined {
    if (this.#standby !== undefined || this.#numbers.length === 0) return this.#standby;
    requireDescriptors();
    const worker = this.#numbers.shift() ?? 0;
    this.#options.shared.admit(worker);
    const prepare = {
      type: "prepare",
      worker,
      answeredKey: this.#answeredKey,
      ...this.#options.prepare,
    } as const;
    this.#standby = new WorkerHandle(prepare, {
      store: (message) => this.#store(message),
      onDrained: (handle) => this.#drained(handle),
      onRefused: (refusal) => this.refusal ??= refusal,
      onEnded: (handle) => void this.#ended(handle, source),
      onDied: (handle, error) => void this.#died(handle, { error, source }),
      onStoreError: (error) => this.#fail(error),
    });
    this.#alive.add(this.#standby);
    return this.#standby;
  }

  #handOut(batch: PlannedBatch, source: BatchSource): void {
    const handle = this.#ready(source);
    this.#standby = undefined;
    handle?.start(batch);
    this.#divideSlots();
  }

  /** Divides the slots among the Workers that start requests; the others keep what they hold until it is free. */
  #divideSlots(): void {
    this.#options.shared.divide(Math.max(1, this.#feeders()));
  }

  async #store(message: ToStore): Promise<void> {
    const { store, run, progress } = this.#options;
    if (message.type === "staged") {
      await store.stage(run, message.part);
      release(message.part.rows);
    } else if (message.type === "discarded") {
      await store.unstage(run, message.sequence, message.sequence + 1);
    } else {
      const { fetches, tables } = message.chunk;
      await store.finish(run, message.chunk);
      for (const { rows } of tables) release(rows);
      progress.add(fetches);
      this.#answeredKey = fetches.findLast(isShortAnswer)?.key ?? this.#answeredKey;
    }
  }

  #drained(handle: WorkerHandle): void {
    handle.isDrained = true;
    const ms = performance.now() - handle.startedMs;
    this.#options.onDrained({ size: handle.batch?.entries.length ?? 0, ms });
    this.#divideSlots();
    this.#changed();
  }

  async #ended(handle: WorkerHandle, source: BatchSource): Promise<void> {
    const { batch } = handle;
    this.#remove(handle);
    // A batch that was stopped has keys left.
    if (batch === undefined || this.#isStopped) return this.#changed();
    await this.#leave(() => source.done(batch));
  }

  /** Gives what a dead Worker left undone to another one. */
  async #died(
    handle: WorkerHandle,
    { error, source }: { readonly error: Error; readonly source: BatchSource },
  ): Promise<void> {
    if (!this.#alive.has(handle)) return;
    const { batch } = handle;
    this.#remove(handle);
    await this.#leave(async () => {
      await handle.settled();
      const deaths = (this.#deaths.get(batch?.number) ?? 0) + 1;
      if (deaths > deathsMax) throw error;
      this.#deaths.set(batch?.number, deaths);
      if (batch !== undefined) this.#orphans.push(await source.lost(batch));
    });
  }

  /** Does the last work for a Worker that has ended; the run does not end before. */
  async #leave(work: () => Promise<void>): Promise<void> {
    this.#leaving++;
    try {
      await work();
    } catch (error) {
      this.#fail(error);
    }
    this.#leaving--;
    this.#changed();
  }

  #fail(error: unknown): void {
    this.#error ??= error instanceof Error ? error : new Error(String(error));
    this.terminate();
  }

  #remove(handle: WorkerHandle): void {
    if (!this.#alive.delete(handle)) return;
    handle.terminate();
    if (handle === this.#standby) this.#standby = undefined;
    this.#options.shared.bar(handle.number);
    this.#numbers.push(handle.number);
    this.#divideSlots();
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#onChange = resolve);
  }

  #changed(): void {
    this.#onChange?.();
    this.#onChange = undefined;
  }
}
