/**
 * Rows that the scanner has made into cells (see `scanner/rows.ts`): events in, cells out, with the values that
 * TypeScript must convert. It holds only views of the scanner's memory.
 *
 * @module
 */

import type { RawText } from "./raw_text.ts";
import type { ScannerExports, ScannerMemory } from "./scanner_memory.ts";
import type { ValueKind } from "./value.ts";

/** Which values of a column the scanner may make into cells. */
export interface ColumnPlan {
  /** Integers of at most 15 digits and below this magnitude, but no negative zero. */
  readonly numbersBelow: number;
  /** The cell kind of those integers. */
  readonly numberKind: number;
  /** Strings that `learn` has taught. */
  readonly strings: boolean;
  readonly nulls: boolean;
}

/** The rows of a query: path 0 selects them, paths 1 to n select their columns. */
export interface RowPlan {
  /** At most {@linkcode rowColumnsMax}. */
  readonly columns: readonly ColumnPlan[];
  /** Rows are kept if this column, in seconds, lies within these milliseconds: `startMs` ≤ t < `endMs`. */
  readonly within: { readonly column: number; readonly startMs: number; readonly endMs: number } | undefined;
}

/** Receives rows from the scanner. */
export interface RowTaker {
  readonly plan: RowPlan;
  /** Taught strings are valid while this number stays the same. */
  readonly epoch: number;
  /** Takes the rows found in `input`; `rows` and `input` are valid until this returns. */
  take(rows: RowScanner, input: Uint8Array): void;
}

/** Columns of a row that the scanner can make into cells. */
export const rowColumnsMax = 64;

/** Addresses in the memory, in bytes. */
interface RowPlaces {
  readonly columns: number;
  readonly cells: number;
  readonly kinds: number;
  readonly left: number;
  readonly foundRows: number;
}

/** 32-bit words of a value that the scanner has left: cell index, kind, first and last offset, rows before. */
const leftWords = 5;
const columnBytes = 24;

/** Makes rows of events, one object per scanner. */
export class RowScanner {
  /** Rows made into cells by the last `make`. */
  rows = 0;
  /** Rows found by the last `make`, including those outside the plan's `within`. */
  found = 0;
  /** Values that the scanner has left to TypeScript. */
  leftCount = 0;
  /** Index of the first event behind the rows. */
  behind = 0;
  /** Index of the next event that begins a row. */
  next = 0;
  readonly #exports: ScannerExports;
  readonly #places: RowPlaces;
  /** Views of the whole memory. They have length 0 once the memory has grown. */
  #words: Int32Array = new Int32Array();
  #bytes: Uint8Array = new Uint8Array();
  #floats: Float64Array = new Float64Array();
  #plan: RowPlan | undefined;
  #epoch = 0;

  constructor(memory: ScannerMemory) {
    this.#exports = memory.exports;
    this.#places = {
      columns: memory.global("columns"),
      cells: memory.global("cells"),
      kinds: memory.global("kinds"),
      left: memory.global("left"),
      foundRows: memory.global("foundRows"),
    };
  }

  /** The numbers of the cells, row after row, valid until the next `make`. Cells of left values hold 0. */
  get cells(): Float64Array {
    const first = this.#places.cells / 8;
    return this.#floats.subarray(first, first + this.rows * this.#width);
  }

  /** The kinds of the cells, as in `lib/rows/row_batch.ts`, valid until the next `make`. */
  get kinds(): Uint8Array {
    const first = this.#places.kinds;
    return this.#bytes.subarray(first, first + this.rows * this.#width);
  }

  /** Makes rows of the events from index `event` to `end` as far as they are simple, and gives them to `taker`. */
  make(
    event: number,
    end: number,
    { taker, input }: { readonly taker: RowTaker; readonly input: Uint8Array },
  ): void {
    if (this.#words.length === 0) this.#renewViews();
    if (this.#plan !== taker.plan) this.#writePlan(taker.plan);
    this.#epoch = taker.epoch;
    this.#exports.makeRows(event * 4, end * 4, this.#epoch);
    const at = this.#places.foundRows / 4;
    this.rows = this.#words[at]!;
    this.found = this.#words[at + 1]!;
    this.leftCount = this.#words[at + 2]!;
    this.behind = this.#words[at + 3]! / 4;
    this.next = this.#words[at + 4]! / 4;
    if (this.found > 0) taker.take(this, input);
  }

  /** The cell index of the left value at `index`. */
  leftCell(index: number): number {
    return this.#words[this.#leftAt(index)]!;
  }

  /** The number of the left value's row among the rows found by the last `make`, from 0. */
  leftRow(index: number): number {
    return this.#words[this.#leftAt(index) + 4]!;
  }

  /** The kind of the left value at `index`. Points `raw`, whose bytes must be the input, at the value. */
  leftValue(index: number, raw: RawText): ValueKind {
    const at = this.#leftAt(index);
    raw.start = this.#words[at + 2]!;
    raw.end = this.#words[at + 3]!;
    return this.#words[at + 1]! as ValueKind;
  }

  /** Teaches the scanner that the string in `raw`, which has no escapes, is number `text` in a column. */
  learn(raw: RawText, { column, text }: { readonly column: number; readonly text: number }): void {
    this.#exports.learnText(raw.start + 1, raw.end - 1, column, this.#epoch, text);
  }

  get #width(): number {
    return this.#plan?.columns.length ?? 0;
  }

  #leftAt(index: number): number {
    return this.#places.left / 4 + index * leftWords;
  }

  #renewViews(): void {
    const { buffer } = this.#exports.memory;
    this.#words = new Int32Array(buffer);
    this.#bytes = new Uint8Array(buffer);
    this.#floats = new Float64Array(buffer);
  }

  #writePlan(plan: RowPlan): void {
    const { columns, within } = plan;
    this.#exports.setRows(columns.length, within?.column ?? -1, within?.startMs ?? 0, within?.endMs ?? 0);
    for (const [index, { numbersBelow, numberKind, strings, nulls }] of columns.entries()) {
      const at = this.#places.columns + index * columnBytes;
      this.#floats[at / 8] = numbersBelow;
      this.#words.set([numberKind, Number(strings), Number(nulls)], at / 4 + 2);
    }
    this.#plan = plan;
  }
}
