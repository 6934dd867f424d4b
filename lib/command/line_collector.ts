/**
 * The collector of `trawl extract`: selected values in, one line of bytes each out. Values are copied as bytes; only
 * strings without quotes and values with line breaks are decoded. Holds the lines that one chunk has completed.
 *
 * @module
 */

import type { RawText } from "../json/raw_text.ts";
import type { Collector } from "../json/tokenizer_stream.ts";
import { decodeText, ValueKind } from "../json/value.ts";

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Up to this length, a loop over bytes is faster than `Uint8Array.set`. */
const copiedByLoopMax = 64;

const encoder = new TextEncoder();

/** Collects values as lines of JSON; with `isRaw`, strings are decoded and lose their quotes. */
export class LineCollector implements Collector<Uint8Array> {
  readonly #isRaw: boolean;
  /** Undefined if strings must be decoded. */
  readonly lines?: (lines: Uint8Array) => void;
  #bytes = new Uint8Array(64 * 1_024);
  #length = 0;

  constructor({ isRaw }: { readonly isRaw: boolean }) {
    this.#isRaw = isRaw;
    if (!isRaw) this.lines = (lines) => this.#append(lines);
  }

  /** Never called: the query has no `visit` path. */
  enter(): void {}

  /** Never called: the query has no `visit` path. */
  leave(): void {}

  text(_index: number, kind: ValueKind, raw: RawText): void {
    if (kind === ValueKind.string && this.#isRaw) {
      this.#add(encoder.encode(String(decodeText(kind, raw.toString()))));
    } else if (kind <= ValueKind.array && hasLineBreak(raw)) {
      this.#add(encoder.encode(onOneLine(raw.toString())));
    } else {
      this.#add(raw.bytes, raw.start, raw.end);
    }
  }

  /** The lines since the last call, valid until the next value is collected. */
  take(): Uint8Array | undefined {
    if (this.#length === 0) return undefined;
    const lines = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    return lines;
  }

  #add(from: Uint8Array, start = 0, end: number = from.length): void {
    const length = end - start;
    if (this.#length + length + 1 > this.#bytes.length) this.#grow(length + 1);
    const bytes = this.#bytes;
    let to = this.#length;
    if (length > copiedByLoopMax) {
      bytes.set(from.subarray(start, end), to);
      to += length;
    } else {
      for (let at = start; at < end; at++) bytes[to++] = from[at]!;
    }
    bytes[to] = lineFeed;
    this.#length = to + 1;
  }

  #append(lines: Uint8Array): void {
    if (this.#length + lines.length > this.#bytes.length) this.#grow(lines.length);
    this.#bytes.set(lines, this.#length);
    this.#length += lines.length;
  }

  #grow(missing: number): void {
    const larger = new Uint8Array(Math.max(this.#length + missing, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

function hasLineBreak({ bytes, start, end }: RawText): boolean {
  const value = bytes.subarray(start, end);
  return value.includes(lineFeed) || value.includes(carriageReturn);
}

/** Line breaks occur only in white space between tokens: within strings they are escaped. */
function onOneLine(raw: string): string {
  return raw.replaceAll(/\s*[\r\n]\s*/g, " ");
}
