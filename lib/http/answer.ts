/**
 * One answer: its status, its headers and its body, either in one small piece or piece by piece. Decoded bytes are
 * counted and bounded here; holds no more than one read ahead, and at most `smallBodyBytesMax` of a small body.
 *
 * @module
 */

import { httpLimits } from "../limits.ts";
import { ExchangeError, type ExchangeFailure } from "./exchange_error.ts";

/** What the client does for an answer while its body is read. */
export interface Reading {
  readonly bodyBytesMax: number;
  /** A read of the body begins: from now on the server may be idle for too long. */
  waiting(): void;
  /** That read has come to an end. What the reader does with it is no idleness of the server's. */
  progressed(): void;
  /** Decoded bytes have come. */
  counted(bytes: number): void;
  /** Ends the exchange, and with it the connection. */
  abort(reason: ExchangeFailure, detail?: string): void;
  /** Nothing more will be read. */
  ended(): void;
  /** Why the exchange was aborted, if it was. */
  failure(): ExchangeError | undefined;
}

/** Bytes of one piece: the platform gives no more at once. */
const pieceBytesMax = 64 * 1_024;

/** Buffers kept for the next answer. */
const spareBuffersMax = 16;
const spareBuffers: ArrayBuffer[] = [];

/** An answer whose body must be read or discarded, once. */
export class Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Decoded bytes of the body so far. */
  bytes = 0;
  readonly #response: Response;
  readonly #reading: Reading;
  #reader: ReadableStreamBYOBReader | undefined;
  /** What the next piece is read into. */
  #buffer: ArrayBuffer | undefined;
  /** What {@linkcode small} has read of a body that turned out large. */
  readonly #ahead = new Gathered();

  constructor(response: Response, reading: Reading) {
    this.status = response.status;
    this.headers = response.headers;
    this.#response = response;
    this.#reading = reading;
  }

  /**
   * The whole body if it is small. Where it is not, undefined, and {@linkcode read} has all of it.
   *
   * @throws {ExchangeError} If the body is cut short, or a deadline passes.
   */
  async small(): Promise<Uint8Array | undefined> {
    if (this.#isKnownSmall()) {
      const bytes = await this.#guard(this.#response.bytes());
      this.#count(bytes.length);
      this.#reading.ended();
      return bytes;
    }
    if (this.#length !== undefined) return undefined;
    return await this.#smallOfUnknownLength();
  }

  /**
   * The next piece of the body, from its beginning; undefined at its end. It is there until the next one is read.
   * Errors as {@linkcode small}.
   */
  async read(): Promise<Uint8Array | undefined> {
    const ahead = this.#ahead.take();
    if (ahead.length > 0) return ahead;
    const piece = await this.#next();
    if (piece === undefined) this.#reading.ended();
    return piece;
  }

  /** The same as a stream, whose pieces stay. */
  stream(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const piece = await this.read();
        if (piece === undefined) controller.close();
        else controller.enqueue(piece.slice());
      },
      cancel: () => this.discard(),
    }, { highWaterMark: 0 });
  }

  /** Gives up what was not read, so that the connection is free: a short rest is read, a long one is cut off. */
  async discard(): Promise<void> {
    try {
      if (this.#reader === undefined && this.#isKnownSmall()) {
        this.#count((await this.#guard(this.#response.bytes())).length);
      } else {
        await (this.#reader?.cancel() ?? this.#response.body?.cancel());
      }
    } catch {
      // The connection is gone, which is what was asked for.
    } finally {
      this.#reading.ended();
    }
  }

  /** Decoded bytes of the body, if they are known: of an encoded one, the header counts what is sent. */
  get #length(): number | undefined {
    const length = this.headers.get("content-length");
    return length === null || this.headers.has("content-encoding") ? undefined : Number(length);
  }

  #isKnownSmall(): boolean {
    const length = this.#length;
    return length !== undefined && length <= httpLimits.smallBodyBytesMax;
  }

  /** Many servers send even a short answer without its length. */
  async #smallOfUnknownLength(): Promise<Uint8Array | undefined> {
    while (this.bytes <= httpLimits.smallBodyBytesMax) {
      const piece = await this.#next();
      if (piece === undefined) {
        this.#reading.ended();
        return this.#ahead.take();
      }
      this.#ahead.add(piece);
    }
    return undefined;
  }

  /** Reads into one buffer again and again: with a new one for every piece, plain reading took 1.3 times as long. */
  async #next(): Promise<Uint8Array | undefined> {
    if (this.#response.body === null) return undefined;
    this.#reader ??= this.#response.body.getReader({ mode: "byob" });
    const view = new Uint8Array(this.#buffer ?? spareBuffers.pop() ?? new ArrayBuffer(pieceBytesMax));
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
    this.#reading.counted(bytes);
    if (this.bytes > this.#reading.bodyBytesMax) this.#giveUp("body-too-large");
    if (this.bytes > httpLimits.ratioBytesMin && this.#ratio > httpLimits.ratioMax) {
      this.#giveUp("too-compressed", `${Math.round(this.#ratio)} times what was sent`);
    }
  }

  /** How many times as large the body is as what was sent; unknown, and so 0, where that came in chunks. */
  get #ratio(): number {
    if (!this.headers.has("content-encoding")) return 0;
    // A length that was said twice reads "12, 12".
    const sentBytes = parseInt(this.headers.get("content-length") ?? "", 10);
    return sentBytes > 0 ? this.bytes / sentBytes : 0;
  }

  #giveUp(reason: ExchangeFailure, detail?: string): never {
    this.#reading.abort(reason, detail);
    this.#reading.ended();
    throw this.#reading.failure() ?? new ExchangeError(reason);
  }

  /** Waits for the server, and tells a passed deadline from a connection that broke. */
  async #guard<T>(promise: Promise<T>): Promise<T> {
    this.#reading.waiting();
    try {
      const value = await promise;
      this.#reading.progressed();
      return value;
    } catch (error) {
      this.#reading.ended();
      throw this.#reading.failure() ?? new ExchangeError("cut", { cause: error });
    }
  }
}

const nothing = new Uint8Array();

/** Bytes in one piece. They are copied: a read of one byte can hold a buffer of 64 KiB alive. */
class Gathered {
  #buffer = nothing;
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

  /** All bytes so far; nothing is kept. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#buffer = nothing;
    this.#length = 0;
    return bytes;
  }
}
