/**
 * The scanner: follows a query through one JSON text (RFC 8259), input by input, and checks every byte. It is written
 * in AssemblyScript; `deno task scanner` compiles it to `scanner.wasm`, which `../wasm_scanner.ts` drives.
 *
 * Bytes in `input` become `events` for the nodes that the query selects. The state of a member or element is looked up
 * in `states`. If it is not known yet, the scanner stops, and TypeScript writes the answer to the context's `node`.
 *
 * @module
 */

import { skipBarren, stateBehind } from "./barren";
import {
  barren,
  beginEvent,
  context,
  depthMax,
  endEvent,
  eventBytes,
  events,
  eventsMax,
  input,
  nameBytes,
  picks,
  scalarEvent,
  selected,
  stateBytes,
  states,
  unknown,
} from "./layout";
import { cut, ended, isInEscape, mayEnd, outcome, progress, readNumber, readString, readWord, takeUp } from "./partial";
import { depth as nestingDepth } from "./nesting";
import { expectedTarget, expectNext, skipExpected } from "./names";
import {
  after,
  colon,
  done,
  firstName,
  firstValue,
  frameAt,
  insideName,
  insideValue,
  name,
  objectMark,
  value,
} from "./place";
import { skipBlank, skipEscaped, skipPlain, skipScalar } from "./skip";

export * from "./layout";
export { eventBehind, lines, makeLines } from "./lines";
export { names, namesBytes } from "./names";
export * from "./rows";
export { lineCount, lineStart, survey } from "./survey";

// Kinds of values, as in `../value.ts`.
const anObject = 0;
const anArray = 1;
const aString = 2;
const aNumber = 3;
const aTrue = 4;
const aFalse = 5;
const aNull = 6;

// Stop reasons of `run`, as in `../scanner_codes.ts`; `goOn` means that it has not stopped.
const goOn = -1;
/** The input is used up. */
const more = 0;
/** The event buffer is full. */
const full = 1;
/** Where does the name `askedIndex` of state `asked` lead? Below 0: where do all other names lead? */
const askMember = 2;
/** Where does the current element of the innermost array, of state `asked`, lead? */
const askElement = 3;
/** Where does the name at `askedStart`, which has escapes or was cut, lead? Below 0 it began in an earlier input. */
const askName = 4;
/** A mistake; the place in the grammar is added. */
const mistake = 16;
const mistakeInString = 32;
const mistakeInEscape = 33;
const mistakeInNumber = 34;
const mistakeInWord = 35;
const tooDeep = 36;

// The rest of the head.
/** The state that is asked about. */
let asked: i32 = 0;
/** The index of its name that is asked about. */
let askedIndex: i32 = 0;
/** The offset at which the name in question, or a cut name, begins; below 0 in an earlier input. */
let askedStart: i32 = 0;
/** The address behind the last event. */
let eventsEnd: usize = events;

// The context's head while `run` runs; `restore` and `save` have the offsets.
let stop = goOn;
let state = value;
let depth = 0;
let floor = 0;
let node = 0;
let kind = 0;
let end: usize = 0;

/**
 * Reads from offset `at` of an input of `length` bytes, with zero padding behind it. Returns the stop reason; the
 * offset is in the context.
 */
export function run(at: i32, length: i32): i32 {
  restore();
  end = input + length;
  eventsEnd = events;
  stop = goOn;
  let p = input + at;
  if (state >= insideValue) p = readOn(p);
  while (stop == goOn) {
    if (floor != 0) {
      p = skipBarren(p, end, floor, depth, state);
      state = stateBehind;
      depth = nestingDepth;
    }
    let c: u32 = load<u8>(p);
    if (c <= 0x20) {
      p = skipBlank(p);
      if (p >= end) {
        stop = more;
        break;
      }
      c = load<u8>(p);
    }
    if (state <= firstValue) p = readValue(p, c);
    else if (state <= firstName) p = readName(p, c);
    else if (state == after) p = readAfter(p, c);
    else p = readColon(p, c);
  }
  save(p);
  return stop;
}

/** Returns 1 if the text may end here. Only a number at the root is ended by the end of the text. */
export function finish(): i32 {
  restore();
  eventsEnd = events;
  if (state == insideValue && depth == 0 && kind == aNumber && mayEnd(progress)) {
    endValue(input);
  }
  save(input);
  return state == done ? 1 : 0;
}

function restore(): void {
  state = load<i32>(context, 4);
  depth = load<i32>(context, 8);
  floor = load<i32>(context, 12);
  node = load<i32>(context, 16);
  kind = load<i32>(context, 20);
  takeUp(load<i32>(context, 24));
}

function save(p: usize): void {
  store<i32>(context, <i32>(p - input));
  store<i32>(context, state, 4);
  store<i32>(context, depth, 8);
  store<i32>(context, floor, 12);
  store<i32>(context, node, 16);
  store<i32>(context, kind, 20);
  store<i32>(context, progress, 24);
  store<i32>(context, <i32>eventsEnd, 28);
  store<i32>(context, asked, 32);
  store<i32>(context, askedIndex, 36);
  store<i32>(context, askedStart, 40);
}

/** Reads a value whose first byte is `c`, or the end of an empty array. */
@inline
function readValue(p: usize, c: u32): usize {
  if (c == 0x5d && state == firstValue) return close(p);
  if (c == 0x7b || c == 0x5b) return open(p, c == 0x7b);
  const q = skipScalar(p, c, end);
  if (q == p) return beginValue(p, c);
  if (floor == 0 && (flagsOf(node) & selected) != 0) put(scalarEvent | kindOf(c) << 2, node, p, q);
  state = depth == 0 ? done : after;
  return q;
}

/** Reads a name and its colon, or the end of an empty object. */
@inline
function readName(p: usize, c: u32): usize {
  if (c != 0x22) {
    if (c == 0x7d && state == firstName) return close(p);
    return fail(p, mistake + state);
  }
  const owner = load<u32>(frameAt(depth)) & ~objectMark;
  let q = skipExpected(p, owner);
  if (q != p) {
    node = expectedTarget();
    state = value;
    return q;
  }
  q = skipPlain(p + 1);
  if (load<u8>(q) != 0x22) {
    if (load<u8>(q) == 0x5c) q = skipEscaped(q);
    return load<u8>(q) == 0x22 ? endName(q + 1, p + 1) : beginName(p + 1);
  }
  state = colon;
  if (floor == 0) member(owner, p + 1, q);
  q++;
  if (load<u8>(q) != 0x3a || stop != goOn) return q;
  state = value;
  if (floor == 0) expectNext(p, q + 1, owner, node);
  return q + 1;
}

function readColon(p: usize, c: u32): usize {
  if (state != colon || c != 0x3a) return fail(p, mistake + state);
  state = value;
  return p + 1;
}

/** Reads a comma or closing bracket behind a value in a container. */
@inline
function readAfter(p: usize, c: u32): usize {
  const frame = frameAt(depth);
  const owner = load<u32>(frame);
  if (c != 0x2c) {
    return c == ((owner & objectMark) != 0 ? 0x7d : 0x5d) ? close(p) : fail(p, mistake + after);
  }
  if ((owner & objectMark) != 0) {
    state = name;
  } else {
    state = value;
    if (floor == 0) element(frame, owner);
  }
  return p + 1;
}

/** A container opens at `p`. */
@inline
function open(p: usize, isObject: bool): usize {
  if (depth == depthMax) return fail(p, tooDeep);
  depth++;
  const frame = frameAt(depth);
  store<u32>(frame, <u32>node | (isObject ? objectMark : 0));
  state = isObject ? firstName : firstValue;
  if (floor != 0) return p + 1;
  const flags = flagsOf(node);
  if ((flags & selected) != 0) put(beginEvent | (isObject ? anObject : anArray) << 2, node, p, p);
  if ((flags & barren) != 0) {
    floor = depth;
  } else if (!isObject) {
    store<f64>(frame, -1, 8);
    store<f64>(frame, 0, 16);
    element(frame, node);
  }
  return p + 1;
}

/** A container closes at `p`. */
@inline
function close(p: usize): usize {
  const owner = load<u32>(frameAt(depth));
  if (depth == floor) floor = 0;
  depth--;
  if (floor == 0) {
    const left = owner & ~objectMark;
    if ((flagsOf(left) & selected) != 0) {
      put(endEvent | ((owner & objectMark) != 0 ? anObject : anArray) << 2, left, p, p + 1);
    }
  }
  state = depth == 0 ? done : after;
  return p + 1;
}

/** Looks up the state that the name from `start` to its quote at `close` leads to. */
@inline
function member(owner: i32, start: usize, close: usize): void {
  const record = states + <usize>owner * stateBytes;
  const count = load<i32>(record, 8);
  let entry: usize = load<u32>(record, 12);
  let index = 0;
  node = load<i32>(record, 4);
  for (; index < count; index++, entry += nameBytes) {
    if (load<u32>(entry, 4) == <u32>(close - start) && isSame(load<u32>(entry), start, close)) {
      node = load<i32>(entry, 8);
      break;
    }
  }
  if (node == unknown) ask(askMember, owner, index < count ? index : -1);
}

/** Whether the bytes from `start` to `close` equal those at `known`. */
function isSame(known: usize, start: usize, close: usize): bool {
  let q = known;
  for (let p = start; p < close; p++, q++) if (load<u8>(p) != load<u8>(q)) return false;
  return true;
}

/** Moves to the next element of an array with state `owner`. */
@inline
function element(frame: usize, owner: i32): void {
  const record = states + <usize>owner * stateBytes;
  if ((load<i32>(record) & picks) != 0) {
    const index = load<f64>(frame, 8) + 1;
    store<f64>(frame, index, 8);
    // All elements before the index in the frame lead to the same state.
    if (index >= load<f64>(frame, 16)) return ask(askElement, owner, -1);
    node = load<i32>(frame, 4);
    return;
  }
  node = load<i32>(record, 4);
  if (node == unknown) ask(askElement, owner, -1);
}

/** Begins a value that is wrong or cut. */
function beginValue(p: usize, c: u32): usize {
  kind = kindOf(c);
  if (kind == unknown) return fail(p, mistake + state);
  state = insideValue;
  takeUp(0);
  if (floor == 0 && (flagsOf(node) & selected) != 0) put(beginEvent | kind << 2, node, p, p);
  return readOn(c == 0x22 ? p + 1 : p);
}

/** Begins a name that is wrong or cut; `p` is behind its quote. */
function beginName(p: usize): usize {
  kind = aString;
  state = insideName;
  askedStart = <i32>(p - input);
  takeUp(0);
  return readOn(p);
}

/** Reads on in a token that is wrong or cut. */
function readOn(p: usize): usize {
  const q = kind == aString
    ? readString(p, end)
    : kind == aNumber
    ? readNumber(p, end)
    : readWord(p, end, kind == aTrue ? 0x74 : kind == aFalse ? 0x66 : 0x6e);
  if (outcome == cut) stop = more;
  else if (outcome == ended) return state == insideName ? endName(q, 0) : endValue(q);
  else if (kind == aString) stop = isInEscape() ? mistakeInEscape : mistakeInString;
  else stop = kind == aNumber ? mistakeInNumber : mistakeInWord;
  return q;
}

/** A cut value has ended before `p`. */
function endValue(p: usize): usize {
  state = depth == 0 ? done : after;
  if (floor == 0 && (flagsOf(node) & selected) != 0) put(endEvent | kind << 2, node, p, p);
  return p;
}

/** A name with escapes, or cut, has ended before `p`; it began at `start`, or if that is 0, in an earlier input. */
function endName(p: usize, start: usize): usize {
  state = colon;
  if (floor == 0) {
    askedStart = start == 0 ? -1 : <i32>(start - input);
    ask(askName, load<u32>(frameAt(depth)) & ~objectMark, 0);
  }
  return p;
}

/** The kind of the scalar that begins with `c`. */
function kindOf(c: u32): i32 {
  if (c == 0x22) return aString;
  if (c - 0x30 < 10 || c == 0x2d) return aNumber;
  return c == 0x74 ? aTrue : c == 0x66 ? aFalse : c == 0x6e ? aNull : unknown;
}

@inline
function flagsOf(owner: i32): i32 {
  return load<i32>(states + <usize>owner * stateBytes);
}

@inline
function put(what: i32, owner: i32, start: usize, last: usize): void {
  store<i32>(eventsEnd, what | owner << 8);
  store<u32>(eventsEnd, <u32>(start - input), 4);
  store<u32>(eventsEnd, <u32>(last - input), 8);
  eventsEnd += eventBytes;
  if (eventsEnd >= events + eventsMax * eventBytes && stop == goOn) stop = full;
}

function ask(what: i32, owner: i32, index: i32): void {
  stop = what;
  asked = owner;
  askedIndex = index;
}

function fail(p: usize, why: i32): usize {
  stop = why;
  return p;
}
