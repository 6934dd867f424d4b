/**
 * Kinds of JSON values, and the conversion of raw JSON text into a value that JavaScript and SQLite can hold. Integers
 * keep every digit. The text must be valid JSON, as the tokenizer reports it: it is not checked again.
 *
 * @module
 */

/** The kind of a JSON value, known from its first character. Kinds up to `array` are containers. */
export const ValueKind = {
  object: 0,
  array: 1,
  string: 2,
  number: 3,
  true: 4,
  false: 5,
  null: 6,
} as const;

/** One of the numbers in `ValueKind`. */
export type ValueKind = typeof ValueKind[keyof typeof ValueKind];

/** The range of SQLite's INTEGER: signed 64 bits. */
const integerMin = -(2n ** 63n);
const integerMax = 2n ** 63n - 1n;

/** Characters of the longest 64-bit integer: a sign and 19 digits. */
const integerCharsMax = 20;

/**
 * The value of a valid JSON text of the given kind.
 *
 * - A string is decoded; an escaped lone surrogate stays a lone surrogate, as in `JSON.parse`.
 * - An integer within ±(2^53 - 1) is a number, within signed 64 bits a bigint, beyond that its text. -0 gives 0.
 * - A number with a fraction or an exponent is the nearest double, or its text if that is infinite.
 * - An array or an object is its text.
 */
export function decodeText(kind: ValueKind, raw: string): string | number | bigint | boolean | null {
  switch (kind) {
    case ValueKind.string:
      return raw.includes("\\") ? JSON.parse(raw) as string : raw.slice(1, -1);
    case ValueKind.number:
      return decodeNumber(raw);
    case ValueKind.true:
      return true;
    case ValueKind.false:
      return false;
    case ValueKind.null:
      return null;
    default:
      return raw;
  }
}

function decodeNumber(raw: string): string | number | bigint {
  const value = Number(raw);
  if (/[.eE]/.test(raw)) return Number.isFinite(value) ? value : raw;
  // -0 + 0 is 0.
  if (Number.isSafeInteger(value)) return value + 0;
  if (raw.length > integerCharsMax) return raw;
  const integer = BigInt(raw);
  return integer >= integerMin && integer <= integerMax ? integer : raw;
}
