/**
 * Samples the resident memory of the process four times a second and keeps the peak. Misses shorter peaks.
 *
 * @module
 */

const sampleMs = 250;

/** Samples until it is disposed of. */
export class PeakMemory implements Disposable {
  readonly #timer = setInterval(() => this.#sample(), sampleMs);
  #bytes = 0;

  /** The peak of resident memory until now. */
  get bytes(): number {
    this.#sample();
    return this.#bytes;
  }

  #sample(): void {
    this.#bytes = Math.max(this.#bytes, Deno.memoryUsage().rss);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
