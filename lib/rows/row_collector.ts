/**
 * The handler that turns what the tokenizer finds in one answer into rows, or into counts per time bucket, and notes
 * what the acceptance rules ask for. Holds at most a chunk of rows before they are taken, or the groups of one answer.
 *
 * @module
 */

import type { ColumnType, FailRule } from "../job/job.ts";
import { RawText } from "../json/raw_text.ts";
import type { RowScanner, RowTaker } from "../json/row_scanner.ts";
import type { Collector } from "../json/tokenizer_stream.ts";
import { decodeText, ValueKind } from "../json/value.ts";
import { type RowBatch, RowBatchBuilder } from "./row_batch.ts";
import { type Converted, convertRaw, unfit } from "./convert.ts";
import { type Extraction, widthOf } from "./extraction.ts";
import { RowCounter } from "./row_counter.ts";

/** A value of the answer makes the whole answer unusable. */
export class UnusableError extends Error {
  override readonly name = "UnusableError";
  readonly reason: "bad-value" | "too-many-groups" | "too-many-rows";

  constructor(reason: UnusableError["reason"]) {
    super(`Cannot use the answer: ${reason}`);
    this.reason = reason;
  }
}

/** One per answer. */
export class RowCollector implements Collector<RowBatch> {
  /** Simple rows come as cells. An epoch is a chunk: the scanner knows texts by their place in it. */
  readonly rows?: RowTaker & { epoch: number };
  /** Rows that the path selected. */
  selected = 0;
  /** Those of them that the job keeps: within the window, if it asks for that. */
  kept = 0;
  /** The node of `accept.require` was seen, opened and closed. */
  required: boolean;
  /** The value of `accept.count`. */
  count: number | undefined;
  refused = false;
  readonly #extraction: Extraction;
  readonly #counter: RowCounter | undefined;
  readonly #chunk: RowBatchBuilder;
  /** Cells go straight into the chunk, unless rows are counted or may lie within each other. */
  readonly #isDirect: boolean;
  /** The column that must lie within the window, as it stands in a row that goes straight into the chunk. */
  #within: Converted = null;
  /** Otherwise the open row, and those that it lies within. */
  #row: Converted[] = [];
  readonly #outer: Converted[][] = [];
  readonly #raw = new RawText();

  constructor(extraction: Extraction) {
    this.#extraction = extraction;
    this.#chunk = new RowBatchBuilder(widthOf(extraction));
    this.required = extraction.require === undefined;
    this.#counter = extraction.counting === undefined ? undefined : new RowCounter(extraction.counting);
    this.#isDirect = extraction.counting === undefined && !extraction.isNesting;
    const { plan } = extraction;
    if (plan === undefined) return;
    this.rows = { plan, epoch: nextEpoch(), take: (rows, input) => this.#takeRows(rows, input) };
  }

  enter(wanted: number, _kind: ValueKind): void {
    if (wanted === 0) {
      if (this.#isDirect) return this.#chunk.beginRow();
      this.#outer.push(this.#row);
      this.#row = Array<Converted>(this.#extraction.columns.length).fill(null);
    } else if (this.#extraction.failRules.get(wanted)?.exists) {
      this.refused = true;
    }
  }

  leave(wanted: number): void {
    if (wanted === 0) {
      if (this.#isDirect) return this.#endRow();
      this.#keep(this.#row);
      this.#row = this.#outer.pop() ?? [];
    } else if (wanted === this.#extraction.require) {
      this.required = true;
    }
  }

  text(wanted: number, kind: ValueKind, raw: RawText): void {
    const index = wanted - 1;
    const column = this.#extraction.columns[index];
    if (column !== undefined) {
      const value = convertRaw(kind, raw, column.type);
      if (value === unfit) throw new UnusableError("bad-value");
      if (!this.#isDirect) this.#row[index] = value;
      else this.#put(index, value);
    } else if (wanted === this.#extraction.count) {
      this.count = kind === ValueKind.number ? Number(raw.toString()) : undefined;
    } else {
      const rule = this.#extraction.failRules.get(wanted);
      if (rule !== undefined && holds(rule, kind, raw.toString())) this.refused = true;
    }
  }

  /** A chunk's worth of rows; undefined while there are fewer. */
  take(): RowBatch | undefined {
    if (!this.#chunk.isFull) return undefined;
    if (this.rows !== undefined) this.rows.epoch = nextEpoch();
    return this.#chunk.take();
  }

  /** All rows that were not taken yet, once the answer is at its end, a chunk at a time. */
  *rest(): Generator<RowBatch> {
    for (const row of this.#counter?.rows() ?? []) {
      if (this.#chunk.isFull) yield this.#chunk.take();
      this.#hold(row);
    }
    yield this.#chunk.take();
  }

  #takeRows(rows: RowScanner, input: Uint8Array): void {
    this.#select(rows.found);
    this.kept += rows.rows;
    this.#chunk.beginRows(rows.cells, rows.kinds);
    this.#raw.bytes = input;
    for (let index = 0; index < rows.leftCount; index++) this.#takeValue(rows, index);
    this.#chunk.endRows(rows.rows);
  }

  /** A value that the scanner has left. */
  #takeValue(rows: RowScanner, index: number): void {
    const raw = this.#raw;
    const kind = rows.leftValue(index, raw);
    const cell = rows.leftCell(index);
    const column = cell % this.#chunk.width;
    const type = this.#extraction.columns[column]?.type ?? "any";
    const value = convertRaw(kind, raw, type);
    if (value === unfit) throw new UnusableError("bad-value");
    const text = this.#set(cell, value, type);
    // A string of as many characters as bytes has no escapes.
    const isPlain = typeof value === "string" && value.length === raw.end - raw.start - 2;
    if (isPlain && kind === ValueKind.string && text !== undefined) rows.learn(raw, { column, text });
  }

  #endRow(): void {
    this.#select();
    const isKept = this.#isWithinWindow(this.#within);
    this.#within = null;
    if (!isKept) return this.#chunk.dropRow();
    this.kept++;
    this.#chunk.endRow();
  }

  #select(rows = 1): void {
    this.selected += rows;
    if (this.selected > this.#extraction.rowsMax) throw new UnusableError("too-many-rows");
  }

  #keep(row: readonly Converted[]): void {
    this.#select();
    if (!this.#isWithinWindow(row[this.#extraction.withinColumn ?? 0])) return;
    this.kept++;
    if (this.#counter === undefined) this.#hold(row);
    else if (!this.#counter.add(row)) throw new UnusableError("too-many-groups");
  }

  #hold(row: readonly Converted[]): void {
    this.#chunk.beginRow();
    for (let column = 0; column < row.length; column++) this.#put(column, row[column] ?? null);
    this.#chunk.endRow();
  }

  /** Sets a cell of the chunk's open row. Behind the columns stands the count. */
  #put(column: number, value: Converted): void {
    if (column === this.#extraction.withinColumn) this.#within = value;
    this.#set(column, value, this.#extraction.columns[column]?.type ?? "integer");
  }

  /** Returns the index of a text. */
  #set(cell: number, value: Converted, type: ColumnType): number | void {
    if (typeof value === "string") return this.#chunk.setText(cell, value);
    if (typeof value === "bigint") return this.#chunk.setBigint(cell, value);
    if (value === null) return this.#chunk.setNull(cell);
    const isInteger = type === "integer" || type === "time" && Number.isInteger(value);
    if (isInteger) this.#chunk.setInteger(cell, value);
    else this.#chunk.setReal(cell, value);
  }

  #isWithinWindow(value: Converted | undefined): boolean {
    const { withinColumn, window } = this.#extraction;
    if (withinColumn === undefined || window === undefined) return true;
    if (value === null || value === undefined) return false;
    const ms = Number(value) * 1_000;
    return window.startMs <= ms && ms < window.endMs;
  }
}

/** Of the chunks of all answers, which share the scanner. */
let epochs = 0;

function nextEpoch(): number {
  return epochs = epochs + 1 | 0;
}

function holds(rule: FailRule, kind: ValueKind, raw: string): boolean {
  const value = decodeText(kind, raw);
  if (rule.equals !== undefined) return value === rule.equals;
  const text = String(value);
  if (rule.startsWith !== undefined) return text.startsWith(rule.startsWith);
  return rule.contains !== undefined && text.includes(rule.contains);
}
