/**
 * What is told about UTF-8 in words: where a mistake is, and how a character is shown. None of this is on the way of
 * a text without mistakes but {@linkcode tailLength}.
 *
 * @module
 */

const decoder = new TextDecoder();
const strict = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

/** Bytes before `end` that may be the beginning of a character: 0 to 3. */
export function tailLength(bytes: Uint8Array, end: number): number {
  for (let length = 1; length <= Math.min(3, end); length++) {
    const byte = bytes[end - length]!;
    if (byte < 0x80 || byte > 0xf4) return 0;
    if (byte >= 0xc2) return sequenceLength(byte) > length ? length : 0;
  }
  return 0;
}

/** Where bytes that are no UTF-8 cease to be: at the first byte of the sequence that is wrong. */
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

/** The first character of some UTF-8, in quotes. */
export function shownAt(bytes: Uint8Array): string {
  const [character = ""] = decoder.decode(bytes.subarray(0, sequenceLength(bytes[0] ?? 0)));
  return JSON.stringify(character);
}

/** As UTF-8; what is no Unicode text, since half of a surrogate pair is missing, is no UTF-8 either. */
export function encodeLoosely(text: string): Uint8Array {
  const lone = text.search(/\p{Surrogate}/u);
  if (lone < 0) return encoder.encode(text);
  return Uint8Array.from([...encoder.encode(text.slice(0, lone)), 0xed, 0xa0, 0x80]);
}

function sequenceLength(first: number): number {
  return first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}
