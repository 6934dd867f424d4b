/**
 * A batch of rows on its way from a Worker to the store: two typed arrays that change threads without a copy, and the
 * texts beside them. Flat arrays of JavaScript values cost twice as much to send (0.15 instead of 0.09 µs for a row of
 * a number and a short text) and five times the memory. {@linkcode RowBatchBuilder} makes batches.
 *
 * @module
 */

import { outboxLimits } from "../limits.ts";

/** The kind of a cell, and where its value is. A cell that was not set is null. */
export const CellKind = {
  null: 0,
  /** A safe integer, in `cells`. */
  integer: 1,
  /** In `cells`. */
  real: 2,
  /** In `texts`; `cells` has the index. */
  text: 3,
  /** A 64-bit integer that is not safe, in `bigints`; `cells` has the index. */
  bigint: 4,
} as const;

/** Some rows. Plain data; the typed arrays share one buffer. */
export interface RowBatch {
  readonly rows: number;
  /** A cell per row and column, row after row. */
  readonly cells: Float64Array<ArrayBuffer>;
  /** For each cell one of the numbers in {@linkcode CellKind}. */
  readonly kinds: Uint8Array<ArrayBuffer>;
  readonly texts: readonly string[];
  readonly bigints: readonly bigint[];
}

/** A cell's value: a `bigint` is an integer, a `number` a real. */
export type CellValue = number | bigint | string | null;

/** No rows. */
export const noRows: RowBatch = {
  rows: 0,
  cells: new Float64Array(0),
  kinds: new Uint8Array(0),
  texts: [],
  bigints: [],
};

/** The value of the cell at an index of `cells`. */
export function cellValue({ cells, kinds, texts, bigints }: RowBatch, at: number): CellValue {
  const cell = cells[at] ?? 0;
  switch (kinds[at]) {
    case CellKind.integer:
      return BigInt(cell);
    case CellKind.real:
      return cell;
    case CellKind.text:
      return texts[cell] ?? null;
    case CellKind.bigint:
      return bigints[cell] ?? null;
    default:
      return null;
  }
}

/** The buffers to transfer when a batch is posted to another thread. */
export function transferOf({ rows, cells }: RowBatch): ArrayBuffer[] {
  return rows === 0 ? [] : [cells.buffer];
}

/** Frees a batch, which must not be read any more: the garbage collector would leave tens of MB for later. */
export function release({ rows, cells }: RowBatch): void {
  if (rows > 0) cells.buffer.transfer(0);
}

/** Longest text, in UTF-16 units, that is stored once per column and batch. */
const sharedCharsMax = 32;

/** Texts per column and batch that are looked up: beyond that, most texts occur once, and a lookup is a waste. */
const sharedTextsMax = 256;

/** Cells allocated first: most answers are small. */
const firstCells = 16;

/** Bytes of a cell: its number, and its kind. */
const cellBytes = Float64Array.BYTES_PER_ELEMENT + 1;

/**
 * Makes row batches. A row is begun, its cells are set in any order and as often as they come (the last value counts),
 * and the row is ended or dropped. Holds one batch.
 */
export class RowBatchBuilder {
  /** Cells in a row. */
  readonly width: number;
  #cells = noRows.cells;
  #kinds = noRows.kinds;
  /** Index of the open row's first cell. */
  #row = 0;
  #isOpen = false;
  /** Cells to allocate when there are none. */
  #lengthNext = firstCells;
  #texts: string[] = [];
  #bigints: bigint[] = [];
  /** UTF-16 units of `texts`. */
  #chars = 0;
  /** `texts` and `bigints` of whole rows. */
  #textsKept = 0;
  #bigintsKept = 0;
  /** For each column, the indexes of its short texts. */
  readonly #shared: Map<string, number>[];

  constructor(width: number) {
    this.width = width;
    this.#shared = Array.from({ length: width }, () => new Map());
  }

  /** Whole rows. */
  get rows(): number {
    return this.#row / this.width;
  }

  /** The share of a message that the whole rows fill, by values or by characters: 1 is full, more is possible. */
  get fill(): number {
    if (this.#row === 0) return 0;
    return Math.max(this.#row / outboxLimits.messageCellsMax, this.#chars / outboxLimits.messageCharsMax);
  }

  /** The whole rows fill a message. */
  get isFull(): boolean {
    return this.fill >= 1;
  }

  /** Opens a row; all of its cells are null. */
  beginRow(): void {
    this.#isOpen = true;
    if (this.#row + this.width > this.#cells.length) this.#grow(this.#row + this.width);
  }

  /** `value` is a safe integer. */
  setInteger(column: number, value: number): void {
    this.#set(column, CellKind.integer, value);
  }

  setReal(column: number, value: number): void {
    this.#set(column, CellKind.real, value);
  }

  /** `value` has at most 64 bits. */
  setBigint(column: number, value: bigint): void {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return this.setInteger(column, number);
    this.#set(column, CellKind.bigint, this.#bigints.push(value) - 1);
  }

  /** Returns the text's index. `text` must not be a slice of a large string, which it would keep alive. */
  setText(column: number, text: string): number {
    const index = this.#textIndex(column, text);
    this.#set(column, CellKind.text, index);
    return index;
  }

  setNull(column: number): void {
    this.#set(column, CellKind.null, 0);
  }

  endRow(): void {
    this.#isOpen = false;
    this.#row += this.width;
    this.#textsKept = this.#texts.length;
    this.#bigintsKept = this.#bigints.length;
  }

  /** Forgets the open row. */
  dropRow(): void {
    this.#isOpen = false;
    this.#kinds.fill(CellKind.null, this.#row, this.#row + this.width);
    for (const text of this.#texts.splice(this.#textsKept)) this.#chars -= text.length;
    this.#bigints.length = this.#bigintsKept;
  }

  /** Opens several rows with the given cells. To set a cell, count columns on from row to row. */
  beginRows(cells: Float64Array, kinds: Uint8Array): void {
    const length = this.#row + cells.length;
    if (length > this.#cells.length) this.#grow(length);
    this.#cells.set(cells, this.#row);
    this.#kinds.set(kinds, this.#row);
  }

  /** Ends this number of rows. */
  endRows(rows: number): void {
    this.#row += (rows - 1) * this.width;
    this.endRow();
  }

  /** Adds the rows of another batch. No row may be open. */
  append({ rows, cells, kinds, texts, bigints }: RowBatch): void {
    this.beginRows(cells, kinds);
    if (texts.length + bigints.length > 0) {
      for (let at = 0; at < cells.length; at++) {
        const cell = cells[at] ?? 0;
        if (kinds[at] === CellKind.text) this.setText(at, texts[cell] ?? "");
        else if (kinds[at] === CellKind.bigint) this.setBigint(at, bigints[cell] ?? 0n);
      }
    }
    this.endRows(rows);
  }

  /** Returns the whole rows and keeps only the open row. */
  take(): RowBatch {
    if (this.#row === 0) return noRows;
    const open = this.#isOpen ? this.#openCells() : [];
    const batch = {
      rows: this.rows,
      cells: this.#cells.subarray(0, this.#row),
      kinds: this.#kinds.subarray(0, this.#row),
      texts: this.#texts,
      bigints: this.#bigints,
    };
    // The next batch is about as large as this one; most answers have no next batch.
    this.#lengthNext = this.#cells.length;
    this.#cells = noRows.cells;
    this.#kinds = noRows.kinds;
    this.#row =
      this.#chars =
      this.#textsKept =
      this.#bigintsKept =
        0;
    this.#texts = [];
    this.#bigints = [];
    for (const shared of this.#shared) shared.clear();
    if (this.#isOpen) this.beginRow();
    for (const [column, { kind, value }] of open.entries()) {
      if (typeof value === "string") this.setText(column, value);
      else if (typeof value === "bigint" && kind === CellKind.bigint) this.setBigint(column, value);
      else if (value !== null) this.#set(column, kind, Number(value));
    }
    return batch;
  }

  /** Takes the cells of the open row out of the batch, and the texts and bigints that only they use. */
  #openCells(): readonly { readonly kind: number; readonly value: CellValue }[] {
    const batch = {
      rows: 0,
      cells: this.#cells,
      kinds: this.#kinds,
      texts: this.#texts,
      bigints: this.#bigints,
    };
    const open = Array.from({ length: this.width }, (_, column) => ({
      kind: this.#kinds[this.#row + column] ?? CellKind.null,
      value: cellValue(batch, this.#row + column),
    }));
    this.#texts.length = this.#textsKept;
    this.#bigints.length = this.#bigintsKept;
    return open;
  }

  #set(column: number, kind: number, cell: number): void {
    this.#cells[this.#row + column] = cell;
    this.#kinds[this.#row + column] = kind;
  }

  #textIndex(column: number, text: string): number {
    const shared = this.#shared[column % this.width];
    const isShared = shared !== undefined && text.length <= sharedCharsMax && shared.size < sharedTextsMax;
    if (isShared) {
      const found = shared.get(text);
      // A dropped row took its texts with it.
      if (found !== undefined && this.#texts[found] === text) return found;
      shared.set(text, this.#texts.length);
    }
    this.#chars += text.length;
    return this.#texts.push(text) - 1;
  }

  #grow(length: number): void {
    const [cells, kinds] = [this.#cells, this.#kinds];
    this.#allocate(Math.max(this.#lengthNext, length, 2 * cells.length));
    this.#cells.set(cells);
    this.#kinds.set(kinds);
  }

  #allocate(length: number): void {
    const buffer = new ArrayBuffer(length * cellBytes);
    this.#cells = new Float64Array(buffer, 0, length);
    this.#kinds = new Uint8Array(buffer, length * Float64Array.BYTES_PER_ELEMENT);
  }
}
