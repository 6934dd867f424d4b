/**
 * The handler that turns what the tokenizer finds in one answer into rows, or into counts per time bucket, and notes
 * what the acceptance rules ask for. Holds at most a chunk of rows before they are taken, or the groups of one answer.
 *
 * @module
 */

import type { FailRule } from "../job/job.ts";
import type { RawText } from "../json/raw_text.ts";
import type { Collector } from "../json/tokenizer_stream.ts";
import { decodeText, ValueKind } from "../json/value.ts";
import { type RowChunk, RowChunkBuilder } from "../row_chunk.ts";
import { type Converted, convertRaw, unfit } from "./convert.ts";
import { type Question, widthOf } from "./question.ts";
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
export class RowCollector implements Collector<RowChunk> {
  /** Rows that the path selected. */
  selected = 0;
  /** Those of them that the job keeps: within the window, if it asks for that. */
  kept = 0;
  /** The node of `accept.require` was seen, opened and closed. */
  required: boolean;
  /** The value of `accept.count`. */
  count: number | undefined;
  refused = false;
  readonly #question: Question;
  readonly #counter: RowCounter | undefined;
  readonly #chunk: RowChunkBuilder;
  /** Cells go straight into the chunk, unless rows are counted or may lie within each other. */
  readonly #isDirect: boolean;
  /** The column that must lie within the window, as it stands in a row that goes straight into the chunk. */
  #within: Converted = null;
  /** Otherwise the open row, and those that it lies within. */
  #row: Converted[] = [];
  readonly #outer: Converted[][] = [];

  constructor(question: Question) {
    this.#question = question;
    this.#chunk = new RowChunkBuilder(widthOf(question));
    this.required = question.require === undefined;
    this.#counter = question.counting === undefined ? undefined : new RowCounter(question.counting);
    this.#isDirect = question.counting === undefined && !question.isNesting;
  }

  enter(wanted: number, _kind: ValueKind): void {
    if (wanted === 0) {
      if (this.#isDirect) return this.#chunk.beginRow();
      this.#outer.push(this.#row);
      this.#row = Array<Converted>(this.#question.columns.length).fill(null);
    } else if (this.#question.failRules.get(wanted)?.exists) {
      this.refused = true;
    }
  }

  leave(wanted: number): void {
    if (wanted === 0) {
      if (this.#isDirect) return this.#endRow();
      this.#keep(this.#row);
      this.#row = this.#outer.pop() ?? [];
    } else if (wanted === this.#question.require) {
      this.required = true;
    }
  }

  text(wanted: number, kind: ValueKind, raw: RawText): void {
    const index = wanted - 1;
    const column = this.#question.columns[index];
    if (column !== undefined) {
      const value = convertRaw(kind, raw, column.type);
      if (value === unfit) throw new UnusableError("bad-value");
      if (!this.#isDirect) this.#row[index] = value;
      else this.#put(index, value);
    } else if (wanted === this.#question.count) {
      this.count = kind === ValueKind.number ? Number(raw.toString()) : undefined;
    } else {
      const rule = this.#question.failRules.get(wanted);
      if (rule !== undefined && holds(rule, kind, raw.toString())) this.refused = true;
    }
  }

  /** A chunk's worth of rows; undefined while there are fewer. */
  take(): RowChunk | undefined {
    return this.#chunk.isFull ? this.#chunk.take() : undefined;
  }

  /** All rows that were not taken yet, once the answer is at its end, a chunk at a time. */
  *rest(): Generator<RowChunk> {
    for (const row of this.#counter?.rows() ?? []) {
      if (this.#chunk.isFull) yield this.#chunk.take();
      this.#hold(row);
    }
    yield this.#chunk.take();
  }

  #endRow(): void {
    this.#select();
    const isKept = this.#isWithinWindow(this.#within);
    this.#within = null;
    if (!isKept) return this.#chunk.dropRow();
    this.kept++;
    this.#chunk.endRow();
  }

  #select(): void {
    if (++this.selected > this.#question.rowsMax) throw new UnusableError("too-many-rows");
  }

  #keep(row: readonly Converted[]): void {
    this.#select();
    if (!this.#isWithinWindow(row[this.#question.withinColumn ?? 0])) return;
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
    if (column === this.#question.withinColumn) this.#within = value;
    if (typeof value === "string") return this.#chunk.setText(column, value);
    if (typeof value === "bigint") return this.#chunk.setBigint(column, value);
    if (value === null) return this.#chunk.setNull(column);
    const type = this.#question.columns[column]?.type ?? "integer";
    const isInteger = type === "integer" || type === "time" && Number.isInteger(value);
    if (isInteger) this.#chunk.setInteger(column, value);
    else this.#chunk.setReal(column, value);
  }

  #isWithinWindow(value: Converted | undefined): boolean {
    const { withinColumn, window } = this.#question;
    if (withinColumn === undefined || window === undefined) return true;
    if (value === null || value === undefined) return false;
    const ms = Number(value) * 1_000;
    return window.startMs <= ms && ms < window.endMs;
  }
}

function holds(rule: FailRule, kind: ValueKind, raw: string): boolean {
  const value = decodeText(kind, raw);
  if (rule.equals !== undefined) return value === rule.equals;
  const text = String(value);
  if (rule.startsWith !== undefined) return text.startsWith(rule.startsWith);
  return rule.contains !== undefined && text.includes(rule.contains);
}
