/**
 * What `trawl check --try` says of one key: its verdict, some of its rows, or why its answer failed and what the server
 * said. Pure.
 *
 * @module
 */

import { meaningOf } from "../rows/failure_reasons.ts";
import { cellValue, type RowBatch } from "../rows/row_batch.ts";
import { counted, formatBytes } from "../text/format.ts";
import { sanitizeLine } from "../text/sanitize.ts";
import type { Attempt } from "../worker/attempt.ts";

/** Rows shown of one table and answer. */
const rowsShown = 5;

/** The status of an answer without content: it has no rows, and nothing that could show why. */
const noContent = 204;

/** The first rows of one answer for one table, as lines. */
export class TableSample {
  readonly name: string;
  readonly rows: string[] = [];
  readonly #hide: (text: string) => string;

  /** `hide` removes secrets from a text. */
  constructor(name: string, hide: (text: string) => string) {
    this.name = name;
    this.#hide = hide;
  }

  /** Keeps rows until there are enough. */
  add(rows: RowBatch): void {
    const count = Math.min(rows.rows, rowsShown - this.rows.length);
    for (let row = 0; row < count; row++) this.rows.push(sanitizeLine(this.#hide(rowText(rows, row))));
  }
}

/** The lines for one key. Rows stand under the name of their table where there are several. */
export function triedLines(
  key: string,
  { attempt, samples }: {
    readonly attempt: Exclude<Attempt, { readonly verdict: "dropped" }>;
    readonly samples: readonly TableSample[];
  },
): string[] {
  const name = sanitizeLine(key);
  if (attempt.verdict === "failed") {
    const { reason, detail } = attempt;
    const said = detail === undefined ? "" : `: ${sanitizeLine(detail, Infinity)}`;
    return [`${name}: failed: ${meaningOf(reason)} (${reason})${said}`];
  }
  const { verdict, status, kept, bytes } = attempt;
  const how = status === noContent ? " (status 204, no content)" : "";
  return [
    `${name}: ${verdict}${how}, ${counted(kept, "row")}, ${formatBytes(bytes)}`,
    ...samples.flatMap(({ name, rows }) =>
      samples.length === 1
        ? rows.map((row) => `  ${row}`)
        : [`  ${name}${rows.length === 0 ? ": no rows" : ""}`, ...rows.map((row) => `    ${row}`)]
    ),
  ];
}

function rowText(rows: RowBatch, row: number): string {
  const width = rows.cells.length / rows.rows;
  const values = Array.from({ length: width }, (_, column) => cellValue(rows, row * width + column));
  return values.map((value) => typeof value === "string" ? JSON.stringify(value) : String(value)).join("  ");
}
