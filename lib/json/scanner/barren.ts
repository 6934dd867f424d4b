/**
 * Skips a container in which nothing can be selected: every byte is checked, nothing is looked up. Most of a document
 * is read here in blocks of 64 bytes, whole updates 1.5 times as fast as token by token.
 *
 * The grammar is checked for all tokens of a block at once. The last byte of a token decides what may follow: the bits
 * of the last bytes, shifted by one and over white space, must coincide with bits of allowed first bytes.
 *
 * @module
 */

import {
  beginBlocks,
  blanks,
  blockBytes,
  brackets,
  bytes,
  colons,
  commas,
  digits,
  openString,
  quotes,
  readBlock,
  scalars,
  strings,
  wrongBytes,
  zeros,
} from "./block";
import { beginNesting, objects, opens, readBrackets, unread, unreadBrackets } from "./nesting";
import { after, colon, firstName, firstValue, name, value } from "./place";
import { skipScalar } from "./skip";

/** The place in the grammar at which `skipBarren` stopped. The depth is in `nesting.ts`. */
export let stateBehind = value;

// About the byte behind the block, or behind white space there, as 1 or 0: whether a name, a value or a colon must
// follow, and whether an opened container may close at once.
let nameNext: u64 = 0;
let valueNext: u64 = 0;
let colonNext: u64 = 0;
let firstNext: u64 = 0;
/** 1 if the block ended within a name. */
let inName: u64 = 0;
/** 1 if the block ended within a number or literal; `inZero` if that is a single zero so far. */
let inScalar: u64 = 0;
let inZero: u64 = 0;
/** The address of the last string, number or literal. */
let token: usize = 0;

/**
 * Reads from `at` to the end of the container at depth `floor`, as long as all tokens are complete and valid. Stops
 * before a token, at most a block before one that is cut or wrong: `run` reads that token by token.
 */
export function skipBarren(at: usize, end: usize, floor: i32, depth: i32, state: i32): usize {
  begin(state);
  beginBlocks();
  beginNesting(depth);
  let isCut = false;
  let p = at;
  for (; p < end; p += blockBytes) {
    readBlock(p, end);
    readBrackets(p, floor);
    if (!readTokens(p, end)) {
      unreadBrackets(p);
      break;
    }
    if (unread != 0) return p + <usize>ctz(unread);
    isCut = openString != 0 || inScalar != 0;
  }
  if (isCut) {
    stateBehind = inName != 0 ? name : value;
    return token;
  }
  stateBehind = stateOf(nameNext, valueNext, colonNext, firstNext);
  return p < end ? p : end;
}

function begin(state: i32): void {
  nameNext = <u64>(state == name || state == firstName);
  valueNext = <u64>(state <= firstValue);
  colonNext = <u64>(state == colon);
  firstNext = <u64>(state == firstName || state == firstValue);
  inName = 0;
  inScalar = 0;
  inZero = 0;
}

/** Checks the block at `p` up to the first unread bracket. Returns whether the block is valid. */
@inline
function readTokens(p: usize, end: usize): bool {
  const opening = quotes & strings;
  const words = scalars & ~(scalars << 1 | inScalar);
  const starts = opening | words;
  const separators = commas | opens;
  const beforeNames = separators & objects;
  const beforeValues = separators & ~objects | colons;
  const names = follow(beforeNames, nameNext);
  const values = follow(beforeValues, valueNext);
  // Adding the opening quote to the bits of a string carries a bit to its closing quote.
  const begun = strings + (names & opening);
  const passed = begun + inName;
  const nameEnds = passed & quotes & ~strings;
  const afterNames = follow(nameEnds, colonNext);
  const firsts = follow(opens, firstNext);
  const closes = brackets & ~opens;
  const empty = firsts & closes;
  const afterValues = (starts | commas | colons | brackets) & ~(names | values | afterNames);
  const wrong = wrongBytes | names & ~(opening | empty) | values & ~(starts | opens | empty) |
    (afterNames ^ colons) | afterValues & ~(commas | closes);
  // The bits before the first unread bracket; all ones if every bracket was read.
  const read = (unread & (0 - unread)) - 1;
  if ((wrong & read) != 0) return false;
  const odd = scalars & (~digits | (words & zeros) << 1 | inZero);
  if ((odd & read) != 0 && !areScalars(p, end, words & read)) return false;
  if (unread != 0) {
    const index = ctz(unread);
    stateBehind = stateOf(names >> index, values >> index, afterNames >> index, firsts >> index);
  }
  nameNext = next(beforeNames, nameNext);
  valueNext = next(beforeValues, valueNext);
  colonNext = next(nameEnds, colonNext);
  firstNext = next(opens, firstNext);
  inName = <u64>(begun < strings) | <u64>(passed < begun);
  inScalar = <u64>((scalars & (bytes ^ bytes >> 1)) != 0);
  inZero = (words & zeros) >> 63;
  if (starts != 0) token = p + <usize>(63 - clz(starts));
  return true;
}

/** Whether the numbers and literals that begin at these bits, or before the block, are valid and complete. */
function areScalars(p: usize, end: usize, words: u64): bool {
  if ((scalars & inScalar) != 0 && !isScalar(token, end)) return false;
  for (let rest = words; rest != 0; rest &= rest - 1) {
    if (!isScalar(p + <usize>ctz(rest), end)) return false;
  }
  return true;
}

/** Whether a valid number or literal begins at `at` and a separator follows it. */
function isScalar(at: usize, end: usize): bool {
  const q = skipScalar(at, load<u8>(at), end);
  const c: u32 = load<u8>(q);
  return q != at && (c <= 0x20 || c == 0x2c || c == 0x5d || c == 0x7d);
}

/** The bytes behind those of `lasts`, or behind the block before, after any white space. */
@inline
function follow(lasts: u64, before: u64): u64 {
  return (lasts << 1 | before) + blanks & ~blanks;
}

/** 1 if `follow` would mark the byte behind the block, or the white space continues there. */
@inline
function next(lasts: u64, before: u64): u64 {
  return lasts >> 63 | <u64>((lasts << 1 | before) + blanks < blanks);
}

/** The place in the grammar, from what must begin there, in the lowest bits. */
@inline
function stateOf(names: u64, values: u64, afterNames: u64, firsts: u64): i32 {
  if ((names & 1) != 0) return (firsts & 1) != 0 ? firstName : name;
  if ((values & 1) != 0) return (firsts & 1) != 0 ? firstValue : value;
  return (afterNames & 1) != 0 ? colon : after;
}
