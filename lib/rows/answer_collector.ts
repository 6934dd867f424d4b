/**
 * The tokenizer's handler for one answer: passes rows and their cells to the collector of their table, and notes what
 * the acceptance rules ask for. Holds about one message of rows over all tables, if `take` is called after each piece
 * of the answer, or the groups of tables that count. Does no I/O.
 *
 * @module
 */

import type { FailRule } from "../job/job.ts";
import type { RawText } from "../json/raw_text.ts";
import type { RowTaker } from "../json/row_scanner.ts";
import type { Collector } from "../json/tokenizer_stream.ts";
import { decodeText, ValueKind } from "../json/value.ts";
import type { Extraction, PathUse } from "./extraction.ts";
import type { TableBatch } from "./fetch_record.ts";
import { RowCollector } from "./row_collector.ts";

/** One per answer. */
export class AnswerCollector implements Collector<TableBatch> {
  /** Has the scanner deliver simple rows as cells. An epoch is a batch, in which the scanner knows texts by index. */
  readonly rows?: RowTaker & { epoch: number };
  /** One per table, in the order of the job. */
  readonly tables: readonly RowCollector[];
  /** The node of `accept.require` was seen, opened and closed; true where the job requires none. */
  required: boolean;
  /** The value of `accept.count`. */
  count: number | undefined;
  /** A fail rule holds. */
  refused = false;
  readonly #uses: readonly PathUse[];

  /** @throws {UnusableError} From every method that takes rows or values in. */
  constructor({ uses, tables, plan, isRequiring }: Extraction) {
    this.#uses = uses;
    this.tables = tables.map((table) => new RowCollector(table));
    this.required = !isRequiring;
    const [table] = this.tables;
    if (plan === undefined || table === undefined) return;
    this.rows = {
      plan,
      epoch: nextEpoch(),
      take: (rows, input) => table.takeRows(rows, input),
    };
  }

  /** Rows that the path of the first table selected. */
  get selected(): number {
    return this.tables[0]?.selected ?? 0;
  }

  /** Rows that the job keeps, over all tables. */
  get kept(): number {
    let kept = 0;
    for (const table of this.tables) kept += table.kept;
    return kept;
  }

  enter(wanted: number, _kind: ValueKind): void {
    const use = this.#uses[wanted];
    if (use?.use === "row") this.tables[use.table]?.beginRow();
    else if (use?.use === "fail") this.refused = true;
  }

  leave(wanted: number): void {
    const use = this.#uses[wanted];
    if (use?.use === "row") this.tables[use.table]?.endRow();
    else if (use?.use === "require") this.required = true;
  }

  text(wanted: number, kind: ValueKind, raw: RawText): void {
    const use = this.#uses[wanted];
    if (use?.use === "column") {
      this.tables[use.table]?.setValue(use.column, kind, raw);
    } else if (use?.use === "count") {
      this.count = kind === ValueKind.number ? Number(raw.toString()) : undefined;
    } else if (use?.use === "fail" && holds(use.rule, kind, raw.toString())) {
      this.refused = true;
    }
  }

  /** The rows of the fullest table once all tables together fill a message; undefined before. */
  take(): TableBatch | undefined {
    let [fullest] = this.tables;
    let fill = 0;
    for (const table of this.tables) {
      fill += table.fill;
      if (fullest === undefined || table.fill > fullest.fill) fullest = table;
    }
    if (fill < 1 || fullest === undefined) return undefined;
    if (this.rows !== undefined) this.rows.epoch = nextEpoch();
    return fullest.take();
  }
}

/** Counts batches over all answers, since they share the scanner. */
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
