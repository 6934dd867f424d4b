/**
 * The JSON text of a selected value, as it stood in the input: a view of UTF-8 bytes in, text or a small value out.
 * Nothing is decoded before it is asked for, and nothing is checked: the tokenizer has done that.
 *
 * @module
 */

/** Digits of an integer that is always safe: 10^15 < 2^53. */
const safeDigitsMax = 15;

/** Characters of a string that `shortString` caches: at seven bits each, six and a length fit a safe integer. */
const shortCharsMax = 6;

/** Cached short strings; all are dropped together beyond this number. Most text columns have few values. */
const shortStringsMax = 4_096;

/** Up to this length, a loop over the bytes is faster than a call of the decoder. */
const shortBytesMax = 16;

const minus = 0x2d;
const zero = 0x30;
const backslash = 0x5c;
const firstBeyondAscii = 0x80;

const nothing = new Uint8Array();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Short strings by their length and characters. */
const shortStrings = new Map<number, string>();

/** A view of one value's JSON. The tokenizer reuses the object for the next value: copy what must outlive the call. */
export class RawText {
  /** The JSON is the bytes from `start` to before `end`. */
  bytes: Uint8Array = nothing;
  /** Index of the first byte. */
  start = 0;
  /** Index behind the last byte. */
  end = 0;

  /** Points at other bytes. */
  set(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  /** The value, if it is an integer of at most 15 digits without fraction and exponent; -0 gives 0. */
  smallInteger(): number | undefined {
    const { bytes, end } = this;
    const isNegative = bytes[this.start] === minus;
    const first = isNegative ? this.start + 1 : this.start;
    if (end - first > safeDigitsMax || first === end) return undefined;
    let value = 0;
    for (let at = first; at < end; at++) {
      const digit = bytes[at]! - zero;
      if (digit < 0 || digit > 9) return undefined;
      value = value * 10 + digit;
    }
    return isNegative ? 0 - value : value;
  }

  /** The JSON text. */
  toString(): string {
    return textOf(this.bytes, this.start, this.end);
  }

  /** The first `bytesMax` bytes of the JSON text, or all of it. */
  beginning(bytesMax: number): string {
    return textOf(this.bytes, this.start, Math.min(this.end, this.start + bytesMax));
  }

  /**
   * The characters of a string of at most 6 ASCII characters without escapes. Equal strings give the same object,
   * which makes them cheap to compare.
   */
  shortString(): string | undefined {
    const { bytes, end } = this;
    if (end - this.start > shortCharsMax + 2) return undefined;
    let key = end - this.start;
    for (let at = this.start + 1; at < end - 1; at++) {
      const byte = bytes[at]!;
      if (byte === backslash || byte >= firstBeyondAscii) return undefined;
      key = key * firstBeyondAscii + byte;
    }
    let text = shortStrings.get(key);
    if (text === undefined) {
      if (shortStrings.size >= shortStringsMax) shortStrings.clear();
      shortStrings.set(key, text = textOf(bytes, this.start + 1, end - 1));
    }
    return text;
  }
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > shortBytesMax) return decoder.decode(bytes.subarray(start, end));
  let text = "";
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte >= firstBeyondAscii) return decoder.decode(bytes.subarray(start, end));
    text += String.fromCharCode(byte);
  }
  return text;
}
