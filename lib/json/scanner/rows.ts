/**
 * Selected rows of plain values as cells, for `trawl run`. Reported to TypeScript event by event, a row of a time and a
 * short text takes 0.2 µs more: 1 GB with 4 million rows cost a Worker 3.1 s of CPU instead of 2.3 s.
 *
 * TypeScript makes the row if it does not begin and end within the events with nothing but scalars in between. It also
 * converts a value that is not simple.
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

/** Columns of a row. */
export const columnsMax: i32 = 64;
/** A column: magnitude below which numbers are simple, their cell kind, whether strings and nulls are simple. */
export const columnBytes: i32 = 24;
/** The column plans. */
export const columns: usize = memory.data(64 * 24, 16);

/** Cells before `makeRows` stops. */
export const cellsMax: i32 = 8192;
/** The numbers of the cells, row after row. */
export const cells: usize = memory.data(8192 * 8, 16);
/** The kinds of the cells, as in `lib/rows/row_batch.ts`. */
export const kinds: usize = memory.data(8192, 16);
/** A value left to TypeScript: cell index, kind, first and last offset in the input, rows found before its row. */
export const leftBytes: i32 = 20;
/** The left values, in input order. */
export const left: usize = memory.data((4096 + 4) * 20, 16);

// Kinds of values, as in `../value.ts`.
const aString = 2;
const aNumber = 3;
const aNull = 6;

// Kinds of cells.
const nullCell: u8 = 0;
const realCell: u8 = 2;
const textCell: u8 = 3;
/** The kind of a cell whose value is left to TypeScript. */
const leftCell: u8 = 255;

/**
 * The result of `makeRows` in 32-bit words: rows made into cells; rows found, including those outside the window; left
 * values; the first event that is not part of a row; the next event that begins a row.
 */
export const foundRows: usize = memory.data(20, 16);

let rowsMade: i32 = 0;
let rowsFound: i32 = 0;
let leftCount: i32 = 0;

/** The column that must lie within the window, or below 0. */
let withinColumn: i32 = -1;
let withinStart: f64 = 0;
let withinEnd: f64 = 0;
let width: i32 = 0;

/** Sets the number of columns, and the column that must lie within these milliseconds. TypeScript writes `columns`. */
export function setRows(cellCount: i32, within: i32, startMs: f64, endMs: f64): void {
  width = cellCount;
  withinColumn = within;
  withinStart = startMs;
  withinEnd = endMs;
}

/** Makes cells of the events from `first` on as long as they are whole rows. Texts of this `epoch` are known. */
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

/** Reads the row whose second event is `from`. Returns the event behind, or 0 if the row is left to TypeScript. */
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
        // TypeScript fails the answer for a row without a time.
        if (kind == leftCell || kind == nullCell) break;
        const ms = load<f64>(cells + (<usize>at << 3)) * 1000;
        if (ms < withinStart || ms >= withinEnd) {
          // TypeScript must check a left value also in a row that is not kept.
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

/** Sets the cell `at`. Returns false if the row must be left: the cell has a left value, and the last value counts. */
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
    // A real zero may be a negative zero.
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
  store<i32>(to, rowsFound, 16);
  leftCount++;
  store<u8>(kinds + <usize>at, leftCell);
  return true;
}

/** The integer from `start` to `end` if it has at most 15 digits, else infinite; -0 gives 0. */
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

/** A slot: 16 bytes of a text, its key, epoch, and index among the texts of the row batch. */
const slotBytes = 32;
const slotCount = 512;
const slots: usize = memory.data(512 * 32, 16);
const textBytesMax: u32 = 16;

/** 16 bytes of ones, then 16 of zeros: a load at `16 - n` masks the first `n` bytes. */
const masks: usize = memory.data<u8>([
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
], 16);

@inline
function slotOf(text: v128, key: u32): usize {
  const folded = i64x2.extract_lane(text, 0) ^ i64x2.extract_lane(text, 1) * 0x2545f4914f6cdd1d ^ <i64>key;
  return slots + <usize>((<u64>folded * 0x9e3779b97f4a7c15) >> 55) * slotBytes;
}

/** Length and column in one number; never 0, which is the key of an empty slot. */
@inline
function keyOf(length: u32, column: i32): u32 {
  return length + 1 << 8 | <u32>column;
}

/** The index of a text in the input that was learned in this epoch; else below 0. */
@inline
function knownText(start: usize, length: u32, column: i32, epoch: i32): i32 {
  if (length > textBytesMax) return -1;
  const text = v128.and(v128.load(start), v128.load(masks + 16 - <usize>length));
  const key = keyOf(length, column);
  const slot = slotOf(text, key);
  if (v128.any_true(v128.xor(text, v128.load(slot))) || load<u32>(slot, 16) != key) return -1;
  return load<i32>(slot, 20) == epoch ? load<i32>(slot, 24) : -1;
}

/** Learns the index of a text without escapes, at the offsets from `start` to `end`, quotes excluded. */
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
