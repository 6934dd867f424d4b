/**
 * One answer: status, headers, and body, which is read whole if it is small, else chunk by chunk. Counts and bounds
 * decoded bytes. Holds one chunk of 64 KiB, and at most `httpLimits.smallBodyBytesMax` of a small body.
 *
 * @module
 */

import { httpLimits } from "../limits.ts";
import type { Exchange } from "./exchange.ts";
import { ExchangeError, type ExchangeFailure } from "./exchange_error.ts";
import type { TransportAnswer } from "./fetch_transport.ts";
import { type RateLimitInfo, rateLimitInfo } from "./rate_headers.ts";

/** Bytes of one chunk: the platform never gives more at once. */
const chunkBytes = 64 * 1_024;

/** Chunk buffers kept for later answers, over all answers of the thread. */
const spareBuffersMax = 16;
const spareBuffers: ArrayBuffer[] = [];

/** The first bytes of a body, or all of them. */
export interface Beginning {
  readonly bytes: Uint8Array;
  readonly isWhole: boolean;
}

/** An answer. The body must be read or discarded, once. */
export class Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Decoded bytes read so far. */
  bytes = 0;
  readonly #head: TransportAnswer;
  readonly #exchange: Exchange;
  #rateLimit: RateLimitInfo | undefined;
  #reader: ReadableStreamBYOBReader | undefined;
  /** The buffer for the next chunk. */
  #buffer: ArrayBuffer | undefined;
  /** What {@linkcode small} has read of a body that turned out large. */
  readonly #ahead = new ByteBuffer();

  constructor(head: TransportAnswer, exchange: Exchange) {
    this.status = head.status;
    this.headers = head.headers;
    this.#head = head;
    this.#exchange = exchange;
  }

  /** What the headers say about rate limits. Parsed once, at the first call, with its `nowMs` (since 1970). */
  rateLimitInfo(nowMs: number): RateLimitInfo {
    return this.#rateLimit ??= rateLimitInfo(this.status, this.headers, nowMs);
  }

  /**
   * The whole body if it has at most `httpLimits.smallBodyBytesMax`; else undefined, and {@linkcode read} gives all
   * of it.
   *
   * @throws {ExchangeError} If the body is cut short or too large, or a deadline passes.
   */
  async small(): Promise<Uint8Array | undefined> {
    if (this.#isKnownSmall()) {
      const bytes = await this.#guard(this.#head.bytes());
      this.#count(bytes.length);
      this.#exchange.end();
      return bytes;
    }
    const small = this.length === undefined ? await this.#smallOfUnknownLength() : undefined;
    if (small === undefined) this.#exchange.large();
    return small;
  }

  /**
   * The next chunk of the body, from its start; undefined at its end. The chunk is valid until the next call.
   *
   * @throws {ExchangeError} As {@linkcode small}.
   */
  async read(): Promise<Uint8Array | undefined> {
    const ahead = this.#ahead.take();
    if (ahead.length > 0) return ahead;
    const chunk = await this.#next();
    if (chunk === undefined) this.#exchange.end();
    return chunk;
  }

  /**
   * The beginning of the body of a refused answer: at most `httpLimits.refusedBytesMax` bytes that came within
   * `httpLimits.refusedMs`, fewer if the body is cut. Discards the rest. A short body is read to its end, so that its
   * connection is reused.
   */
  async beginning(): Promise<Beginning> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      void this.#reader?.cancel().catch(() => {});
    }, httpLimits.refusedMs);
    let isWhole = false;
    try {
      if (this.#isKnownSmall()) {
        const bytes = await this.#guard(this.#head.bytes());
        this.#count(bytes.length);
        this.#ahead.add(bytes);
        isWhole = true;
      }
      while (!isWhole && this.bytes < httpLimits.refusedBytesMax) {
        const chunk = await this.#next();
        if (chunk !== undefined) this.#ahead.add(chunk);
        else if (isLate) break;
        else isWhole = true;
      }
    } catch {
      // What came before the connection broke says enough.
    } finally {
      clearTimeout(timer);
      if (isWhole) this.#exchange.end();
      else await this.discard();
    }
    const bytes = this.#ahead.take();
    const cut = bytes.subarray(0, httpLimits.refusedBytesMax);
    return { bytes: cut, isWhole: isWhole && cut.length === bytes.length };
  }

  /** Awaits what is not the server's doing: meanwhile no deadline passes. Nothing may be read. */
  async pause(wait: Promise<void>): Promise<void> {
    const sinceMs = performance.now();
    this.#exchange.enter("pause");
    await wait;
    this.#exchange.resume(performance.now() - sinceMs);
  }

  /** The body as a stream. Its chunks are copies, so they stay valid. */
  stream(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const chunk = await this.read();
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk.slice());
      },
      cancel: () => this.discard(),
    }, { highWaterMark: 0 });
  }

  /**
   * Frees the connection: reads a small rest of the body, so that the connection is reused, and cancels a large one.
   */
  async discard(): Promise<void> {
    try {
      if (this.#reader === undefined && this.#isKnownSmall()) {
        this.#count((await this.#guard(this.#head.bytes())).length);
      } else {
        await (this.#reader?.cancel() ?? this.#head.body?.cancel());
      }
    } catch {
      // The connection is closed, so it is free.
    } finally {
      this.#exchange.end();
    }
  }

  /** Decoded bytes of the body. Unknown with a content encoding: then the header counts encoded bytes. */
  get length(): number | undefined {
    const length = this.headers.get("content-length");
    return length === null || this.headers.has("content-encoding") ? undefined : Number(length);
  }

  #isKnownSmall(): boolean {
    const length = this.length;
    return length !== undefined && length <= httpLimits.smallBodyBytesMax;
  }

  /** Many servers send even a small body in HTTP chunks, without its length. */
  async #smallOfUnknownLength(): Promise<Uint8Array | undefined> {
    while (this.bytes <= httpLimits.smallBodyBytesMax) {
      const chunk = await this.#next();
      if (chunk === undefined) {
        this.#exchange.end();
        return this.#ahead.take();
      }
      this.#ahead.add(chunk);
    }
    return undefined;
  }

  /** Reads into one reused buffer: a new buffer per chunk made plain reading take 1.3 times as long. */
  async #next(): Promise<Uint8Array | undefined> {
    if (this.#head.body === null) return undefined;
    this.#reader ??= this.#head.body.getReader({ mode: "byob" });
    const view = new Uint8Array(this.#buffer ?? spareBuffers.pop() ?? new ArrayBuffer(chunkBytes));
    this.#buffer = undefined;
    const { done, value } = await this.#guard(this.#reader.read(view));
    if (value !== undefined) this.#buffer = value.buffer;
    if (!done) {
      this.#count(value.length);
      return value;
    }
    if (this.#buffer !== undefined && spareBuffers.length < spareBuffersMax) spareBuffers.push(this.#buffer);
    this.#buffer = undefined;
    return undefined;
  }

  #count(bytes: number): void {
    this.bytes += bytes;
    this.#exchange.count(bytes);
    if (this.bytes > this.#exchange.bodyBytesMax) this.#giveUp("body-too-large");
    if (this.bytes > httpLimits.ratioBytesMin && this.#ratio > httpLimits.ratioMax) {
      this.#giveUp("too-compressed", `${Math.round(this.#ratio)} times what was sent`);
    }
  }

  /** Decoded bytes per encoded byte; 0 if unknown, without a content encoding or without its length. */
  get #ratio(): number {
    if (!this.headers.has("content-encoding")) return 0;
    // A duplicated header reads "12, 12".
    const sentBytes = parseInt(this.headers.get("content-length") ?? "", 10);
    return sentBytes > 0 ? this.bytes / sentBytes : 0;
  }

  #giveUp(reason: ExchangeFailure, detail?: string): never {
    this.#exchange.abort(reason, detail);
    this.#exchange.end();
    throw this.#exchange.failure ?? new ExchangeError(reason);
  }

  /** Awaits a read under the idle deadline. A failed read is the passed deadline, or else a cut connection. */
  async #guard<T>(promise: Promise<T>): Promise<T> {
    this.#exchange.enter("idle");
    try {
      const value = await promise;
      this.#exchange.enter("body");
      return value;
    } catch (error) {
      this.#exchange.end();
      throw this.#exchange.failure ?? new ExchangeError("cut", { cause: error });
    }
  }
}

const noBytes = new Uint8Array();

/** Growing buffer. Chunks are copied into it: a chunk of one byte may keep 64 KiB alive. */
class ByteBuffer {
  #buffer = noBytes;
  #length = 0;

  add(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(length, this.#buffer.length * 2));
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
  }

  /** Returns all bytes and becomes empty. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#buffer = noBytes;
    this.#length = 0;
    return bytes;
  }
}
