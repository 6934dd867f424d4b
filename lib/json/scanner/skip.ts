/**
 * The innermost loops: skip bytes of one kind, 16 at a time. The zero padding behind the input is of no kind, so each
 * loop ends there at the latest.
 *
 * @module
 */

import { all } from "./bytes";

/** Returns the address behind white space. */
@inline
export function skipBlank(at: usize): usize {
  let p = at;
  let others = 0;
  while (true) {
    const bytes = v128.load(p);
    const blanks = v128.or(
      v128.or(i8x16.eq(bytes, all(0x20)), i8x16.eq(bytes, all(0x0a))),
      v128.or(i8x16.eq(bytes, all(0x0d)), i8x16.eq(bytes, all(0x09))),
    );
    others = ~i8x16.bitmask(blanks) & 0xffff;
    if (others != 0) break;
    p += 16;
  }
  return p + ctz(others);
}

/** Returns the address behind bytes that a string may hold unescaped. */
@inline
export function skipPlain(at: usize): usize {
  let p = at;
  let others = 0;
  while (true) {
    const bytes = v128.load(p);
    others = i8x16.bitmask(
      v128.or(
        v128.or(i8x16.eq(bytes, all(0x22)), i8x16.eq(bytes, all(0x5c))),
        i8x16.le_u(bytes, all(0x1f)),
      ),
    );
    if (others != 0) break;
    p += 16;
  }
  return p + ctz(others);
}

/** Returns the address behind digits, if any. */
@inline
export function skipDigits(at: usize): usize {
  let p = at;
  let others = 0;
  while (true) {
    const bytes = v128.load(p);
    others = ~i8x16.bitmask(i8x16.le_u(i8x16.sub(bytes, all(0x30)), all(9))) & 0xffff;
    if (others != 0) break;
    p += 16;
  }
  return p + ctz(others);
}

/** From a backslash, returns the address of the closing quote, of a mistake, or of the end of the input. */
export function skipEscaped(at: usize): usize {
  let p = at;
  while (load<u8>(p) == 0x5c) {
    if (isEscaped(load<u8>(p + 1))) p += 2;
    else if (isUnicodeEscape(p)) p += 6;
    else return p;
    p = skipPlain(p);
  }
  return p;
}

/** Whether a backslash and this byte are an escape of two characters. */
export function isEscaped(c: u32): bool {
  return c == 0x22 || c == 0x5c || c == 0x2f || c == 0x62 || c == 0x66 || c == 0x6e || c == 0x72 || c == 0x74;
}

/** Whether the byte is a hexadecimal digit. */
export function isHexDigit(c: u32): bool {
  return c - 0x30 < 10 || (c | 0x20) - 0x61 < 6;
}

/** Whether the byte is a decimal digit. */
export function isDigit(c: u32): bool {
  return c - 0x30 < 10;
}

/** Whether the backslash at `at` begins an escape with four hexadecimal digits. */
export function isUnicodeEscape(at: usize): bool {
  return load<u8>(at + 1) == 0x75 && isHexDigit(load<u8>(at + 2)) && isHexDigit(load<u8>(at + 3)) &&
    isHexDigit(load<u8>(at + 4)) && isHexDigit(load<u8>(at + 5));
}

/** Returns the address behind the number at `at`; `at` if the number is wrong or may continue in the next input. */
@inline
function skipNumber(at: usize, end: usize): usize {
  const integer = load<u8>(at) == 0x2d ? at + 1 : at;
  let p = load<u8>(integer) == 0x30 ? integer + 1 : skipDigits(integer);
  let isWrong = p == integer;
  if (load<u8>(p) == 0x2e) {
    const fraction = p + 1;
    p = skipDigits(fraction);
    isWrong = isWrong || p == fraction;
  }
  if ((load<u8>(p) | 0x20) == 0x65) {
    const sign = load<u8>(p + 1);
    const exponent = sign == 0x2b || sign == 0x2d ? p + 2 : p + 1;
    p = skipDigits(exponent);
    isWrong = isWrong || p == exponent;
  }
  return isWrong || p >= end ? at : p;
}

/** Returns the address behind `true`, `false` or `null`; `at` if none of them is there as a whole. */
@inline
function skipWord(at: usize): usize {
  const four = load<u32>(at);
  if (four == 0x65757274 || four == 0x6c6c756e) return at + 4;
  return four == 0x736c6166 && load<u8>(at + 4) == 0x65 ? at + 5 : at;
}

/** Returns the address behind the scalar that begins with `c`; `at` if the scalar is wrong or may continue. */
@inline
export function skipScalar(at: usize, c: u32, end: usize): usize {
  if (c == 0x22) {
    const close = skipString(at + 1);
    return load<u8>(close) == 0x22 ? close + 1 : at;
  }
  return c - 0x30 < 10 || c == 0x2d ? skipNumber(at, end) : skipWord(at);
}

/** From behind the opening quote, returns the address of the closing quote, of a mistake, or of the end. */
@inline
function skipString(at: usize): usize {
  const p = skipPlain(at);
  return load<u8>(p) == 0x5c ? skipEscaped(p) : p;
}
