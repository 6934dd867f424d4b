/**
 * The Workers of a run. The moment a working one has no more keys to start, its slots are another's: of the second one
 * that works, or where there is none, of one that waits ready. So no slot idles at a batch's end, and no batch waits
 * for another's slowest request.
 *
 * @module
 */

import { runLimits } from "../../limits.ts";
import { release } from "../../rows/row_batch.ts";
import type { StoreWriter } from "../../store/sqlite/writer.ts";
import type { DrainedBatch, PlannedBatch } from "../keys/batches.ts";
import type { Prepare, ToStore } from "../../worker/protocol.ts";
import type { SharedState } from "../../pace/shared_state.ts";
import type { Progress } from "../progress.ts";
import { WorkerHandle } from "./worker_handle.ts";

/** From so many requests in flight on, a second Worker starts requests too, where there is a second core. */
const inFlightForTwo = 32;

/** A batch whose Worker died is asked anew so often, and so often Workers may die before they have one. */
const deathsMax = 3;

/** What the Workers need, and where their rows go. */
export interface WorkerPoolOptions {
  readonly prepare: Omit<Prepare, "type" | "worker" | "answeredKey">;
  readonly shared: SharedState;
  readonly store: StoreWriter;
  readonly run: number;
  readonly progress: Progress;
  readonly drained: (batch: DrainedBatch) => void;
}

/** Workers that start requests at once, at most. */
export function feedersMaxOf(inFlight: number): number {
  return inFlight < inFlightForTwo ? 1 : Math.min(2, navigator.hardwareConcurrency);
}

/** One per run. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #feedersMax: number;
  readonly #alive = new Set<WorkerHandle>();
  readonly #numbers = Array.from({ length: runLimits.workersMax }, (_, number) => number);
  /** Batches to be asked again because their Worker died. */
  readonly #orphans: PlannedBatch[] = [];
  #standby: WorkerHandle | undefined;
  #isExhausted = false;
  /** How often the Worker of a batch died, by the batch's number; undefined before it had one. */
  readonly #deaths = new Map<number | undefined, number>();
  /** Workers that are gone, but not yet what they leave behind. */
  #leaving = 0;
  #stopped = false;
  /** Called once stopped, by whoever waits for a batch. */
  #giveUp: (() => void) | undefined;
  #error: Error | undefined;
  #changed: (() => void) | undefined;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#feedersMax = feedersMaxOf(options.prepare.job.limits.inFlight);
  }

  /**
   * Has all batches asked. Resolves when each has ended, or, once stopped, when nothing is in flight. No Worker is
   * started ahead once `hasMore` says that all batches have been handed out.
   *
   * @throws What `next` or the store threw, or an error if Workers die again and again.
   */
  async run(
    next: () => Promise<PlannedBatch | undefined>,
    hasMore: () => boolean = () => true,
  ): Promise<void> {
    try {
      await this.#handAll(next, hasMore);
    } catch (error) {
      this.#fail(error);
    }
    await this.#until(() => this.#working() === 0);
    if (this.#standby !== undefined) this.#remove(this.#standby);
    if (this.#error !== undefined) throw this.#error;
  }

  /** Plans a batch when there is room for it: by then more is known of how large it should be. */
  async #handAll(next: () => Promise<PlannedBatch | undefined>, hasMore: () => boolean): Promise<void> {
    this.#isExhausted = false;
    for (;;) {
      // Of two, the other one takes the slots over meanwhile; a third one would cost memory, and time to start.
      if (!this.#stopped && this.#feedersMax === 1 && hasMore()) this.#ready();
      await this.#until(() => this.#stopped || this.#hasRoom());
      const batch = await this.#next(next);
      if (batch === undefined) return;
      this.#hand(batch);
    }
  }

  /** Sees whether all Workers are alive; to be called every `pace.tickMs`. One that hangs is as one that died. */
  look(): void {
    for (const handle of [...this.#alive]) handle.look();
  }

  /** Starts no more requests; what is in flight is finished. */
  stop(): void {
    this.#noMore();
    for (const handle of this.#alive) handle.stop();
    this.#change();
  }

  /** Gives up what is in flight. */
  drop(): void {
    for (const handle of this.#alive) handle.drop();
  }

  /** Ends every Worker at once, whatever it is doing. */
  terminate(): void {
    this.#noMore();
    for (const handle of [...this.#alive]) {
      this.#remove(handle);
      void this.#leave(() => handle.settled());
    }
    this.#change();
  }

  #noMore(): void {
    this.#stopped = true;
    this.#giveUp?.();
  }

  /** A batch whose Worker died, or the next of the list; undefined at its end, once no Worker can die any more. */
  async #next(next: () => Promise<PlannedBatch | undefined>): Promise<PlannedBatch | undefined> {
    while (!this.#stopped) {
      const orphan = this.#orphans.shift();
      if (orphan !== undefined) return orphan;
      const batch = this.#isExhausted ? undefined : await this.#unlessStopped(next());
      if (batch !== undefined) return batch;
      this.#isExhausted = true;
      // A Worker may have died meanwhile.
      if (this.#working() === 0 && this.#orphans.length === 0) return undefined;
      await this.#until(() => this.#stopped || this.#orphans.length > 0 || this.#working() === 0);
    }
    return undefined;
  }

  /**
   * A key list may come from a program that takes its time; once stopped, nobody waits for it. No `Promise.race`: one
   * with a promise that lasts as long as the run would keep every batch that ever won it.
   */
  #unlessStopped<T>(promise: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#giveUp = () => resolve(undefined);
      promise.then(resolve, reject);
    });
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

  /** Has a Worker ready for the next batch, if there may be one more. */
  #ready(): WorkerHandle | undefined {
    if (this.#standby !== undefined || this.#numbers.length === 0) return this.#standby;
    const worker = this.#numbers.shift() ?? 0;
    this.#options.shared.admit(worker);
    const { answeredKey } = this.#options.progress;
    this.#standby = new WorkerHandle({ type: "prepare", worker, answeredKey, ...this.#options.prepare }, {
      take: (message) => this.#take(message),
      drained: (handle) => this.#drained(handle),
      ended: (handle) => void this.#ended(handle),
      died: (handle, error) => void this.#died(handle, error),
      notTaken: (error) => this.#fail(error),
    });
    this.#alive.add(this.#standby);
    return this.#standby;
  }

  #hand(batch: PlannedBatch): void {
    const handle = this.#ready();
    this.#standby = undefined;
    handle?.start(batch);
    this.#share();
  }

  /** Divides the slots among the Workers that start requests; those that finish keep what they hold. */
  #share(): void {
    this.#options.shared.divide(Math.max(1, this.#feeders()));
  }

  async #take(message: ToStore): Promise<void> {
    const { store, run, progress } = this.#options;
    if (message.type === "staged") {
      await store.stage(run, message.part);
      release(message.part.rows);
    } else if (message.type === "unstaged") {
      await store.unstage(run, message.sequence, message.sequence + 1);
    } else {
      await store.finish(run, message.chunk);
      release(message.chunk.rows);
      progress.add(message.chunk.fetches);
    }
  }

  #drained(handle: WorkerHandle): void {
    handle.isDrained = true;
    this.#options.drained({ size: handle.batch?.keys.length ?? 0, ms: performance.now() - handle.startedMs });
    this.#share();
    this.#change();
  }

  async #ended(handle: WorkerHandle): Promise<void> {
    const { batch } = handle;
    this.#remove(handle);
    // A batch that was stopped has keys left.
    if (batch === undefined || this.#stopped) return this.#change();
    await this.#leave(() => this.#options.store.finishBatch(this.#options.run, batch.number));
  }

  /** What a dead Worker left undone is asked by another one. */
  async #died(handle: WorkerHandle, error: Error): Promise<void> {
    if (!this.#alive.has(handle)) return;
    const { store, run } = this.#options;
    const { batch } = handle;
    this.#remove(handle);
    await this.#leave(async () => {
      await handle.settled();
      const deaths = (this.#deaths.get(batch?.number) ?? 0) + 1;
      if (deaths > deathsMax) throw error;
      this.#deaths.set(batch?.number, deaths);
      if (batch === undefined) return;
      const end = batch.first + batch.keys.length;
      await store.unstage(run, batch.first, end);
      this.#orphans.push({ ...batch, done: await store.doneSequences(run, batch.first, end) });
    });
  }

  /** Does what is to be done after a Worker; until then, the run is not at its end. */
  async #leave(work: () => Promise<void>): Promise<void> {
    this.#leaving++;
    try {
      await work();
    } catch (error) {
      this.#fail(error);
    }
    this.#leaving--;
    this.#change();
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
    this.#share();
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#changed = resolve);
  }

  #change(): void {
    this.#changed?.();
    this.#changed = undefined;
  }
}
