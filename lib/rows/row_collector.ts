/**
 * The rows of one table in one answer: cells in, row batches or counts per time bucket out. Holds the rows since the
 * last `take`, or the groups of the answer where rows are counted.
 *
 * @module
 */

import type { ColumnType } from "../job/job.ts";
import { RawText } from "../json/raw_text.ts";
import type { RowScanner } from "../json/row_scanner.ts";
import { ValueKind } from "../json/value.ts";
import { memoryLimits } from "../limits.ts";
import { convertRaw, type HeldValue, longTextOf, unfit } from "./convert.ts";
import type { TableExtraction } from "./extraction.ts";
import type { FoundRows, TableBatch } from "./fetch_record.ts";
import { RowBatchBuilder } from "./row_batch.ts";
import { RowCounter } from "./row_counter.ts";
import { UnusableError } from "./unusable_error.ts";

/** One per table and answer. */
export class RowCollector {
  /** Rows that the path selected. */
  selected = 0;
  /** Selected rows that the job keeps: those within the window, if the table has one. */
  kept = 0;
  readonly #table: TableExtraction;
  readonly #counter: RowCounter | undefined;
  readonly #batch: RowBatchBuilder;
  /** Cells go straight into the batch, unless rows are counted or nested. */
  readonly #isDirect: boolean;
  /** The value of the window's column in a direct row. */
  #within: HeldValue = null;
  /** Otherwise the innermost open row, and the rows around it. */
  #row: HeldValue[] = [];
  readonly #outer: HeldValue[][] = [];
  /** Memory of the texts in those rows, of which up to `jsonLimits.depthMax` may be open, as in `heldBytes`. */
  #openBytes = 0;
  readonly #raw = new RawText();
  /** Rows taken so far. */
  #taken = 0;

  constructor(table: TableExtraction) {
    this.#table = table;
    this.#batch = new RowBatchBuilder(table.width, { isBounded: true });
    this.#counter = table.counting === undefined ? undefined : new RowCounter(table.counting);
    this.#isDirect = table.counting === undefined && !table.isNesting;
  }

  /** Whole rows held, as a share of a message: 1 is full. */
  get fill(): number {
    return this.#batch.fill;
  }

  /** Memory held, in bytes of buffers; a byte of V8's heap counts as `memoryLimits.heapWeight`. */
  get heldBytes(): number {
    const batch = this.#batch;
    const counter = this.#counter;
    return batch.bufferBytes + (counter?.bufferBytes ?? 0) + this.#openBytes +
      memoryLimits.heapWeight * (batch.heapBytes + (counter?.heapBytes ?? 0));
  }

  beginRow(): void {
    if (this.#isDirect) return this.#batch.beginRow();
    this.#outer.push(this.#row);
    this.#row = Array<HeldValue>(this.#table.columns.length).fill(null);
  }

  /** @throws {UnusableError} If there are too many rows or groups. */
  endRow(): void {
    if (this.#isDirect) return this.#endDirectRow();
    this.#keep(this.#row);
    this.#row = this.#outer.pop() ?? [];
  }

  /**
   * Sets a cell of the innermost open row; of several values for one cell, the last counts.
   *
   * @throws {UnusableError} If the value does not fit its column.
   */
  setValue(column: number, kind: ValueKind, raw: RawText): void {
    const type = this.#table.columns[column]?.type ?? "any";
    // What is counted is compared, so it is a string.
    const long = this.#counter === undefined ? longTextOf(kind, raw, type) : undefined;
    const value = long ?? convertRaw(kind, raw, type);
    if (value === unfit) throw this.#misfit(column, { row: this.selected, raw });
    if (this.#isDirect) this.#put(column, value);
    else this.#keepOpen(column, value);
  }

  /**
   * Takes rows in that the scanner has turned into cells.
   *
   * @throws {UnusableError} As `setValue` and `endRow`.
   */
  takeRows(rows: RowScanner, input: Uint8Array): void {
    const first = this.selected;
    this.#select(rows.found);
    this.kept += rows.rows;
    this.#batch.beginRows(rows.cells, rows.kinds);
    this.#raw.bytes = input;
    for (let index = 0; index < rows.leftCount; index++) this.#takeValue(rows, { index, first });
    this.#batch.endRows(rows.rows);
  }

  /** The whole rows held; none of them is held any more. */
  take(): TableBatch {
    const first = this.#taken;
    const rows = this.#batch.take();
    this.#taken += rows.rows;
    return { table: this.#table.name, first, rows };
  }

  /**
   * The rest of the rows, once the answer is at its end: yields full batches. Returns the last rows, or "staged" if
   * any were taken before, so that all rows have been taken.
   */
  *rest(): Generator<TableBatch, FoundRows> {
    for (const row of this.#counter?.rows() ?? []) {
      if (this.#batch.isFull) yield this.take();
      this.#hold(row);
    }
    if (this.#taken === 0) return this.#batch.take();
    if (this.#batch.rows > 0) yield this.take();
    return "staged";
  }

  /** A value that the scanner has left to the general way. `first` is the number of the scanner's first row. */
  #takeValue(rows: RowScanner, { index, first }: { readonly index: number; readonly first: number }): void {
    const raw = this.#raw;
    const kind = rows.leftValue(index, raw);
    const cell = rows.leftCell(index);
    const column = cell % this.#batch.width;
    const type = this.#table.columns[column]?.type ?? "any";
    const value = longTextOf(kind, raw, type) ?? convertRaw(kind, raw, type);
    if (value === unfit) throw this.#misfit(column, { row: first + rows.leftRow(index), raw });
    const text = this.#set(cell, value, type);
    // A string of as many characters as bytes has no escapes.
    const isPlain = typeof value === "string" && value.length === raw.end - raw.start - 2;
    if (isPlain && kind === ValueKind.string && text !== undefined) rows.learn(raw, { column, text });
  }

  #endDirectRow(): void {
    const isKept = this.#isWithinWindow(this.#within);
    this.#select();
    this.#within = null;
    if (!isKept) return this.#batch.dropRow();
    this.kept++;
    this.#batch.endRow();
  }

  #select(rows = 1): void {
    this.selected += rows;
    if (this.selected > this.#table.rowsMax) {
      throw new UnusableError("too-many-rows", { what: `more than ${this.#table.rowsMax} rows` });
    }
  }

  /** A value of a row that may hold other rows, or is counted. */
  #keepOpen(column: number, value: HeldValue): void {
    this.#openBytes += textBytesOf(value) - textBytesOf(this.#row[column] ?? null);
    this.#row[column] = value;
    if (this.#openBytes <= memoryLimits.rowsBytesMax) return;
    throw new UnusableError("value-too-large", { what: `rows within rows hold ${this.#openBytes} bytes` });
  }

  #keep(row: readonly HeldValue[]): void {
    for (const value of row) this.#openBytes -= textBytesOf(value);
    const isKept = this.#isWithinWindow(row[this.#table.withinColumn ?? 0]);
    this.#select();
    if (!isKept) return;
    this.kept++;
    if (this.#counter === undefined) this.#hold(row);
    else if (!this.#counter.add(row)) {
      throw new UnusableError("too-many-groups", { what: `the first ${this.kept} rows` });
    }
  }

  #hold(row: readonly HeldValue[]): void {
    this.#batch.beginRow();
    for (let column = 0; column < row.length; column++) this.#put(column, row[column] ?? null);
    this.#batch.endRow();
  }

  /** Sets a cell of the batch's open row. The count follows the columns. */
  #put(column: number, value: HeldValue): void {
    if (column === this.#table.withinColumn) this.#within = value;
    this.#set(column, value, this.#table.columns[column]?.type ?? "integer");
  }

  /** Returns the index of a text. */
  #set(cell: number, value: HeldValue, type: ColumnType): number | void {
    if (typeof value === "string") return this.#batch.setText(cell, value);
    if (value instanceof Uint8Array) return this.#batch.setLongText(cell, value);
    if (typeof value === "bigint") return this.#batch.setBigint(cell, value);
    if (value === null) return this.#batch.setNull(cell);
    const isInteger = type === "integer" || type === "time" && Number.isInteger(value);
    if (isInteger) this.#batch.setInteger(cell, value);
    else this.#batch.setReal(cell, value);
  }

  /** @throws {UnusableError} If the row has no time: whether it belongs to the window is not known. */
  #isWithinWindow(value: HeldValue | undefined): boolean {
    const { withinColumn, window } = this.#table;
    if (withinColumn === undefined || window === undefined) return true;
    if (value === null || value === undefined) {
      const column = this.#nameOf(withinColumn, this.selected);
      const what = `${column}: must be a time, as within_window needs it, got null or nothing`;
      throw new UnusableError("bad-value", { what });
    }
    const ms = Number(value) * 1_000;
    return window.startMs <= ms && ms < window.endMs;
  }

  /** The value does not fit its column. */
  #misfit(
    column: number,
    { row, raw }: { readonly row: number; readonly raw: RawText },
  ): UnusableError {
    const { bytes, start, end } = raw;
    return new UnusableError("bad-value", {
      what: `${this.#nameOf(column, row)}: ${fitRules[this.#table.columns[column]?.type ?? "any"]}, got`,
      quote: bytes.slice(start, Math.min(end, start + quotedBytesMax)),
      isCut: end - start > quotedBytesMax,
    });
  }

  /** A column of a row, which is counted from 0. The number of a row that may hold other rows is not known yet. */
  #nameOf(column: number, row: number): string {
    const name = `column "${this.#table.columns[column]?.name}"`;
    return this.#table.isNesting ? name : `${name} of row ${row}`;
  }
}

function textBytesOf(value: HeldValue): number {
  if (value instanceof Uint8Array) return value.length;
  return typeof value === "string" ? memoryLimits.heapWeight * 2 * value.length : 0;
}

/** Bytes kept of a value that does not fit. */
const quotedBytesMax = 4_096;

/** What a column demands of its values, by its type. */
const fitRules = {
  integer: "must be an integer of 64 bits",
  real: "must be a number that a real holds exactly",
  time: "must be a time (ISO 8601, or seconds or milliseconds since 1970)",
  text: "must hold no U+0000 and no lone surrogate",
  any: "must hold no U+0000 and no lone surrogate",
  json: "must be JSON",
} as const satisfies Record<ColumnType, string>;
