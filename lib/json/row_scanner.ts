/**
 * The other side of `scanner/rows.ts`: rows that the scanner has made into cells, with the values that it has left.
 * Holds nothing but what stands in the scanner's memory.
 *
 * @module
 */

import type { RawText } from "./raw_text.ts";
import type { ValueKind } from "./value.ts";

/** Which values of a column the scanner makes into cells by itself. */
export interface ColumnPlan {
  /** Numbers that are integers of at most 15 digits and below this in magnitude; no negative zero. */
  readonly numbersBelow: number;
  /** The kind of their cells. */
  readonly numberKind: number;
  /** Strings that were learned, and nulls. */
  readonly strings: boolean;
  readonly nulls: boolean;
}

/** What the rows of a query are. */
export interface RowPlan {
  /** At most {@linkcode rowColumnsMax}; their texts are what the query wants from index 1 on. */
  readonly columns: readonly ColumnPlan[];
  /** The column whose seconds must lie within these milliseconds: `startMs` ≤ t < `endMs`. */
  readonly within: { readonly column: number; readonly startMs: number; readonly endMs: number } | undefined;
}

/** Has rows from the scanner. */
export interface RowTaker {
  readonly plan: RowPlan;
  /** Texts that were learned are known as long as this stays the same. */
  readonly epoch: number;
  /** Some rows have been found in `input`; all of it is there until this returns. */
  take(rows: RowScanner, input: Uint8Array): void;
}

/** Columns that rows may have for the scanner to make them into cells. */
export const rowColumnsMax = 64;

/** What `scanner/rows.ts` exports. */
export interface RowExports {
  readonly memory: WebAssembly.Memory;
  readonly makeRows: (first: number, end: number, epoch: number) => void;
  readonly setRows: (width: number, within: number, startMs: number, endMs: number) => void;
  readonly learnText: (start: number, end: number, column: number, epoch: number, index: number) => void;
}

/** Where it stands in the memory, in bytes. */
interface RowPlaces {
  readonly columns: number;
  readonly cells: number;
  readonly kinds: number;
  readonly left: number;
  readonly foundRows: number;
}

const leftWords = 4;
const columnBytes = 24;

/** One per machine. */
export class RowScanner {
  /** Rows that were made into cells. */
  rows = 0;
  /** Rows in all: those too that do not lie within the window. */
  found = 0;
  /** Values that were left. */
  leftCount = 0;
  /** Index of the first event behind the rows, and of the next one at which it pays to look for rows again. */
  behind = 0;
  next = 0;
  readonly #exports: RowExports;
  readonly #places: RowPlaces;
  /** All of the memory; another object whenever it has grown. */
  #words: Int32Array = new Int32Array();
  #bytes: Uint8Array = new Uint8Array();
  #floats: Float64Array = new Float64Array();
  #plan: RowPlan | undefined;
  #epoch = 0;

  constructor(exports: RowExports, place: (name: string) => number) {
    this.#exports = exports;
    this.#places = {
      columns: place("columns"),
      cells: place("cells"),
      kinds: place("kinds"),
      left: place("left"),
      foundRows: place("foundRows"),
    };
  }

  /** The cells of the rows, and what they are; those that were left have no value yet. Until more rows are made. */
  get cells(): Float64Array {
    const first = this.#places.cells / 8;
    return this.#floats.subarray(first, first + this.rows * this.#width);
  }

  get kinds(): Uint8Array {
    const first = this.#places.kinds;
    return this.#bytes.subarray(first, first + this.rows * this.#width);
  }

  /** Makes rows of the events from one index to another, as far as they are simple, and gives them to `taker`. */
  make(
    event: number,
    end: number,
    { taker, input }: { readonly taker: RowTaker; readonly input: Uint8Array },
  ): void {
    // Views of a memory that has grown are empty.
    if (this.#words.length === 0) this.#look();
    if (this.#plan !== taker.plan) this.#describe(taker.plan);
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

  /** The index of the cell of a value that was left. */
  leftCell(index: number): number {
    return this.#words[this.#leftAt(index)]!;
  }

  /** What such a value is; points `raw`, of which the bytes are the input, at it. */
  leftValue(index: number, raw: RawText): ValueKind {
    const at = this.#leftAt(index);
    raw.start = this.#words[at + 2]!;
    raw.end = this.#words[at + 3]!;
    return this.#words[at + 1]! as ValueKind;
  }

  /** From now on the string without escapes at which `raw` points is a text with this number in the column. */
  learn(raw: RawText, { column, text }: { readonly column: number; readonly text: number }): void {
    this.#exports.learnText(raw.start + 1, raw.end - 1, column, this.#epoch, text);
  }

  get #width(): number {
    return this.#plan?.columns.length ?? 0;
  }

  #leftAt(index: number): number {
    return this.#places.left / 4 + index * leftWords;
  }

  #look(): void {
    const { buffer } = this.#exports.memory;
    this.#words = new Int32Array(buffer);
    this.#bytes = new Uint8Array(buffer);
    this.#floats = new Float64Array(buffer);
  }

  #describe(plan: RowPlan): void {
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
