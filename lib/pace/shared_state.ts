/**
 * What all Workers of a run share: how many more requests may be in flight, when the next one may start, and sums.
 * Plain numbers in a `SharedArrayBuffer`, changed with atomic operations only.
 *
 * @module
 */

import type { Rate } from "../job/job.ts";
import { runLimits } from "../limits.ts";
import { CircuitBreaker, circuitBreakerCount } from "./circuit_breaker.ts";
import { Pace, paceCount } from "./pace.ts";
import { RetryBudget, retryBudgetCount } from "./retry_budget.ts";
import { SharedNumbers } from "./shared_numbers.ts";
import { Feedback, feedbackCount } from "./feedback.ts";

/** Places in the array of 32-bit integers. */
const Place = {
  /** Slots that nobody holds. */
  free: 0,
  /** Goes up, and around, whenever there may be a slot for somebody who had none. */
  changes: 1,
  /** Slots that one Worker may hold while others want some too. */
  share: 2,
  /** All slots, and the Workers that they are divided among. */
  total: 3,
  dividedBy: 4,
  /** From here on: slots that each Worker holds. */
  held: 5,
} as const;

/** Held by a Worker that may have no slots any more. */
const barred = -1;

/** Places in the array of 64-bit integers, which follows the other; those of its parts come behind. */
const Place64 = {
  /** Decoded bytes read, over all. */
  bytes: 0,
  /** Microseconds that Workers waited for a slot, for the pace, because of what the server said, and for the store. */
  waitedSlot: 1,
  waitedPace: 2,
  waitedServer: 3,
  waitedStore: 4,
  /** Microseconds that requests took, from their start until their answer was read or given up. */
  waitedAnswer: 5,
  count: 6,
} as const;

/** An even number, so that the 64-bit integers behind are aligned. */
const intCount = Math.ceil((Place.held + runLimits.workersMax) / 2) * 2;

/** The memory, passed to every Worker as it is. */
export type SharedMemory = SharedArrayBuffer;

/** What a Worker may wait for before it starts a request; and the answers, for each request on its own. */
export type WaitedFor = "slot" | "pace" | "server" | "store" | "answer";

/** A view on the memory; each thread makes its own. */
export class SharedState {
  /** When requests may start. */
  readonly pace: Pace;
  /** Whether the API is down. */
  readonly breaker: CircuitBreaker;
  /** How many requests may be retries. */
  readonly retryBudget: RetryBudget;
  /** What is to be learned from. */
  readonly feedback: Feedback;
  readonly #ints: Int32Array<SharedArrayBuffer>;
  readonly #sums: SharedNumbers;

  constructor(memory: SharedMemory) {
    this.#ints = new Int32Array(memory, 0, intCount);
    let at = intCount * 4;
    const numbers = (count: number) => {
      const longs = new BigInt64Array(memory, at, count);
      at += longs.byteLength;
      return new SharedNumbers(longs);
    };
    this.#sums = numbers(Place64.count);
    this.pace = new Pace(numbers(paceCount));
    this.breaker = new CircuitBreaker(numbers(circuitBreakerCount));
    this.retryBudget = new RetryBudget(numbers(retryBudgetCount));
    this.feedback = new Feedback(numbers(feedbackCount));
  }

  /** The first request may start an interval of the rates after `nowUs`, or at once where there are none. */
  static create(inFlight: number, rates: readonly Rate[] = [], nowUs: number = 0): SharedMemory {
    const longCount = Place64.count + paceCount + circuitBreakerCount + retryBudgetCount + feedbackCount;
    const memory = new SharedArrayBuffer(intCount * 4 + longCount * 8);
    const ints = new Int32Array(memory, 0, intCount);
    for (const place of [Place.free, Place.share, Place.total]) ints[place] = inFlight;
    ints[Place.dividedBy] = 1;
    new SharedState(memory).pace.begin(rates, nowUs);
    return memory;
  }

  /** Takes a slot for a Worker, if there is one for it. */
  tryTake(worker: number): boolean {
    const place = Place.held + worker;
    const held = Atomics.load(this.#ints, place);
    if (held < 0 || held >= Atomics.load(this.#ints, Place.share)) return false;
    for (;;) {
      const free = Atomics.load(this.#ints, Place.free);
      if (free <= 0) return false;
      if (Atomics.compareExchange(this.#ints, Place.free, free, free - 1) === free) break;
    }
    if (Atomics.compareExchange(this.#ints, place, held, held + 1) === held) return true;
    // Barred meanwhile.
    Atomics.add(this.#ints, Place.free, 1);
    this.#change();
    return false;
  }

  /** Gives a slot back. A Worker that is barred has none to give. */
  give(worker: number): void {
    const place = Place.held + worker;
    for (;;) {
      const held = Atomics.load(this.#ints, place);
      if (held <= 0) return;
      if (Atomics.compareExchange(this.#ints, place, held, held - 1) === held) break;
    }
    Atomics.add(this.#ints, Place.free, 1);
    this.#change();
  }

  /** Lets a Worker take slots from now on; its number may have been another's. */
  admit(worker: number): void {
    Atomics.store(this.#ints, Place.held + worker, 0);
  }

  /** Gives back what a Worker holds that is at its end. It may run on for a moment, so it is barred from more. */
  bar(worker: number): void {
    const held = Atomics.exchange(this.#ints, Place.held + worker, barred);
    Atomics.add(this.#ints, Place.free, Math.max(0, held));
    this.#change();
  }

  /** How often a slot may have come free, to be read before {@linkcode tryTake}. */
  changes(): number {
    return Atomics.load(this.#ints, Place.changes);
  }

  /**
   * Resolves when there may be a slot that was not there at the count of `seen`. To wait for a free slot instead
   * would be no wait at all where there is one that this Worker's share does not allow it.
   */
  async slotGiven(seen: number): Promise<void> {
    const { async, value } = Atomics.waitAsync(this.#ints, Place.changes, seen);
    if (async) await value;
  }

  /** The server refuses, has asked to wait, or is down. */
  isHeldBack(nowUs: number): boolean {
    return this.breaker.isDown || this.pace.isSteppedBack || this.pace.pausedMs(nowUs) > 0;
  }

  /** Divides the slots evenly among so many Workers. For the main thread only, as is the next. */
  divide(workers: number): void {
    Atomics.store(this.#ints, Place.dividedBy, workers);
    this.#share();
  }

  /** Sets how many slots there are. Where more are in use, none comes free before so many are given back. */
  resize(slots: number): void {
    const before = Atomics.exchange(this.#ints, Place.total, slots);
    if (slots === before) return;
    Atomics.add(this.#ints, Place.free, slots - before);
    this.#share();
  }

  /** Slots that there are, in use or not. */
  get slots(): number {
    return Atomics.load(this.#ints, Place.total);
  }

  #share(): void {
    const workers = Atomics.load(this.#ints, Place.dividedBy);
    Atomics.store(this.#ints, Place.share, Math.ceil(this.slots / workers));
    this.#change();
  }

  /** Slots in use, over all Workers. */
  held(): number {
    let held = 0;
    for (let worker = 0; worker < runLimits.workersMax; worker++) {
      held += Math.max(0, Atomics.load(this.#ints, Place.held + worker));
    }
    return held;
  }

  #change(): void {
    Atomics.add(this.#ints, Place.changes, 1);
    Atomics.notify(this.#ints, Place.changes);
  }

  addBytes(bytes: number): void {
    this.#sums.add(Place64.bytes, bytes);
  }

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
} as const satisfies Record<WaitedFor, number>;
