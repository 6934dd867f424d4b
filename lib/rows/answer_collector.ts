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
import { isMet, type Unmet } from "./demands.ts";
import type { Extraction } from "./extraction.ts";
import type { TableBatch } from "./fetch_record.ts";
import { RowCollector } from "./row_collector.ts";

/** One per answer. */
export class AnswerCollector implements Collector<TableBatch> {
  /** Has the scanner deliver simple rows as cells. An epoch is a batch, in which the scanner knows texts by index. */
  readonly rows?: RowTaker & { epoch: number };
  /** One per table, in the order of the job. */
  readonly tables: readonly RowCollector[];
  /** The value of `accept.count`. */
  count: number | undefined;
  /** The fail rule that holds. */
  refusedBy: FailRule | undefined;
  readonly #extraction: Extraction;
  readonly #expected: readonly string[];
  /** Values found at the place of each demand, and the first one of a wrong kind. */
  readonly #found: number[];
  #unmet: Unmet | undefined;
  /** For each rule of `accept.equals` the value that was found: the first that differs, or else the last. */
  readonly #echoes: (string | undefined)[];

  /**
   * `expected`: the values of `accept.equals` for the key that is asked.
   *
   * @throws {UnusableError} From every method that takes rows or values in.
   */
  constructor(extraction: Extraction, expected: readonly string[] = []) {
    const { tables, plan, demands, equals } = extraction;
    this.#extraction = extraction;
    this.#expected = expected;
    this.#found = demands.map(() => 0);
    this.#echoes = equals.map(() => undefined);
    this.tables = tables.map((table) => new RowCollector(table));
    const [table] = this.tables;
    if (plan === undefined || table === undefined) return;
    this.rows = {
      plan,
      epoch: nextEpoch(),
      take: (rows, input) => table.takeRows(rows, input),
    };
  }

  /** What the answer should hold and does not, once it has been read; undefined if it holds all. */
  get unmet(): Unmet | undefined {
    if (this.#unmet !== undefined) return this.#unmet;
    const demand = this.#extraction.demands.find(({ nodesMin, rowsOf }, index) =>
      // Rows that the scanner makes are not seen one by one.
      (rowsOf === undefined ? this.#found[index] ?? 0 : this.tables[rowsOf]?.selected ?? 0) < nodesMin
    );
    return demand === undefined ? undefined : { demand, found: undefined };
  }

  /** The first value that is not the one that `accept.equals` expects, as JSON; undefined if there is none. */
  get differing(): Differing | undefined {
    const { equals } = this.#extraction;
    const at = equals.findIndex((_, rule) => !isEcho(this.#echoes[rule], this.#expected[rule]));
    return at < 0
      ? undefined
      : { path: equals[at] ?? "", expected: this.#expected[at] ?? "", found: this.#echoes[at] };
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

  /** Memory held over all tables, as `RowCollector.heldBytes` counts it. */
  get heldBytes(): number {
    let bytes = 0;
    for (const table of this.tables) bytes += table.heldBytes;
    return bytes;
  }

  enter(wanted: number, kind: ValueKind): void {
    const use = this.#extraction.uses[wanted];
    if (use?.use === "row") {
      this.tables[use.table]?.beginRow();
      if (use.demand !== undefined) this.#find(use.demand, kind);
    } else if (use?.use === "demand") {
      this.#find(use.demand, kind);
    } else if (use?.use === "fail") {
      this.refusedBy ??= use.rule;
    }
  }

  leave(wanted: number): void {
    const use = this.#extraction.uses[wanted];
    if (use?.use === "row") this.tables[use.table]?.endRow();
  }

  text(wanted: number, kind: ValueKind, raw: RawText): void {
    const use = this.#extraction.uses[wanted];
    if (use?.use === "column") {
      this.tables[use.table]?.setValue(use.column, kind, raw);
    } else if (use?.use === "count") {
      this.count = kind === ValueKind.number ? Number(raw.toString()) : undefined;
    } else if (use?.use === "equals") {
      // A name may come twice: a value that differs is kept.
      const before = this.#echoes[use.rule];
      if (before === undefined || isEcho(before, this.#expected[use.rule])) {
        const isCut = raw.end - raw.start > echoBytesMax;
        this.#echoes[use.rule] = isCut ? `${raw.beginning(echoBytesMax)}…` : raw.toString();
      }
    } else if (use?.use === "fail" && holds(use.rule, kind, raw.toString())) {
      this.refusedBy ??= use.rule;
    }
  }

  /** A value of this kind is at the place of a demand. */
  #find(index: number, kind: ValueKind): void {
    this.#found[index] = (this.#found[index] ?? 0) + 1;
    const demand = this.#extraction.demands[index];
    if (demand !== undefined && !isMet(demand, kind)) this.#unmet ??= { demand, found: kind };
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

/** Bytes kept of a value of `accept.equals`: a key has at most `runLimits.keyCharsMax`, each 6 bytes as an escape. */
const echoBytesMax = 65_536;

/** A value that `accept.equals` does not expect. */
export interface Differing {
  readonly path: string;
  readonly expected: string;
  /** JSON; undefined if nothing was there. */
  readonly found: string | undefined;
}

/** Whether JSON is a string or number whose text is the expected one. */
function isEcho(json: string | undefined, expected: string | undefined): boolean {
  if (json === undefined) return false;
  if (!json.startsWith('"')) return json === expected && /^[-\d]/.test(json);
  return json.endsWith('"') && decodeText(ValueKind.string, json) === expected;
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
