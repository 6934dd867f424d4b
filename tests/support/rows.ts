/**
 * Row batches from values, and back.
 *
 * @module
 */

import fc from "fast-check";
import type { AnswerCollector } from "../../lib/rows/answer_collector.ts";
import type { FetchRecord, FinishedFetches, TableRows } from "../../lib/rows/fetch_record.ts";
import { type CellValue, cellValue, type RowBatch, RowBatchBuilder } from "../../lib/rows/row_batch.ts";
import { codePoint } from "./property.ts";

/** The values of a batch's rows: a bigint is an integer, a number is a real. */
export function rowsOf(chunk: RowBatch): CellValue[][] {
  const width = chunk.cells.length / chunk.rows;
  return Array.from(
    { length: chunk.rows },
    (_, row) => Array.from({ length: width }, (_, column) => cellValue(chunk, row * width + column)),
  );
}

/** A row batch of values. */
export function chunkOf(rows: readonly (readonly CellValue[])[]): RowBatch {
  const builder = new RowBatchBuilder(rows[0]?.length ?? 1);
  for (const row of rows) {
    builder.beginRow();
    for (const [column, value] of row.entries()) setCell(builder, column, value);
    builder.endRow();
  }
  return builder.take();
}

/** The rows that were not taken from a collector at the end of its answer, table after table. */
export function restOf(collector: AnswerCollector): CellValue[][] {
  return collector.tables.flatMap((table) => {
    const found: CellValue[][] = [];
    const rest = table.rest();
    let next = rest.next();
    for (; !next.done; next = rest.next()) found.push(...rowsOf(next.value.rows));
    if (next.value !== "staged") found.push(...rowsOf(next.value));
    return found;
  });
}

/** Finished fetches with rows for one table. */
export function finishedOf(
  { fetches, rowCounts, rows }: Omit<TableRows, "table"> & { readonly fetches: readonly FetchRecord[] },
  table = "t",
): FinishedFetches {
  return { fetches, tables: [{ table, rowCounts, rows }] };
}

/** Sets a cell of the open row: a bigint is an integer, a number is a real. */
export function setCell(builder: RowBatchBuilder, column: number, value: CellValue): void {
  if (typeof value === "string") builder.setText(column, value);
  else if (typeof value === "bigint") builder.setBigint(column, value);
  else if (typeof value === "number") builder.setReal(column, value);
  else builder.setNull(column);
}

/** Any Unicode text, NUL included. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: codePoint }),
  fc.constantFrom("", "A", "\0", "a\0b", "é\u{1f600}", "1", "x".repeat(40)),
);

/** Any 64-bit integer. */
export const anyInteger: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.integer().map(BigInt),
  fc.constantFrom(0n, 2n ** 53n - 1n, 2n ** 53n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)),
);

/** Any finite real; zero has no sign. */
export const anyReal: fc.Arbitrary<number> = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
).map((value) => value + 0);

/** Any value that a column of type `any` can hold. */
export const anyCell: fc.Arbitrary<CellValue> = fc.oneof(anyText, anyInteger, anyReal, fc.constant(null));
