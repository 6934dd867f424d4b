/**
 * What Workers count for the learners on the main thread. Numbers in memory that all Workers share; an answer costs
 * two atomic additions, where there is anything to be learned at all.
 *
 * @module
 */

/** Places in the array of 64-bit integers. */
const Place = {
  answers: 0,
  /** Microseconds until their first byte, summed. */
  latency: 1,
  refusals: 2,
  /** Microseconds since 1970 of the last step down: what was started before and is refused tells nothing new. */
  steppedDown: 3,
} as const;

/** Numbers that signs take in the shared memory. */
export const signsCount = 4;

/** A view on the memory; each thread makes its own. */
export class Signs {
  readonly #longs: BigInt64Array<SharedArrayBuffer>;

  /** `longs` has {@linkcode signsCount} places, all zero at first. */
  constructor(longs: BigInt64Array<SharedArrayBuffer>) {
    this.#longs = longs;
  }

  /** An answer came that is no failure of the server's. */
  answered(latencyMs: number): void {
    Atomics.add(this.#longs, Place.answers, 1n);
    Atomics.add(this.#longs, Place.latency, BigInt(Math.round(latencyMs * 1_000)));
  }

  /** A request that was started then was refused. */
  refused(startedUs: number): void {
    if (startedUs > this.#get(Place.steppedDown)) Atomics.add(this.#longs, Place.refusals, 1n);
  }

  /** What is refused from now on tells something only if it was started later. */
  stepped(nowUs: number): void {
    Atomics.store(this.#longs, Place.steppedDown, BigInt(Math.ceil(nowUs)));
  }

  /** All sums since the run began. */
  read(): { readonly answers: number; readonly latencyMs: number; readonly refusals: number } {
    const latencyMs = this.#get(Place.latency) / 1_000;
    return { answers: this.#get(Place.answers), latencyMs, refusals: this.#get(Place.refusals) };
  }

  #get(place: number): number {
    return Number(Atomics.load(this.#longs, place));
  }
}
