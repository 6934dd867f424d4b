/**
 * One exchange from its start to the last byte of its answer: its phase, the deadline of that phase, and why it
 * failed. Does no I/O; aborting its signal ends the request.
 *
 * @module
 */

import type { Watched } from "./deadlines.ts";
import { ExchangeError, type ExchangeFailure } from "./exchange_error.ts";

/**
 * Deadlines in milliseconds. `totalMs` runs from the start to the last byte, `idleMs` during each read of the body.
 */
export interface ClientTimeouts {
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

/** What all exchanges of a client share; made once, since an object per request would show in a benchmark. */
export interface ExchangeOptions {
  readonly timeouts: ClientTimeouts;
  /** Decoded bytes that one body may have. */
  readonly bodyBytesMax: number;
  /** Called with the number of decoded bytes, as they are read. */
  readonly onBytes: ((bytes: number) => void) | undefined;
  /** Called when nothing has come within the connect timeout; {@linkcode Exchange.probed} is the reply. */
  readonly onSilence: (exchange: Exchange) => void;
  /** Called when a body turns out to be larger than `httpLimits.smallBodyBytesMax`. */
  readonly onLarge: () => void;
  /** Called when the exchange is over, once or more. */
  readonly onEnd: (exchange: Exchange) => void;
}

/**
 * `body` is the time between two reads, when only the total deadline counts; `idle` is a read in progress; in a `pause`
 * no deadline counts.
 */
type Phase = "connect" | "probing" | "first-byte" | "body" | "idle" | "pause";

/** One exchange. */
export class Exchange implements Watched {
  readonly url: string;
  dueMs: number;
  readonly #options: ExchangeOptions;
  /** Later by the length of all pauses. */
  #startedMs = performance.now();
  readonly #controller = new AbortController();
  #phase: Phase = "connect";
  #failure: ExchangeError | undefined;

  constructor(url: string, options: ExchangeOptions) {
    const { connectMs, firstByteMs, totalMs } = options.timeouts;
    this.url = url;
    this.#options = options;
    this.dueMs = this.#startedMs + Math.min(connectMs, firstByteMs, totalMs);
  }

  /** Aborted when the exchange fails. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why the exchange was aborted; undefined if it was not. */
  get failure(): ExchangeError | undefined {
    return this.#failure;
  }

  /** Milliseconds since the start. */
  get ageMs(): number {
    return performance.now() - this.#startedMs;
  }

  get bodyBytesMax(): number {
    return this.#options.bodyBytesMax;
  }

  /** Starts the deadline of a phase. */
  enter(phase: "body" | "idle" | "pause"): void {
    this.#phase = phase;
    if (phase === "pause") this.dueMs = Infinity;
    else if (phase === "body") this.dueMs = this.#totalDueMs;
    else this.dueMs = Math.min(performance.now() + this.#options.timeouts.idleMs, this.#totalDueMs);
  }

  /** A pause of `ms` is over: the total deadline moves by as much. */
  resume(ms: number): void {
    this.#startedMs += ms;
    this.enter("body");
  }

  /** The result of the check that `onSilence` started. Ignored if the answer has come meanwhile. */
  probed(isReachable: boolean): void {
    if (this.#phase !== "probing") return;
    if (!isReachable) return this.abort("connect-timeout");
    this.#phase = "first-byte";
    this.dueMs = Math.min(this.#firstByteDueMs, this.#totalDueMs);
  }

  expire(): void {
    const nowMs = performance.now();
    if (nowMs >= this.#totalDueMs) return this.abort("total-timeout");
    if (this.#phase === "idle") return this.abort("idle-timeout");
    if (this.#phase === "first-byte" || nowMs >= this.#firstByteDueMs) {
      return this.abort("first-byte-timeout");
    }
    // Either the server computes, or it cannot be reached: `fetch` does not tell.
    this.#phase = "probing";
    this.dueMs = this.#totalDueMs;
    this.#options.onSilence(this);
  }

  /** Ends the request, and with it the connection. The first reason stays. */
  abort(reason: ExchangeFailure, detail?: string): void {
    this.#failure ??= new ExchangeError(reason, detail === undefined ? {} : { detail });
    this.#controller.abort(this.#failure);
  }

  /** Reports decoded bytes that were read. */
  count(bytes: number): void {
    this.#options.onBytes?.(bytes);
  }

  /** The body is larger than `httpLimits.smallBodyBytesMax`. */
  large(): void {
    this.#options.onLarge();
  }

  /** Nothing more will be read. */
  end(): void {
    this.#options.onEnd(this);
  }

  get #firstByteDueMs(): number {
    return this.#startedMs + this.#options.timeouts.firstByteMs;
  }

  get #totalDueMs(): number {
    return this.#startedMs + this.#options.timeouts.totalMs;
  }
}
