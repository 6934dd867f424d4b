/**
 * Chunks of rows, from values and back.
 *
 * @module
 */

import { type CellValue, cellValue, type RowChunk, RowChunkBuilder } from "../../lib/row_chunk.ts";

/** The values of a chunk's rows: a bigint is an integer, a number a real. */
export function rowsOf(chunk: RowChunk): CellValue[][] {
  const width = chunk.cells.length / chunk.rows;
  return Array.from(
    { length: chunk.rows },
    (_, row) => Array.from({ length: width }, (_, column) => cellValue(chunk, row * width + column)),
  );
}

/** A chunk of rows from their values. */
export function chunkOf(rows: readonly (readonly CellValue[])[]): RowChunk {
  const builder = new RowChunkBuilder(rows[0]?.length ?? 1);
  for (const row of rows) {
    builder.beginRow();
    for (const [column, value] of row.entries()) {
      if (typeof value === "string") builder.setText(column, value);
      else if (typeof value === "bigint") builder.setBigint(column, value);
      else if (value !== null) builder.setReal(column, value);
    }
    builder.endRow();
  }
  return builder.take();
}
