/**
 * One answer: its status, its headers and its body, either as one small text or as a stream of text. Decoded bytes
 * are counted and bounded here; holds no more than one read ahead, and at most `smallBodyBytesMax` of a small body.
 *
 * @module
 */

import { http } from "../limits.ts";
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
  abort(reason: ExchangeFailure): void;
  /** Nothing more will be read. */
  ended(): void;
  /** Why the exchange was aborted, if it was. */
  failure(): ExchangeError | undefined;
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** An answer whose body must be read or discarded, once. */
export class Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Decoded bytes of the body so far. */
  bytes = 0;
  readonly #response: Response;
  readonly #reading: Reading;
  #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  /** What {@linkcode smallText} has read of a body that turned out large. */
  readonly #ahead = new Gathered();

  constructor(response: Response, reading: Reading) {
    this.status = response.status;
    this.headers = response.headers;
    this.#response = response;
    this.#reading = reading;
  }

  /**
   * The whole text if the body is small. Where it is not, undefined, and {@linkcode textStream} has all of it.
   *
   * @throws {ExchangeError} If the body is cut short, is no UTF-8, or a deadline passes.
   */
  async smallText(): Promise<string | undefined> {
    if (this.#isKnownSmall()) {
      const bytes = await this.#guard(this.#response.bytes());
      this.#count(bytes.length);
      this.#reading.ended();
      return decode(bytes);
    }
    if (this.#length !== undefined) return undefined;
    return await this.#smallOfUnknownLength();
  }

  /** The body as text, chunk by chunk, from its beginning. Errors as {@linkcode smallText}. */
  textStream(): ReadableStream<string> {
    const bytes = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: async (controller) => {
        const ahead = this.#ahead.take();
        if (ahead.length > 0) return controller.enqueue(ahead);
        const { done, value } = await this.#read();
        if (!done) return controller.enqueue(value);
        this.#reading.ended();
        controller.close();
      },
      cancel: () => this.discard(),
    }, { highWaterMark: 0 });
    return bytes.pipeThrough(new TextDecoderStream("utf-8", { fatal: true }));
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
    return length !== undefined && length <= http.smallBodyBytesMax;
  }

  /** Many servers send even a short answer without its length. */
  async #smallOfUnknownLength(): Promise<string | undefined> {
    while (this.bytes <= http.smallBodyBytesMax) {
      const { done, value } = await this.#read();
      if (done) {
        this.#reading.ended();
        return decode(this.#ahead.take());
      }
      this.#ahead.add(value);
    }
    return undefined;
  }

  async #read(): Promise<Read> {
    if (this.#response.body === null) return { done: true };
    this.#reader ??= this.#response.body.getReader();
    const { done, value } = await this.#guard(this.#reader.read());
    if (done) return { done };
    this.#count(value.length);
    return { done, value };
  }

  #count(bytes: number): void {
    this.bytes += bytes;
    this.#reading.counted(bytes);
    if (this.bytes <= this.#reading.bodyBytesMax) return;
    this.#reading.abort("body-too-large");
    this.#reading.ended();
    throw new ExchangeError("body-too-large");
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

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw new ExchangeError("bad-utf8", { cause: error });
  }
}

type Read = { readonly done: true; readonly value?: undefined } | {
  readonly done: false;
  readonly value: Uint8Array<ArrayBuffer>;
};

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
