/**
 * Selected rows of plain values as cells: what `trawl run` mostly wants. Told to TypeScript event by event, a row of a
 * time and a short text took 0.2 µs more: with 4 million of them, 1 GB cost its Worker 3.1 s of CPU instead of 2.3.
 *
 * A row is left to TypeScript unless it begins and ends among these events with nothing but scalars in between; so is
 * the value of a cell that is not simple.
 *
 * @module
 */

import {
  beginEvent,
  columnShift,
  endEvent,
  eventBytes,
  input,
  row as rowMark,
  scalarEvent,
  stateBytes,
  states,
} from "./layout";

/** Columns of a row at most. */
export const columnsMax: i32 = 64;
/** A column: below which magnitude a number is simple, what cell it makes, whether strings and nulls are simple. */
export const columnBytes: i32 = 24;
/** The columns of a row. */
export const columns: usize = memory.data(64 * 24, 16);

/** Cells that fit before `makeRows` stops. */
export const cellsMax: i32 = 8192;
/** The numbers of the cells, row after row. */
export const cells: usize = memory.data(8192 * 8, 16);
/** What the cells are, as in `../../row_chunk.ts`. */
export const kinds: usize = memory.data(8192, 16);
/** A value that is not simple: the index of its cell, its kind, its first and its last offset in the input. */
export const leftBytes: i32 = 16;
/** All of those, in the order of the input. */
export const left: usize = memory.data((4096 + 4) * 16, 16);

// Kinds of values, as in `../value.ts`.
const aString = 2;
const aNumber = 3;
const aNull = 6;

// Kinds of cells.
const nullCell: u8 = 0;
const realCell: u8 = 2;
const textCell: u8 = 3;
/** A cell whose value is left to TypeScript. */
const leftCell: u8 = 255;

/**
 * What `makeRows` has found: rows made into cells, rows in all, with those that do not lie within the window, values
 * left, the first event that is not among the rows, and the next one at which it pays to look for rows again.
 */
export const foundRows: usize = memory.data(20, 16);

let rowsMade: i32 = 0;
let rowsFound: i32 = 0;
let leftCount: i32 = 0;

/** Whose numbers must lie within the window, or below 0. */
let withinColumn: i32 = -1;
let withinStart: f64 = 0;
let withinEnd: f64 = 0;
let width: i32 = 0;

/** How wide the rows are, and which column must lie within which milliseconds, if any; `columns` tells the rest. */
export function setRows(cellCount: i32, within: i32, startMs: f64, endMs: f64): void {
  width = cellCount;
  withinColumn = within;
  withinStart = startMs;
  withinEnd = endMs;
}

/** Makes cells of the events from `first` on that are whole rows; texts are known that were learned in `epoch`. */
export function makeRows(first: usize, end: usize, epoch: i32): void {
  rowsMade = 0;
  rowsFound = 0;
  leftCount = 0;
  let event = first;
  while (event < end && beginsRow(event) && (rowsMade + 1) * width <= cellsMax) {
    const behind = readRow(event + eventBytes, end, epoch);
    if (behind == 0) break;
    event = behind;
  }
  let next = event + eventBytes;
  while (next < end && !beginsRow(next)) next += eventBytes;
  store<i32>(foundRows, rowsMade);
  store<i32>(foundRows, rowsFound, 4);
  store<i32>(foundRows, leftCount, 8);
  store<i32>(foundRows, <i32>event, 12);
  store<i32>(foundRows, <i32>(next < end ? next : end), 16);
}

@inline
function flagsAt(event: usize): i32 {
  return load<i32>(states + <usize>(load<u32>(event) >> 8) * stateBytes);
}

@inline
function beginsRow(event: usize): bool {
  return (load<u32>(event) & 3) == beginEvent && (flagsAt(event) & rowMark) != 0;
}

/** Reads one row, of which `from` is the second event. Returns the event behind, or 0 where it is to be left. */
@inline
function readRow(from: usize, end: usize, epoch: i32): usize {
  const first = rowsMade * width;
  const leftBefore = leftCount;
  for (let at = first; at < first + width; at++) {
    store<f64>(cells + (<usize>at << 3), 0);
    store<u8>(kinds + <usize>at, nullCell);
  }
  for (let event = from; event < end; event += eventBytes) {
    const what = load<u32>(event);
    const flags = flagsAt(event);
    if ((what & 3) == scalarEvent) {
      const column = (flags >> columnShift) - 1;
      if (<u32>column < <u32>width && readCell(event, column, first + column, epoch)) continue;
    } else if ((what & 3) == endEvent && (flags & rowMark) != 0) {
      if (withinColumn >= 0) {
        const at = first + withinColumn;
        const kind = load<u8>(kinds + <usize>at);
        if (kind == leftCell) break;
        const ms = load<f64>(cells + (<usize>at << 3)) * 1000;
        if (kind == nullCell || ms < withinStart || ms >= withinEnd) {
          // A value that was left may be unfit, and that counts in a row that is not kept, too.
          if (leftCount != leftBefore) break;
          rowsFound++;
          return event + eventBytes;
        }
      }
      rowsMade++;
      rowsFound++;
      return event + eventBytes;
    }
    break;
  }
  leftCount = leftBefore;
  return 0;
}

/** Sets the cell `at`. Returns false where its row must be left: its last value counts, and the one before was left. */
@inline
function readCell(event: usize, index: i32, at: i32, epoch: i32): bool {
  const kind = <i32>(load<u32>(event) >> 2 & 7);
  const start = load<u32>(event, 4);
  const last = load<u32>(event, 8);
  const column = columns + <usize>index * columnBytes;
  const cell = cells + (<usize>at << 3);
  let made: i32 = -1;
  if (kind == aNumber) {
    const value = readInteger(input + start, input + last);
    const type = load<i32>(column, 8);
    // A zero that is a real may be a negative one.
    if (abs(value) < load<f64>(column) && (type != realCell || value != 0)) {
      store<f64>(cell, value);
      made = type;
    }
  } else if (kind == aString) {
    if (load<i32>(column, 12) != 0) {
      const known = knownText(input + start + 1, last - start - 2, index, epoch);
      if (known >= 0) {
        store<f64>(cell, <f64>known);
        made = textCell;
      }
    }
  } else if (kind == aNull && load<i32>(column, 16) != 0) {
    store<f64>(cell, 0);
    made = nullCell;
  }
  if (made >= 0) {
    if (load<u8>(kinds + <usize>at) == leftCell) return false;
    store<u8>(kinds + <usize>at, <u8>made);
    return true;
  }
  const to = left + <usize>leftCount * leftBytes;
  store<i32>(to, at);
  store<i32>(to, kind, 4);
  store<u32>(to, start, 8);
  store<u32>(to, last, 12);
  leftCount++;
  store<u8>(kinds + <usize>at, leftCell);
  return true;
}

/** The number from `start` to `end` if it is an integer of at most 15 digits, else infinite; -0 is 0. */
@inline
function readInteger(start: usize, end: usize): f64 {
  const isNegative = load<u8>(start) == 0x2d;
  let p = isNegative ? start + 1 : start;
  if (end - p > 15) return Infinity;
  let value: u64 = 0;
  for (; p < end; p++) {
    const digit: u32 = <u32>load<u8>(p) - 0x30;
    if (digit > 9) return Infinity;
    value = value * 10 + digit;
  }
  return isNegative ? 0 - <f64>value : <f64>value;
}

/** A slot: the bytes of a text, how many they are, its column and epoch, and its index among the chunk's texts. */
const slotBytes = 32;
const slotCount = 512;
const slots: usize = memory.data(512 * 32, 16);
const textBytesMax: u32 = 16;

/** 16 bytes of ones, then of zeros: from `16 - n` on they stand for the first `n`. */
const masks: usize = memory.data<u8>([
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
], 16);

@inline
function slotOf(text: v128, key: u32): usize {
  const folded = i64x2.extract_lane(text, 0) ^ i64x2.extract_lane(text, 1) * 0x2545f4914f6cdd1d ^ <i64>key;
  return slots + <usize>((<u64>folded * 0x9e3779b97f4a7c15) >> 55) * slotBytes;
}

/** Length and column in one, and never 0, as the key of an empty slot is. */
@inline
function keyOf(length: u32, column: i32): u32 {
  return length + 1 << 8 | <u32>column;
}

/** The index of a text as it stands in the input, if it was learned; else below 0. */
@inline
function knownText(start: usize, length: u32, column: i32, epoch: i32): i32 {
  if (length > textBytesMax) return -1;
  const text = v128.and(v128.load(start), v128.load(masks + 16 - <usize>length));
  const key = keyOf(length, column);
  const slot = slotOf(text, key);
  if (v128.any_true(v128.xor(text, v128.load(slot))) || load<u32>(slot, 16) != key) return -1;
  return load<i32>(slot, 20) == epoch ? load<i32>(slot, 24) : -1;
}

/** Notes the index of a text that has no escapes, from `start` to `end` in the input without its quotes. */
export function learnText(start: i32, end: i32, column: i32, epoch: i32, index: i32): void {
  const length = <u32>(end - start);
  if (length > textBytesMax) return;
  const text = v128.and(v128.load(input + <usize>start), v128.load(masks + 16 - <usize>length));
  const key = keyOf(length, column);
  const slot = slotOf(text, key);
  v128.store(slot, text);
  store<u32>(slot, key, 16);
  store<i32>(slot, epoch, 20);
  store<i32>(slot, index, 24);
}
