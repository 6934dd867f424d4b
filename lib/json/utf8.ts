/**
 * UTF-8 helpers: cut characters, the place of an invalid byte, and characters in messages. Only
 * {@linkcode tailLength} is on the hot path; the rest runs for texts with a mistake.
 *
 * @module
 */

const decoder = new TextDecoder();
const strict = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

/** The number of bytes before `end`, 0 to 3, that may begin a character which is cut there. */
export function tailLength(bytes: Uint8Array, end: number): number {
  for (let length = 1; length <= Math.min(3, end); length++) {
    const byte = bytes[end - length]!;
    if (byte < 0x80 || byte > 0xf4) return 0;
    if (byte >= 0xc2) return sequenceLength(byte) > length ? length : 0;
  }
  return 0;
}

/** The index of the first byte of the first invalid sequence; the length if all bytes are UTF-8. */
export function firstInvalid(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const end = at + sequenceLength(bytes[at]!);
    try {
      strict.decode(bytes.subarray(at, end));
    } catch {
      return at;
    }
    at = end;
  }
  return at;
}

/** The first character of some UTF-8, quoted for a message. */
export function shownAt(bytes: Uint8Array): string {
  const [character = ""] = decoder.decode(bytes.subarray(0, sequenceLength(bytes[0] ?? 0)));
  return JSON.stringify(character);
}

/** A text as UTF-8 up to its first lone surrogate, which becomes an invalid sequence; the rest is dropped. */
export function encodeLoosely(text: string): Uint8Array {
  const lone = text.search(/\p{Surrogate}/u);
  if (lone < 0) return encoder.encode(text);
  return Uint8Array.from([...encoder.encode(text.slice(0, lone)), 0xed, 0xa0, 0x80]);
}

function sequenceLength(first: number): number {
  return first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}
