/**
 * A token that the end of the input has cut, or that is wrong: read on byte by byte, over any number of inputs. Slower
 * than `skip.ts`, exact about what is wrong, and of fixed size however long the token grows.
 *
 * @module
 */

import { isDigit, isEscaped, isHexDigit, skipPlain } from "./skip";

// Where in a number: what was read last, and so what may follow.
const start = 0;
const minus = 1;
const zero = 2;
const integer = 3;
const dot = 4;
const fraction = 5;
const exponent = 6;
const exponentSign = 7;
const exponentDigits = 8;
const numberOver = 9;
const numberWrong = 10;

// Where in a string: outside of any escape, behind a backslash, or before so many hexadecimal digits.
const noEscape = 0;
const behindBackslash = 5;

/** Reading on ended with the input. */
export const cut = 0;
/** Reading on ended with the token. */
export const ended = 1;
/** Reading on ended at a mistake. */
export const wrong = 2;

/** How the last of the functions here ended. */
export let outcome = cut;
/** What it needs to be told the next time; 0 at the beginning of a token. */
export let progress = 0;

/** Takes up where `progress` stood at the end of the input before. */
export function takeUp(saved: i32): void {
  progress = saved;
}

/** Reads from `at`, up to `end` at most. Returns where it stopped: behind the quote, at a mistake, or at `end`. */
export function readString(at: usize, end: usize): usize {
  for (let p = at; p < end; p++) {
    if (progress != noEscape) {
      const next = nextInEscape(progress, load<u8>(p));
      if (next < 0) return stop(wrong, p);
      progress = next;
      continue;
    }
    p = skipPlain(p);
    if (p >= end) break;
    const c = load<u8>(p);
    if (c == 0x22) return stop(ended, p + 1);
    if (c != 0x5c) return stop(wrong, p);
    progress = behindBackslash;
  }
  return stop(cut, end);
}

/** The same; a number has ended before what cannot be part of it. */
export function readNumber(at: usize, end: usize): usize {
  for (let p = at; p < end; p++) {
    const next = nextInNumber(progress, load<u8>(p));
    if (next == numberWrong) return stop(wrong, p);
    if (next == numberOver) return stop(ended, p);
    progress = next;
  }
  return stop(cut, end);
}

/** The same; `first` is the letter that the word began with. */
export function readWord(at: usize, end: usize, first: i32): usize {
  for (let p = at; p < end; p++) {
    if (load<u8>(p) != letterOf(first, progress)) return stop(wrong, p);
    progress++;
    if (progress == (first == 0x66 ? 5 : 4)) return stop(ended, p + 1);
  }
  return stop(cut, end);
}

/** Whether the end of the whole text would end the number well. */
export function mayEnd(saved: i32): bool {
  return nextInNumber(saved, 0) == numberOver;
}

/** Whether a mistake in a string is one in an escape. */
export function isInEscape(): bool {
  return progress != noEscape;
}

function stop(how: i32, p: usize): usize {
  outcome = how;
  return p;
}

/** The state behind `c`; below 0 where it breaks the escape. */
function nextInEscape(state: i32, c: u32): i32 {
  if (state != behindBackslash) return isHexDigit(c) ? state - 1 : -1;
  if (c == 0x75) return 4;
  return isEscaped(c) ? noEscape : -1;
}

/** The state behind `c`. */
function nextInNumber(state: i32, c: u32): i32 {
  const digit = isDigit(c);
  const mayEnd = state == zero || state == integer || state == fraction || state == exponentDigits;
  if (digit) {
    if (state == start || state == minus) return c == 0x30 ? zero : integer;
    if (state == integer || state == fraction || state == exponentDigits) return state;
    if (state == dot) return fraction;
    if (state == exponent || state == exponentSign) return exponentDigits;
    return numberOver;
  }
  if (state == start && c == 0x2d) return minus;
  if ((state == zero || state == integer) && c == 0x2e) return dot;
  if ((state == zero || state == integer || state == fraction) && (c | 0x20) == 0x65) return exponent;
  if (state == exponent && (c == 0x2b || c == 0x2d)) return exponentSign;
  return mayEnd ? numberOver : numberWrong;
}

/** The letter of `true`, `false` or `null` at `index`. */
function letterOf(first: i32, index: i32): u32 {
  if (first == 0x66 && index == 4) return 0x65;
  const word: u32 = first == 0x74 ? 0x65757274 : first == 0x66 ? 0x736c6166 : 0x6c6c756e;
  return (word >> (index << 3)) & 0xff;
}
