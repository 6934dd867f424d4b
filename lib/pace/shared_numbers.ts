/**
 * Whole numbers in memory that all Workers share, changed with atomic operations only.
 *
 * @module
 */

/** A view on some of them; each thread makes its own. All are safe integers, or a power of two. */
export class SharedNumbers {
  readonly #longs: BigInt64Array<SharedArrayBuffer>;

  constructor(longs: BigInt64Array<SharedArrayBuffer>) {
    this.#longs = longs;
  }

  get(place: number): number {
    return Number(Atomics.load(this.#longs, place));
  }

  set(place: number, value: number): void {
    Atomics.store(this.#longs, place, BigInt(value));
  }

  /** Sets a number, and returns what it was. */
  exchange(place: number, value: number): number {
    return Number(Atomics.exchange(this.#longs, place, BigInt(value)));
  }

  /** Adds to a number, and returns the sum. */
  add(place: number, value: number): number {
    return Number(Atomics.add(this.#longs, place, BigInt(value))) + value;
  }

  /** Sets a number if it is still what it was before. */
  replace(place: number, before: number, after: number): boolean {
    return Atomics.compareExchange(this.#longs, place, BigInt(before), BigInt(after)) === BigInt(before);
  }

  /** Sets a number unless it is larger. */
  raise(place: number, value: number): void {
    for (;;) {
      const before = this.get(place);
      if (before >= value || this.replace(place, before, value)) return;
    }
  }
}
