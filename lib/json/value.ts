/**
 * Turns the raw JSON text of a value into what JavaScript and SQLite can hold, without losing a digit of an
 * integer. Takes text that the tokenizer has already found to be JSON; it never checks it again.
 *
 * @module
 */

/** What a value is, by its first character. */
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

/** The signed 64 bit that SQLite's INTEGER has. */
const integerMin = -(2n ** 63n);
const integerMax = 2n ** 63n - 1n;

/** Characters of the longest integer in 64 bit: its sign and 19 digits. */
const integerCharsMax = 20;

/**
 * The value of raw JSON text.
 *
 * - A string is decoded; a lone surrogate escape stays a lone surrogate, as in `JSON.parse`.
 * - An integer is a number while it is safe (up to 2^53 - 1 either way), a bigint up to signed 64 bit, and
 *   beyond that its digits as they stand. There is no negative zero.
 * - A number with a fraction or an exponent is the nearest number, and its text where that would be infinite.
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
  // Adding 0 turns -0 into 0.
  if (Number.isSafeInteger(value)) return value + 0;
  if (raw.length > integerCharsMax) return raw;
  const integer = BigInt(raw);
  return integer >= integerMin && integer <= integerMax ? integer : raw;
}
