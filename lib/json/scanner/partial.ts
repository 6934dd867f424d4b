/**
 * Reads a token that is cut by the input's end, or wrong, byte by byte over any number of inputs. It is slower than
 * `skip.ts`, but exact about the mistake, and its state has a fixed size for a token of any length.
 *
 * @module
 */

import { isDigit, isEscaped, isHexDigit, skipPlain } from "./skip";

// The state of a number: what was read last.
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

// The state of a string: no escape, behind a backslash, or else the number of hexadecimal digits that must follow.
const noEscape = 0;
const behindBackslash = 5;

/** Outcome: the input has ended first. */
export const cut = 0;
/** Outcome: the token is complete. */
export const ended = 1;
/** Outcome: the token is wrong. */
export const wrong = 2;

/** The outcome of the last read function. */
export let outcome = cut;
/** The state of the token, to be restored before its next input; 0 at its beginning. */
export let progress = 0;

/** Restores the state that `progress` had at the end of the input before. */
export function takeUp(saved: i32): void {
  progress = saved;
}

/** Reads a string from `at`. Returns the address behind the quote, of the mistake, or `end`. */
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

/** Reads a number as `readString` does. It ends before a byte that cannot be part of it. */
export function readNumber(at: usize, end: usize): usize {
  for (let p = at; p < end; p++) {
    const next = nextInNumber(progress, load<u8>(p));
    if (next == numberWrong) return stop(wrong, p);
    if (next == numberOver) return stop(ended, p);
    progress = next;
  }
  return stop(cut, end);
}

/** Reads the literal whose first letter is `first` as `readString` does. */
export function readWord(at: usize, end: usize, first: i32): usize {
  for (let p = at; p < end; p++) {
    if (load<u8>(p) != letterOf(first, progress)) return stop(wrong, p);
    progress++;
    if (progress == (first == 0x66 ? 5 : 4)) return stop(ended, p + 1);
  }
  return stop(cut, end);
}

/** Whether the number with this state is valid if the text ends here. */
export function mayEnd(saved: i32): bool {
  return nextInNumber(saved, 0) == numberOver;
}

/** Whether the string is within an escape. */
export function isInEscape(): bool {
  return progress != noEscape;
}

function stop(how: i32, p: usize): usize {
  outcome = how;
  return p;
}

/** The state of a string behind `c`; below 0 if `c` breaks the escape. */
function nextInEscape(state: i32, c: u32): i32 {
  if (state != behindBackslash) return isHexDigit(c) ? state - 1 : -1;
  if (c == 0x75) return 4;
  return isEscaped(c) ? noEscape : -1;
}

/** The state of a number behind `c`. */
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

/** The letter at `index` of `true`, `false` or `null`. */
function letterOf(first: i32, index: i32): u32 {
  if (first == 0x66 && index == 4) return 0x65;
  const word: u32 = first == 0x74 ? 0x65757274 : first == 0x66 ? 0x736c6166 : 0x6c6c756e;
  return (word >> (index << 3)) & 0xff;
}
