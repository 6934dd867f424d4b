/**
 * The first pass over an input: checks UTF-8 and counts line feeds.
 *
 * The check is that of Keiser and Lemire, "Validating UTF-8 In Less Than One Instruction Per Byte" (2021): three
 * tables, indexed by halves of a byte and of the byte before, name the possible mistakes of the pair; the intersection
 * is empty if there is none. Third and fourth bytes are checked against the bytes two and three before.
 *
 * @module
 */

import { bits } from "./block";
import { all } from "./bytes";

const tooShort: u8 = 1 << 0; // A leading byte without a continuation byte.
const tooLong: u8 = 1 << 1; // ASCII followed by a continuation byte.
const overlong3: u8 = 1 << 2;
const tooLarge: u8 = 1 << 3;
const surrogate: u8 = 1 << 4;
const overlong2: u8 = 1 << 5;
const tooLarge1000: u8 = 1 << 6;
const overlong4: u8 = 1 << 6;
const twoContinuations: u8 = 1 << 7;
const carry: u8 = tooShort | tooLong | twoContinuations;

/** Indexed by the upper half of the first byte. */
const byFirstHigh: usize = memory.data<u8>([
  tooLong, tooLong, tooLong, tooLong, tooLong, tooLong, tooLong, tooLong,
  twoContinuations, twoContinuations, twoContinuations, twoContinuations,
  tooShort | overlong2, tooShort, tooShort | overlong3 | surrogate, tooShort | tooLarge | tooLarge1000 | overlong4,
], 16);
/** Indexed by the lower half of the first byte. */
const byFirstLow: usize = memory.data<u8>([
  carry | overlong3 | overlong2 | overlong4, carry | overlong2, carry, carry, carry | tooLarge,
  carry | tooLarge | tooLarge1000, carry | tooLarge | tooLarge1000, carry | tooLarge | tooLarge1000,
  carry | tooLarge | tooLarge1000, carry | tooLarge | tooLarge1000, carry | tooLarge | tooLarge1000,
  carry | tooLarge | tooLarge1000, carry | tooLarge | tooLarge1000,
  carry | tooLarge | tooLarge1000 | surrogate, carry | tooLarge | tooLarge1000, carry | tooLarge | tooLarge1000,
], 16);
/** Indexed by the upper half of the second byte. */
const bySecondHigh: usize = memory.data<u8>([
  tooShort, tooShort, tooShort, tooShort, tooShort, tooShort, tooShort, tooShort,
  tooLong | overlong2 | twoContinuations | overlong3 | tooLarge1000 | overlong4,
  tooLong | overlong2 | twoContinuations | overlong3 | tooLarge,
  tooLong | overlong2 | twoContinuations | surrogate | tooLarge,
  tooLong | overlong2 | twoContinuations | surrogate | tooLarge,
  tooShort, tooShort, tooShort, tooShort,
], 16);


/** Line feeds in the last surveyed input. */
export let lineCount: i32 = 0;
/** The address behind the last of those line feeds; 0 if there is none. */
export let lineStart: usize = 0;

/** Surveys the bytes from `start` to `end`, with zero padding behind. Returns whether they are complete UTF-8. */
export function survey(start: usize, end: usize): bool {
  let error = i8x16.splat(0);
  let before = i8x16.splat(0);
  lineCount = 0;
  lineStart = 0;
  for (let p = start; p < end; p += 64) {
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    if (i8x16.bitmask(v128.or(v128.or(v128.or(a, b), v128.or(c, d)), before)) != 0) {
      error = v128.or(
        error,
        v128.or(v128.or(mistakes(a, before), mistakes(b, a)), v128.or(mistakes(c, b), mistakes(d, c))),
      );
    }
    before = d;
    const feeds = bits(isFeed(a), isFeed(b), isFeed(c), isFeed(d));
    if (feeds != 0) {
      lineCount += <i32>popcnt(feeds);
      lineStart = p + 64 - <usize>clz(feeds);
    }
  }
  // A sequence that is cut at the very end of the last block has no next block to be checked with.
  if (i8x16.bitmask(before) != 0) error = v128.or(error, mistakes(i8x16.splat(0), before));
  return !v128.any_true(error);
}

@inline
function isFeed(some: v128): v128 {
  return i8x16.eq(some, all(0x0a));
}

@inline
function mistakes(bytes: v128, before: v128): v128 {
  const one = i8x16.shuffle(before, bytes, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
  const two = i8x16.shuffle(before, bytes, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29);
  const three = i8x16.shuffle(before, bytes, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28);
  const pair = v128.and(
    v128.and(
      i8x16.swizzle(v128.load(byFirstHigh), i8x16.shr_u(one, 4)),
      i8x16.swizzle(v128.load(byFirstLow), v128.and(one, all(0x0f))),
    ),
    i8x16.swizzle(v128.load(bySecondHigh), i8x16.shr_u(bytes, 4)),
  );
  const mustContinue = v128.and(
    v128.or(i8x16.sub_sat_u(two, all(0x60)), i8x16.sub_sat_u(three, all(0x70))),
    all(0x80),
  );
  return v128.xor(mustContinue, pair);
}
