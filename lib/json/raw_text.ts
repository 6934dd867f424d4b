/**
 * The JSON of a selected value, exactly as it stood: bytes that are looked at where they lie. Nothing is made of them
 * until somebody asks.
 *
 * @module
 */

/** Digits that a safe integer can always have: 10^15 is below 2^53. */
const safeDigitsMax = 15;

const nothing = new Uint8Array();

/** Some bytes of UTF-8, and what can be read from them. It is used again for the next value: keep what it gives. */
export class RawText {
  /** They lie between `start` and `end`. */
  bytes: Uint8Array = nothing;
  start = 0;
  end = 0;

  /** Points at other bytes. */
  set(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  /** The value if it is an integer of at most 15 digits, written without fraction and exponent; -0 is 0. */
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

  /** The JSON as text. */
  toString(): string {
    return textOf(this.bytes, this.start, this.end);
  }

  /** A string's characters, if they are few, ASCII, and none is escaped: the same object for the same characters. */
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

/** Characters of a string that is looked for among those that came before: seven bits each make a safe integer. */
const shortCharsMax = 6;

/** Those that came before, by their characters; forgotten together. Most columns with short texts have few. */
const shortStrings = new Map<number, string>();
const shortStringsMax = 4_096;

const minus = 0x2d;
const zero = 0x30;
const backslash = 0x5c;
const firstBeyondAscii = 0x80;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Up to this length a loop is faster than the call of a decoder. */
const shortBytesMax = 16;

/** The text of UTF-8. */
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
