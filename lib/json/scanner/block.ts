/**
 * Classifies 64 bytes at once: quotes, commas, brackets and so on as bit sets, the lowest bit for the first byte. This
 * is the first stage of Langdale and Lemire, "Parsing Gigabytes of JSON per Second" (2019), with 128-bit instructions.
 * A search for the end of each token depends on the search before; this has no such dependency.
 *
 * @module
 */

import { all } from "./bytes";
import { isEscaped, isUnicodeEscape } from "./skip";

/** Bytes of a block, and of the zero padding behind the input. */
export const blockBytes = 64;

/** Quotes that no backslash escapes. */
export let quotes: u64 = 0;
/** From each opening quote to before its closing quote. */
export let strings: u64 = 0;
/** Commas outside of strings. The next four are outside of strings, too. */
export let commas: u64 = 0;
/** Colons. */
export let colons: u64 = 0;
/** Brackets and braces. */
export let brackets: u64 = 0;
/** White space, and bytes behind the end of the input. */
export let blanks: u64 = 0;
/** All other bytes: numbers and literals, valid or not. */
export let scalars: u64 = 0;
/** Digits, within strings as well. */
export let digits: u64 = 0;
/** The digit 0, within strings as well. */
export let zeros: u64 = 0;
/** Control characters where none is allowed, and backslashes that begin no escape. */
export let wrongBytes: u64 = 0;
/** Bytes before the end of the input. */
export let bytes: u64 = 0;

/** All ones if the block before ended within a string. */
export let openString: u64 = 0;
/** 1 if the block before ended with a backslash that escapes. */
let openEscape: u64 = 0;

/** Prepares for a first block, which begins outside of any string. */
export function beginBlocks(): void {
  openString = 0;
  openEscape = 0;
}

/** Classifies the block at `p`. The variables above are valid until the next call. */
@inline
export function readBlock(p: usize, end: usize): void {
  const a = v128.load(p);
  const b = v128.load(p, 16);
  const c = v128.load(p, 32);
  const d = v128.load(p, 48);
  wrongBytes = 0;
  quotes = equal(a, b, c, d, 0x22);
  const escape = all(0x5c);
  const escapes = v128.or(
    v128.or(i8x16.eq(a, escape), i8x16.eq(b, escape)),
    v128.or(i8x16.eq(c, escape), i8x16.eq(d, escape)),
  );
  if (v128.any_true(escapes) || openEscape != 0) unescape(p, equal(a, b, c, d, 0x5c));
  strings = prefixXor(quotes) ^ openString;
  openString = <u64>(<i64>strings >> 63);
  const outside = ~(strings | quotes);
  commas = equal(a, b, c, d, 0x2c) & outside;
  colons = equal(a, b, c, d, 0x3a) & outside;
  brackets = bits(isBracket(a), isBracket(b), isBracket(c), isBracket(d)) & outside;
  digits = bits(isDigit(a), isDigit(b), isDigit(c), isDigit(d));
  zeros = equal(a, b, c, d, 0x30);
  blanks = 0;
  bytes = -1;
  const least = i8x16.min_u(i8x16.min_u(a, b), i8x16.min_u(c, d));
  if (v128.any_true(i8x16.le_u(least, all(0x20)))) {
    const left = end - p;
    if (left < <usize>blockBytes) bytes = (<u64>1 << left) - 1;
    blanks = (bits(isBlank(a), isBlank(b), isBlank(c), isBlank(d)) | ~bytes) & outside;
    wrongBytes |= bits(isControl(a), isControl(b), isControl(c), isControl(d)) & ~blanks & bytes;
  }
  scalars = outside & ~(commas | colons | brackets | blanks);
}

/** Removes escaped quotes, and checks what the backslashes escape. */
function unescape(p: usize, backslashes: u64): void {
  quotes &= ~openEscape;
  let rest = backslashes & ~openEscape;
  openEscape = 0;
  while (rest != 0) {
    const index = ctz(rest);
    const bit = <u64>1 << index;
    const at = p + <usize>index;
    if (!isEscaped(load<u8>(at + 1)) && !isUnicodeEscape(at)) wrongBytes |= bit;
    quotes &= ~(bit << 1);
    rest &= ~(bit | bit << 1);
    openEscape = bit >> 63;
  }
}

/** The highest bit of each byte. */
@inline
export function bits(a: v128, b: v128, c: v128, d: v128): u64 {
  return <u64>(<u32>i8x16.bitmask(a) | <u32>i8x16.bitmask(b) << 16) |
    <u64>(<u32>i8x16.bitmask(c) | <u32>i8x16.bitmask(d) << 16) << 32;
}

@inline
function equal(a: v128, b: v128, c: v128, d: v128, byte: i32): u64 {
  const wanted = all(byte);
  return bits(i8x16.eq(a, wanted), i8x16.eq(b, wanted), i8x16.eq(c, wanted), i8x16.eq(d, wanted));
}

/** Setting bit 5 turns `[` into `{` and `]` into `}`. */
@inline
function isBracket(some: v128): v128 {
  const curly = v128.or(some, all(0x20));
  return v128.or(i8x16.eq(curly, all(0x7b)), i8x16.eq(curly, all(0x7d)));
}

@inline
function isDigit(some: v128): v128 {
  return i8x16.le_u(i8x16.sub(some, all(0x30)), all(9));
}

@inline
function isBlank(some: v128): v128 {
  return v128.or(
    v128.or(i8x16.eq(some, all(0x20)), i8x16.eq(some, all(0x0a))),
    v128.or(i8x16.eq(some, all(0x0d)), i8x16.eq(some, all(0x09))),
  );
}

@inline
function isControl(some: v128): v128 {
  return i8x16.le_u(some, all(0x1f));
}

/** Each bit becomes the parity of the bits up to it: all bits from a quote to before the next quote are set. */
@inline
function prefixXor(from: u64): u64 {
  let parity = from;
  parity ^= parity << 1;
  parity ^= parity << 2;
  parity ^= parity << 4;
  parity ^= parity << 8;
  parity ^= parity << 16;
  return parity ^ parity << 32;
}
