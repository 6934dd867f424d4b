/**
 * Whole numbers in a `SharedArrayBuffer`, changed with atomic operations only.
 *
 * @module
 */

/** A view of some numbers; each thread makes its own. Every number is a safe integer or a power of two. */
export class SharedNumbers {
  readonly #longs: BigInt64Array<SharedArrayBuffer>;

  constructor(longs: BigInt64Array<SharedArrayBuffer>) {
    this.#longs = longs;
  }

  /** The numbers from a place on, as numbers of their own. */
  from(place: number): SharedNumbers {
    return new SharedNumbers(this.#longs.subarray(place));
  }

  get(place: number): number {
    return Number(Atomics.load(this.#longs, place));
  }

  set(place: number, value: number): void {
    Atomics.store(this.#longs, place, BigInt(value));
  }

  /** Sets a number and returns the old one. */
  exchange(place: number, value: number): number {
    return Number(Atomics.exchange(this.#longs, place, BigInt(value)));
  }

  /** Adds to a number and returns the sum. */
  add(place: number, value: number): number {
    return Number(Atomics.add(this.#longs, place, BigInt(value))) + value;
  }

  /** Sets a number if it still equals `before`. Returns whether it did. */
  replace(place: number, before: number, after: number): boolean {
    return Atomics.compareExchange(this.#longs, place, BigInt(before), BigInt(after)) === BigInt(before);
  }

  /** Sets a number unless it is already larger. */
  raise(place: number, value: number): void {
    for (;;) {
      const before = this.get(place);
      if (before >= value || this.replace(place, before, value)) return;
    }
  }
}
