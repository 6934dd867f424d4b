/**
 * State that all Workers of a run share: in-flight slots, pace, circuit breaker, retry budget, feedback, and sums.
 * Numbers in one `SharedArrayBuffer` of fixed size, changed with atomic operations only.
 *
 * @module
 */

import type { Rate } from "../job/job.ts";
import { runLimits } from "../limits.ts";
import { CircuitBreaker, circuitBreakerCount } from "./circuit_breaker.ts";
import { Feedback, feedbackCount } from "./feedback.ts";
import { Pace, paceCount } from "./pace.ts";
import { RetryBudget, retryBudgetCount } from "./retry_budget.ts";
import { SharedNumbers } from "./shared_numbers.ts";

/** Index of each 32-bit integer. They count in-flight slots, one for each request that may be in flight. */
const Place = {
  /** Free slots; negative after `resize` to fewer than are in use. */
  free: 0,
  /** Incremented, with wrap-around, whenever a Worker may find a slot that it did not find before. */
  changes: 1,
  /** Slots that one Worker may hold. */
  share: 2,
  /** All slots, and the number of Workers that share them. */
  total: 3,
  workers: 4,
  /** `total` is the smaller of both: what the job or its tuner wants, and what other processes leave. */
  wanted: 5,
  cap: 6,
  /** From here on: slots that each Worker holds. */
  held: 7,
} as const;

/** `held` of a Worker that may hold no slots. */
const barred = -1;

/** Index of each 64-bit integer among the sums. */
const Place64 = {
  /** Decoded bytes read. */
  bytes: 0,
  /** Microseconds that Workers waited for a slot, for the pace, by the server's word, and for the store. */
  waitedSlot: 1,
  waitedPace: 2,
  waitedServer: 3,
  waitedStore: 4,
  /** Microseconds from the start of each request until its answer was read or abandoned. */
  waitedAnswer: 5,
  /** Microseconds of the pauses before retries. */
  waitedRetry: 6,
  count: 7,
} as const;

/** Even, so that the 64-bit integers after it are aligned. */
const intCount = Math.ceil((Place.held + runLimits.workersMax) / 2) * 2;

/** The memory, passed to each Worker as it is. */
export type SharedMemory = SharedArrayBuffer;

/** `cap` of a run that shares its slots with no other process. */
const uncapped = 2 ** 31 - 1;

/** What a Worker waits for before it starts a request; `answer` and `retry` are summed over the requests. */
export type WaitedFor = "slot" | "pace" | "server" | "store" | "answer" | "retry";

/** A view of the memory; each thread makes its own. */
export class SharedState {
  /** When the next request may start. */
  readonly pace: Pace;
  /** Whether the API is down. */
  readonly circuitBreaker: CircuitBreaker;
  /** When the next retry may start. */
  readonly retryBudget: RetryBudget;
  /** Input of the tuners. */
  readonly feedback: Feedback;
  readonly #ints: Int32Array<SharedArrayBuffer>;
  readonly #sums: SharedNumbers;

  constructor(memory: SharedMemory) {
    this.#ints = new Int32Array(memory, 0, intCount);
    let offset = intCount * 4;
    const numbers = (count: number) => {
      const longs = new BigInt64Array(memory, offset, count);
      offset += longs.byteLength;
      return new SharedNumbers(longs);
    };
    this.#sums = numbers(Place64.count);
    this.pace = new Pace(numbers(paceCount));
    this.circuitBreaker = new CircuitBreaker(numbers(circuitBreakerCount));
    this.retryBudget = new RetryBudget(numbers(retryBudgetCount));
    this.feedback = new Feedback(numbers(feedbackCount));
  }

  /** Memory of a run. With `rates`, the first request may start one interval after `nowUs`; without, at once. */
  static create(inFlight: number, rates: readonly Rate[] = [], nowUs: number = 0): SharedMemory {
    const longCount = Place64.count + paceCount + circuitBreakerCount + retryBudgetCount + feedbackCount;
    const memory = new SharedArrayBuffer(intCount * 4 + longCount * 8);
    const ints = new Int32Array(memory, 0, intCount);
    for (const place of [Place.free, Place.share, Place.total, Place.wanted]) ints[place] = inFlight;
    ints[Place.cap] = uncapped;
    ints[Place.workers] = 1;
    new SharedState(memory).pace.begin(rates, nowUs);
    return memory;
  }

  /** Takes an in-flight slot for a Worker. Returns false if its share, or all slots, are in use. */
  tryAcquire(worker: number): boolean {
    const place = Place.held + worker;
    const held = Atomics.load(this.#ints, place);
    if (held < 0 || held >= Atomics.load(this.#ints, Place.share)) return false;
    for (;;) {
      const free = Atomics.load(this.#ints, Place.free);
      if (free <= 0) return false;
      if (Atomics.compareExchange(this.#ints, Place.free, free, free - 1) === free) break;
    }
    if (Atomics.compareExchange(this.#ints, place, held, held + 1) === held) return true;
    // The main thread barred the Worker meanwhile.
    Atomics.add(this.#ints, Place.free, 1);
    this.#notify();
    return false;
  }

  /** Returns a slot. Does nothing for a Worker that holds none, such as a barred one. */
  release(worker: number): void {
    const place = Place.held + worker;
    for (;;) {
      const held = Atomics.load(this.#ints, place);
      if (held <= 0) return;
      if (Atomics.compareExchange(this.#ints, place, held, held - 1) === held) break;
    }
    Atomics.add(this.#ints, Place.free, 1);
    this.#notify();
  }

  /** Lets a new Worker take slots. Its number may be that of a barred one. */
  admit(worker: number): void {
    Atomics.store(this.#ints, Place.held + worker, 0);
  }

  /** Returns all slots of a Worker that ends, and lets it take no more: it may still run for a moment. */
  bar(worker: number): void {
    const held = Atomics.exchange(this.#ints, Place.held + worker, barred);
    Atomics.add(this.#ints, Place.free, Math.max(0, held));
    this.#notify();
  }

  /** Changes so far, for {@linkcode slotReleased}; to be read before {@linkcode tryAcquire}. */
  changes(): number {
    return Atomics.load(this.#ints, Place.changes);
  }

  /**
   * Resolves once `changes()` differs from `seen`. Waiting for `free > 0` instead would spin while slots are free
   * that the Worker's share does not allow.
   */
  async slotReleased(seen: number): Promise<void> {
    const { async, value } = Atomics.waitAsync(this.#ints, Place.changes, seen);
    if (async) await value;
  }

  /** The server refuses, has asked for a pause, or is down. */
  isHeldBack(nowUs: number): boolean {
    return this.circuitBreaker.isDown || this.pace.isSteppedBack || this.pace.pausedMs(nowUs) > 0;
  }

  /** Divides the slots evenly among `workers` Workers. Main thread only. */
  divide(workers: number): void {
    Atomics.store(this.#ints, Place.workers, workers);
    this.#share();
  }

  /** Sets the number of slots. If more are in use, requests end before a new one starts. Main thread only. */
  resize(inFlightMax: number): void {
    Atomics.store(this.#ints, Place.wanted, inFlightMax);
    this.#resize();
  }

  /** Sets the number of slots that other processes leave to this one, from 0 on. Main thread only. */
  cap(slots: number): void {
    Atomics.store(this.#ints, Place.cap, slots);
    this.#resize();
  }

  #resize(): void {
    const total = Math.min(this.inFlightWanted, Atomics.load(this.#ints, Place.cap));
    const before = Atomics.exchange(this.#ints, Place.total, total);
    if (total === before) return;
    Atomics.add(this.#ints, Place.free, total - before);
    this.#share();
  }

  /** The slots that the job or its tuner wants, whatever other processes leave. */
  get inFlightWanted(): number {
    return Atomics.load(this.#ints, Place.wanted);
  }

  /** Slots in use, with those that a Worker is just taking or returning: never too few. Main thread only. */
  get slotsTaken(): number {
    return this.inFlightMax - Atomics.load(this.#ints, Place.free);
  }

  /** All slots, in use or free. */
  get inFlightMax(): number {
    return Atomics.load(this.#ints, Place.total);
  }

  #share(): void {
    const workers = Atomics.load(this.#ints, Place.workers);
    Atomics.store(this.#ints, Place.share, Math.ceil(this.inFlightMax / workers));
    this.#notify();
  }

  /** Slots in use, over all Workers. */
  inFlight(): number {
    let held = 0;
    for (let worker = 0; worker < runLimits.workersMax; worker++) {
      held += Math.max(0, Atomics.load(this.#ints, Place.held + worker));
    }
    return held;
  }

  #notify(): void {
    Atomics.add(this.#ints, Place.changes, 1);
    Atomics.notify(this.#ints, Place.changes);
  }

  addBytes(bytes: number): void {
    this.#sums.add(Place64.bytes, bytes);
  }

  /** Decoded bytes read, over all Workers. */
  bytes(): number {
    return this.#sums.get(Place64.bytes);
  }

  addWait(what: WaitedFor, ms: number): void {
    this.#sums.add(waitPlaces[what], Math.round(ms * 1_000));
  }

  /** Milliseconds waited so far, over all Workers. */
  waitedMs(what: WaitedFor): number {
    return this.#sums.get(waitPlaces[what]) / 1_000;
  }
}

const waitPlaces = {
  slot: Place64.waitedSlot,
  pace: Place64.waitedPace,
  server: Place64.waitedServer,
  store: Place64.waitedStore,
  answer: Place64.waitedAnswer,
  retry: Place64.waitedRetry,
} as const satisfies Record<WaitedFor, number>;
