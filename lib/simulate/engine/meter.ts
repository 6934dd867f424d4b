/**
 * The simulator's counters, and the times of its last 100,000 requests. Memory is constant, whatever the number of
 * requests.
 *
 * @module
 */

/** Counts since the start or the last reset. Requests for introspection are not counted. */
export interface SimulatorStats {
  /** Requests received, whatever their outcome. */
  readonly requests: number;
  /** Answers whose head was sent, by status code. */
  readonly answers: Readonly<Record<string, number>>;
  /** Requests under way. */
  readonly inFlight: number;
  /** The highest `inFlight`. */
  readonly inFlightMax: number;
  /** Bytes written, heads and frames included. */
  readonly bytes: number;
  /** Faults injected, by kind. */
  readonly faults: Readonly<Record<string, number>>;
  /** When the first request arrived, in unix milliseconds; null before it. */
  readonly firstRequestMs: number | null;
  /** When the last request arrived, in unix milliseconds; null before the first. */
  readonly lastRequestMs: number | null;
}

/** Request times that are kept. */
export const logTimesMax = 100_000;

/** Counts requests. */
export class Meter {
  /** A ring: the time of request `n` is at `n` modulo its length. */
  readonly #log = new Float64Array(logTimesMax);
  readonly #answers = new Map<number, number>();
  readonly #faults = new Map<string, number>();
  #requests = 0;
  #inFlight = 0;
  #inFlightMax = 0;
  #bytes = 0;
  #firstMs = 0;

  /** Counts a request that arrived at `nowMs`, in unix milliseconds. */
  began(nowMs: number): void {
    if (this.#requests === 0) this.#firstMs = nowMs;
    this.#log[this.#requests % logTimesMax] = nowMs;
    this.#requests++;
    this.#inFlight++;
    if (this.#inFlight > this.#inFlightMax) this.#inFlightMax = this.#inFlight;
  }

  /** Counts the end of a request, whatever its outcome. */
  ended(): void {
    this.#inFlight--;
  }

  /** Counts the head of an answer. */
  answered(status: number): void {
    this.#answers.set(status, (this.#answers.get(status) ?? 0) + 1);
  }

  /** Counts an injected fault. */
  failed(kind: string): void {
    this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + 1);
  }

  /** Counts bytes written. */
  wrote(bytes: number): void {
    this.#bytes += bytes;
  }

  /** When the first request arrived, in unix milliseconds. */
  get firstMs(): number | undefined {
    return this.#requests > 0 ? this.#firstMs : undefined;
  }

  /** A snapshot of all counters. */
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
      lastRequestMs: any ? this.#log[(this.#requests - 1) % logTimesMax]! : null,
    };
  }

  /** When the last `count` requests arrived, at most 100,000, in unix milliseconds and oldest first. */
  recent(count: number): number[] {
    const kept = Math.min(count, this.#requests, logTimesMax);
    return Array.from({ length: kept }, (_, i) => this.#log[(this.#requests - kept + i) % logTimesMax]!);
  }

  /** Sets all counters to zero, except for the requests in flight. */
  reset(): void {
    this.#answers.clear();
    this.#faults.clear();
    this.#requests = 0;
    this.#inFlightMax = this.#inFlight;
    this.#bytes = 0;
  }
}
