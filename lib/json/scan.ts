/**
 * The innermost loops: finding where a string, a number or a literal ends, in a chunk whose UTF-16 units stand as
 * bytes in an array. They accept only what is right and complete; of anything else they say "not here", and the
 * tokenizer finds out, unit by unit, whether it is wrong or merely cut.
 *
 * @module
 */

import { Unit as ImportedUnit } from "./unit.ts";
import { ValueKind } from "./value.ts";

/** Units of one piece of a chunk: a buffer that stays in the processor's second cache. */
export const pieceCharsMax = 64 * 1024;

// V8 folds a constant of the same module into machine code, but reads an imported one anew every time.
const Unit = ImportedUnit;

/** Stands for every unit above ASCII: valid in strings, where all of them are alike, and nowhere else. */
export const beyondAscii = 0x80;

/** 1 for what may stand in a string as it is. */
const PLAIN = table((code) => code >= Unit.space && code !== Unit.quote && code !== Unit.backslash);
/** 1 for white space. */
const BLANK = tableOf(" \t\n\r");
/** 1 for what makes an escape of two characters. */
const ESCAPED = tableOf('"\\/bfnrt');
/** 1 for hexadecimal digits. */
const HEX = tableOf("0123456789abcdefABCDEF");

/** The words of JSON by their first unit. */
const LITERALS = [
  Uint8Array.from("true", codeOf),
  Uint8Array.from("false", codeOf),
  Uint8Array.from("null", codeOf),
];

const encoder = new TextEncoder();

/**
 * Puts the units of `piece`, at most `pieceCharsMax`, into `units` with an `end` behind them. The native encoder
 * does it at several GB/s, and an array of bytes is then read three times as fast as the units of a string.
 */
export function load(piece: string, units: Uint8Array): void {
  const { written } = encoder.encodeInto(piece, units);
  if (written !== piece.length) joinSequences(units, written);
  units[piece.length] = Unit.end;
}

/** Makes every UTF-8 sequence that stands for one unit one byte, and the four bytes of a surrogate pair two. */
function joinSequences(units: Uint8Array, length: number): void {
  let to = 0;
  let from = 0;
  // What is written never overtakes what is still to be read, as no unit takes less than a byte.
  while (from < length) {
    const byte = units[from]!;
    if (byte < beyondAscii) {
      units[to++] = byte;
      from++;
      continue;
    }
    units[to++] = beyondAscii;
    if (byte >= 0xf0) units[to++] = beyondAscii;
    from += byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
  }
}

/** A buffer for `load`: one unit takes three bytes of UTF-8 at most. */
export function makeUnits(): Uint8Array {
  return new Uint8Array(3 * pieceCharsMax + 1);
}

/** Behind what may stand in a string as it is. */
export function skipPlain(units: Uint8Array, at: number): number {
  let i = at;
  while (PLAIN[units[i]!] === 1) i++;
  return i;
}

/** From behind the opening quote to the closing one, or to what ends the string early: an end or a mistake. */
export function skipString(units: Uint8Array, at: number): number {
  let i = at;
  for (;;) {
    while (PLAIN[units[i]!] === 1) i++;
    if (units[i] !== Unit.backslash) return i;
    if (ESCAPED[units[i + 1]!] === 1) i += 2;
    else if (units[i + 1] === Unit.lowerU && isHex(units, i + 2)) i += 6;
    else return i;
  }
}

/** Behind the string, number or literal that begins at `at`; `at` itself where it is wrong or may go on. */
export function skipScalar(units: Uint8Array, at: number): number {
  const unit = units[at]!;
  if (unit === Unit.quote) {
    const close = skipString(units, at + 1);
    return units[close] === Unit.quote ? close + 1 : at;
  }
  return unit <= Unit.nine ? skipNumber(units, at) : skipLiteral(units, at);
}

/** Behind the number that begins at `at`; `at` itself where it is wrong or may go on in the next piece. */
function skipNumber(units: Uint8Array, at: number): number {
  let i = units[at] === Unit.minus ? at + 1 : at;
  const integer = i;
  i = units[i] === Unit.zero ? i + 1 : skipDigits(units, i);
  if (i === integer) return at;
  if (units[i] === Unit.dot) {
    const fraction = i + 1;
    i = skipDigits(units, fraction);
    if (i === fraction) return at;
  }
  if (units[i] === Unit.lowerE || units[i] === Unit.upperE) {
    const exponent = units[i + 1] === Unit.plus || units[i + 1] === Unit.minus ? i + 2 : i + 1;
    i = skipDigits(units, exponent);
    if (i === exponent) return at;
  }
  return units[i] === Unit.end ? at : i;
}

/** Behind the literal that begins at `at`; `at` itself where it is wrong or cut. */
function skipLiteral(units: Uint8Array, at: number): number {
  for (const word of LITERALS) {
    if (units[at] !== word[0]) continue;
    let i = 1;
    while (i < word.length && units[at + i] === word[i]) i++;
    return i === word.length ? at + i : at;
  }
  return at;
}

/** The kind of value that begins with `unit`; `undefined` where none does. */
export function kindAt(unit: number): ValueKind | undefined {
  switch (unit) {
    case Unit.quote:
      return ValueKind.string;
    case Unit.openBrace:
      return ValueKind.object;
    case Unit.openBracket:
      return ValueKind.array;
    case Unit.lowerT:
      return ValueKind.true;
    case Unit.lowerF:
      return ValueKind.false;
    case Unit.lowerN:
      return ValueKind.null;
    default:
      return unit === Unit.minus || isDigit(unit) ? ValueKind.number : undefined;
  }
}

/** Whether `code` is one of the four white space characters of JSON. */
export function isBlank(code: number): boolean {
  return BLANK[code] === 1;
}

/** Whether a backslash and `code` are an escape of two characters. */
export function isEscaped(code: number): boolean {
  return ESCAPED[code] === 1;
}

/** Whether `code` is a hexadecimal digit. */
export function isHexDigit(code: number): boolean {
  return HEX[code] === 1;
}

/** Whether `code` is a decimal digit. */
export function isDigit(code: number): boolean {
  return code >= Unit.zero && code <= Unit.nine;
}

/** Behind the digits, if any. */
function skipDigits(units: Uint8Array, at: number): number {
  let i = at;
  while (isDigit(units[i]!)) i++;
  return i;
}

/** Whether four hexadecimal digits stand from `at`; the `end` behind a piece is none. */
function isHex(units: Uint8Array, at: number): boolean {
  return HEX[units[at]!] === 1 && HEX[units[at + 1]!] === 1 && HEX[units[at + 2]!] === 1 &&
    HEX[units[at + 3]!] === 1;
}

function codeOf(character: string): number {
  return character.charCodeAt(0);
}

function table(holds: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => holds(code) ? 1 : 0);
}

function tableOf(characters: string): Uint8Array {
  return table((code) => characters.includes(String.fromCharCode(code)));
}
