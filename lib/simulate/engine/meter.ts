/**
 * What the practice API has seen: counts, and the times of the last requests. 100,000 times and a few numbers in
 * memory, however many requests come.
 *
 * @module
 */

/** What was seen since the start, or since the last reset. Requests to the introspection are not counted. */
export interface SimulatorStats {
  /** All that came, whatever became of them. */
  readonly requests: number;
  /** Answers whose head was sent, by status code. */
  readonly answers: Readonly<Record<string, number>>;
  /** Requests that are not answered yet. */
  readonly inFlight: number;
  /** The most there were at once. */
  readonly inFlightMax: number;
  /** Bytes written, heads and frames included. */
  readonly bytes: number;
  /** Faults injected, by kind. */
  readonly faults: Readonly<Record<string, number>>;
  /** When the first request came, in unix milliseconds; null before it. */
  readonly firstRequestMs: number | null;
  /** When the last request came, in unix milliseconds; null before the first. */
  readonly lastRequestMs: number | null;
}

/** Times of requests that are remembered. */
export const LOG_TIMES_MAX = 100_000;

/** Counts requests. */
export class Meter {
  readonly #log = new Float64Array(LOG_TIMES_MAX);
  readonly #answers = new Map<number, number>();
  readonly #faults = new Map<string, number>();
  #requests = 0;
  #inFlight = 0;
  #inFlightMax = 0;
  #bytes = 0;
  #firstMs = 0;

  /** A request came, at `nowMs` unix milliseconds. */
  began(nowMs: number): void {
    if (this.#requests === 0) this.#firstMs = nowMs;
    this.#log[this.#requests % LOG_TIMES_MAX] = nowMs;
    this.#requests++;
    this.#inFlight++;
    if (this.#inFlight > this.#inFlightMax) this.#inFlightMax = this.#inFlight;
  }

  /** A request is done with, in whatever way. */
  ended(): void {
    this.#inFlight--;
  }

  /** An answer's head was sent. */
  answered(status: number): void {
    this.#answers.set(status, (this.#answers.get(status) ?? 0) + 1);
  }

  /** A fault was injected. */
  failed(kind: string): void {
    this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + 1);
  }

  /** Bytes were written. */
  wrote(bytes: number): void {
    this.#bytes += bytes;
  }

  /** When the first request came, in unix milliseconds. */
  get firstMs(): number | undefined {
    return this.#requests > 0 ? this.#firstMs : undefined;
  }

  /** All counts as they are now. */
  stats(): SimulatorStats {
    const any = this.#requests > 0;
    return {
      requests: this.#requests,
      answers: Object.fromEntries(this.#answers),
      inFlight: this.#inFlight,
      inFlightMax: this.#inFlightMax,
      bytes: this.#bytes,
      faults: Object.fromEntries(this.#faults),
      firstRequestMs: any ? this.#firstMs : null,
      lastRequestMs: any ? this.#log[(this.#requests - 1) % LOG_TIMES_MAX]! : null,
    };
  }

  /** When the last `count` requests came, in unix milliseconds, oldest first; at most 100,000. */
  recent(count: number): number[] {
    const kept = Math.min(count, this.#requests, LOG_TIMES_MAX);
    return Array.from({ length: kept }, (_, i) => this.#log[(this.#requests - kept + i) % LOG_TIMES_MAX]!);
  }

  /** Forgets all but the requests in flight. */
  reset(): void {
    this.#answers.clear();
    this.#faults.clear();
    this.#requests = 0;
    this.#inFlightMax = this.#inFlight;
    this.#bytes = 0;
  }
}
