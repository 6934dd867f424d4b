/**
 * A batch of rows on its way from a Worker to the store: two typed arrays that change threads without a copy, and the
 * texts beside them. Flat arrays of JavaScript values cost twice as much to send (0.15 instead of 0.09 µs for a row of
 * a number and a short text) and five times the memory. A long text stays UTF-8 in a buffer, outside of V8's heap, on
 * both threads. {@linkcode RowBatchBuilder} makes batches.
 *
 * @module
 */

import { memoryLimits, outboxLimits } from "../limits.ts";
import { UnusableError } from "./unusable_error.ts";

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
  /** In `longTexts`; `cells` has the index. */
  longText: 5,
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
  /** UTF-8, each in a buffer of its own. */
  readonly longTexts: readonly LongText[];
  /** Memory that the batch takes at most, in buffers and on V8's heap. */
  readonly bytes: number;
}

/** The UTF-8 of a text that is too long for V8's heap. */
export type LongText = Uint8Array<ArrayBuffer>;

/** A cell's value: a `bigint` is an integer, a `number` a real. */
export type CellValue = number | bigint | string | null;

/** No rows. */
export const noRows: RowBatch = {
  rows: 0,
  cells: new Float64Array(0),
  kinds: new Uint8Array(0),
  texts: [],
  bigints: [],
  longTexts: [],
  bytes: 0,
};

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The value of the cell at an index of `cells`. A long text is decoded at each call. */
export function cellValue({ cells, kinds, texts, bigints, longTexts }: RowBatch, at: number): CellValue {
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
    case CellKind.longText:
      return decoder.decode(longTexts[cell]);
    default:
      return null;
  }
}

/** The buffers to transfer when a batch is posted to another thread. */
export function transferOf({ rows, cells, longTexts }: RowBatch): ArrayBuffer[] {
  return rows === 0 ? [] : [cells.buffer, ...longTexts.map(({ buffer }) => buffer)];
}

/** Frees a batch, which must not be read any more: the garbage collector would leave tens of MB for later. */
export function release(batch: RowBatch): void {
  for (const buffer of transferOf(batch)) buffer.transfer(0);
}

/** Longest text, in UTF-16 units, that is stored once per column and batch. */
const sharedCharsMax = 32;

/** Texts per column and batch that are looked up: beyond that, most texts occur once, and a lookup is a waste. */
const sharedTextsMax = 256;

const noLongText: LongText = new Uint8Array(0);

/** Cells allocated first: most answers are small. */
const firstCells = 16;

/** Bytes of a cell: its number, and its kind. */
const cellBytes = Float64Array.BYTES_PER_ELEMENT + 1;

/** Bytes that V8 takes for a text beside its characters, of which each takes two at most. */
const textBytes = 32;

/**
 * Makes row batches. A row is begun, its cells are set in any order and as often as they come (the last value counts),
 * and the row is ended or dropped. Holds one batch.
 *
 * A builder with bounds throws an `UnusableError` where its row, its cells or its texts take too much memory: few bytes
 * of an answer can make many cells, and nested values are captured several times.
 */
export class RowBatchBuilder {
  /** Cells in a row. */
  readonly width: number;
  readonly #isBounded: boolean;
  #cells = noRows.cells;
  #kinds = noRows.kinds;
  /** Index of the open row's first cell. */
  #row = 0;
  #isOpen = false;
  /** Cells to allocate when there are none. */
  #lengthNext = firstCells;
  #texts: string[] = [];
  #bigints: bigint[] = [];
  #longTexts: LongText[] = [];
  /** UTF-16 units of `texts`. */
  #chars = 0;
  /** Bytes of `longTexts`. */
  #longBytes = 0;
  /** `texts`, `bigints` and `longTexts` of whole rows, and the bytes of those long texts. */
  #textsKept = 0;
  #bigintsKept = 0;
  #longTextsKept = 0;
  #longBytesKept = 0;
  /** For each column, the indexes of its short texts. */
  readonly #shared: Map<string, number>[];

  constructor(width: number, { isBounded = false }: { readonly isBounded?: boolean } = {}) {
    this.width = width;
    this.#isBounded = isBounded;
    this.#shared = Array.from({ length: width }, () => new Map());
  }

  /** Whole rows. */
  get rows(): number {
    return this.#row / this.width;
  }

  /** The share of a message that the whole rows fill, by values or by characters: 1 is full, more is possible. */
  get fill(): number {
    if (this.#row === 0) return 0;
    const chars = this.#chars + this.#longBytes;
    return Math.max(this.#row / outboxLimits.messageCellsMax, chars / outboxLimits.messageCharsMax);
  }

  /** Bytes of the buffers held. */
  get bufferBytes(): number {
    return this.#cells.length * cellBytes + this.#longBytes;
  }

  /** Bytes of V8's heap that the texts take at most. */
  get heapBytes(): number {
    return 2 * this.#chars + textBytes * (this.#texts.length + this.#bigints.length);
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

  /** `text` must be alone in its buffer, which goes with the batch. */
  setLongText(column: number, text: LongText): void {
    this.#longBytes += text.length;
    const rowBytes = this.#longBytes - this.#longBytesKept;
    if (this.#isBounded && rowBytes > memoryLimits.rowBytesMax) throw tooLarge("a row's texts", rowBytes);
    this.#set(column, CellKind.longText, this.#longTexts.push(text) - 1);
  }

  setNull(column: number): void {
    this.#set(column, CellKind.null, 0);
  }

  endRow(): void {
    this.#isOpen = false;
    this.#row += this.width;
    this.#textsKept = this.#texts.length;
    this.#bigintsKept = this.#bigints.length;
    this.#longTextsKept = this.#longTexts.length;
    this.#longBytesKept = this.#longBytes;
  }

  /** Forgets the open row. */
  dropRow(): void {
    this.#isOpen = false;
    this.#kinds.fill(CellKind.null, this.#row, this.#row + this.width);
    for (const text of this.#texts.splice(this.#textsKept)) this.#chars -= text.length;
    this.#bigints.length = this.#bigintsKept;
    this.#longTexts.length = this.#longTextsKept;
    this.#longBytes = this.#longBytesKept;
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
  append({ rows, cells, kinds, texts, bigints, longTexts }: RowBatch): void {
    this.beginRows(cells, kinds);
    if (texts.length + bigints.length + longTexts.length > 0) {
      for (let at = 0; at < cells.length; at++) {
        const cell = cells[at] ?? 0;
        if (kinds[at] === CellKind.text) this.setText(at, texts[cell] ?? "");
        else if (kinds[at] === CellKind.bigint) this.setBigint(at, bigints[cell] ?? 0n);
        else if (kinds[at] === CellKind.longText) this.setLongText(at, longTexts[cell] ?? noLongText);
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
      longTexts: this.#longTexts,
      bytes: this.bufferBytes + this.heapBytes,
    };
    // The next batch is about as large as this one; most answers have no next batch.
    this.#lengthNext = this.#cells.length;
    this.#cells = noRows.cells;
    this.#kinds = noRows.kinds;
    this.#row =
      this.#chars =
      this.#longBytes =
      this.#textsKept =
      this.#bigintsKept =
      this.#longTextsKept =
      this.#longBytesKept =
        0;
    this.#texts = [];
    this.#bigints = [];
    this.#longTexts = [];
    for (const shared of this.#shared) shared.clear();
    if (this.#isOpen) this.beginRow();
    for (const [column, { kind, value }] of open.entries()) {
      if (value instanceof Uint8Array) this.setLongText(column, value);
      else if (typeof value === "string") this.setText(column, value);
      else if (typeof value === "bigint" && kind === CellKind.bigint) this.setBigint(column, value);
      else if (value !== null) this.#set(column, kind, Number(value));
    }
    return batch;
  }

  /** Takes the cells of the open row out of the batch, and the texts and bigints that only they use. */
  #openCells(): readonly { readonly kind: number; readonly value: CellValue | LongText }[] {
    const batch = {
      ...noRows,
      cells: this.#cells,
      kinds: this.#kinds,
      texts: this.#texts,
      bigints: this.#bigints,
      longTexts: this.#longTexts,
    };
    const open = Array.from({ length: this.width }, (_, column) => {
      const at = this.#row + column;
      const kind = this.#kinds[at] ?? CellKind.null;
      const long = kind === CellKind.longText ? this.#longTexts[this.#cells[at] ?? 0] : undefined;
      return { kind, value: long ?? cellValue(batch, at) };
    });
    this.#texts.length = this.#textsKept;
    this.#bigints.length = this.#bigintsKept;
    this.#longTexts.length = this.#longTextsKept;
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
    if (this.#isBounded && this.#chars > memoryLimits.shortTextCharsMax) {
      throw tooLarge("the texts of one element's rows", 2 * this.#chars);
    }
    return this.#texts.push(text) - 1;
  }

  #grow(length: number): void {
    const [cells, kinds] = [this.#cells, this.#kinds];
    const lengthMax = this.#isBounded ? Math.floor(memoryLimits.rowsBytesMax / cellBytes) : Infinity;
    if (length > lengthMax) throw tooLarge("the cells of one element's rows", length * cellBytes);
    this.#allocate(Math.max(this.#lengthNext, length, Math.min(2 * cells.length, lengthMax)));
    this.#cells.set(cells);
    this.#kinds.set(kinds);
  }

  #allocate(length: number): void {
    const buffer = new ArrayBuffer(length * cellBytes);
    this.#cells = new Float64Array(buffer, 0, length);
    this.#kinds = new Uint8Array(buffer, length * Float64Array.BYTES_PER_ELEMENT);
  }
}

function tooLarge(what: string, bytes: number): UnusableError {
  return new UnusableError("value-too-large", { what: `${what} take ${bytes} bytes` });
}
