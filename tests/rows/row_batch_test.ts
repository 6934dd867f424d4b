import assert from "node:assert/strict";
import fc from "fast-check";
import { memoryLimits, outboxLimits } from "../../lib/limits.ts";
import {
  type CellValue,
  cellValue,
  noRows,
  release,
  type RowBatch,
  RowBatchBuilder,
  transferOf,
} from "../../lib/rows/row_batch.ts";
import { UnusableError } from "../../lib/rows/unusable_error.ts";
import { anyCell, chunkOf, rowsOf, setCell } from "../support/rows.ts";
import { assertProperty } from "../support/property.ts";

const row = fc.tuple(anyCell, anyCell, anyCell);

Deno.test("RowBatchBuilder gives the rows that were ended, and nothing of those that were dropped", () => {
  const told = fc.array(fc.record({ row, isDropped: fc.boolean(), isTakenAfter: fc.boolean() }), {
    maxLength: 60,
  });
  assertProperty(fc.property(told, (steps) => {
    const builder = new RowBatchBuilder(3);
    const chunks: RowBatch[] = [];
    for (const { row, isDropped, isTakenAfter } of steps) {
      builder.beginRow();
      // In any order.
      for (const column of [2, 0, 1]) setCell(builder, column, row[column] ?? null);
      if (isDropped) builder.dropRow();
      else builder.endRow();
      if (isTakenAfter) chunks.push(builder.take());
    }
    chunks.push(builder.take());
    assert.deepEqual(
      chunks.flatMap(rowsOf),
      steps.filter(({ isDropped }) => !isDropped).map(({ row }) => row),
    );
  }));
});

Deno.test("RowBatchBuilder.append() adds the rows of other chunks", () => {
  assertProperty(fc.property(fc.array(fc.array(row, { maxLength: 20 }), { maxLength: 8 }), (lists) => {
    const builder = new RowBatchBuilder(3);
    for (const rows of lists) builder.append(chunkOf(rows));
    assert.equal(builder.rows, lists.flat().length);
    assert.deepEqual(rowsOf(builder.take()), lists.flat());
  }));
});

Deno.test("RowBatchBuilder takes the last value that a cell is set to", () => {
  const values: readonly CellValue[] = ["a", 2.5, 2n ** 60n, 3n, null];
  for (const first of values) {
    for (const last of values) {
      const builder = new RowBatchBuilder(1);
      builder.beginRow();
      setCell(builder, 0, first);
      setCell(builder, 0, last);
      builder.endRow();
      assert.deepEqual(rowsOf(builder.take()), [[last]]);
    }
  }
});

Deno.test("RowBatchBuilder keeps a short text of a column once, also after a row with it was dropped", () => {
  const builder = new RowBatchBuilder(1);
  for (
    const [text, isDropped] of [["A", true], ["W", true], ["W", false], ["A", false], ["W", false]] as const
  ) {
    builder.beginRow();
    builder.setText(0, text);
    if (isDropped) builder.dropRow();
    else builder.endRow();
  }
  const chunk = builder.take();
  assert.deepEqual(chunk.texts, ["W", "A"]);
  assert.deepEqual(rowsOf(chunk), [["W"], ["A"], ["W"]]);
});

Deno.test("RowBatchBuilder holds thousands of texts that differ", () => {
  const rows = Array.from({ length: 5_000 }, (_, n) => [`text ${n}`, n % 2 === 0 ? "even" : "odd"]);
  const chunk = chunkOf(rows);
  assert.deepEqual(rowsOf(chunk), rows);
  assert.equal(chunk.texts.length, 5_002);
});

Deno.test("RowBatchBuilder is full by its cells or by its characters, without those of dropped rows", () => {
  const byCells = new RowBatchBuilder(2);
  const byChars = new RowBatchBuilder(2);
  const text = "x".repeat(1_000);
  for (let n = 0; n < outboxLimits.messageCellsMax / 2; n++) {
    assert.equal(byCells.isFull, false);
    byCells.beginRow();
    byCells.endRow();
    byChars.beginRow();
    byChars.setText(0, text);
    byChars.dropRow();
  }
  assert.equal(byCells.isFull, true);
  assert.equal(byChars.isFull, false);
  for (let n = 0; n < outboxLimits.messageCharsMax / text.length; n++) {
    assert.equal(byChars.isFull, false);
    byChars.beginRow();
    byChars.setText(0, text);
    byChars.endRow();
  }
  assert.equal(byChars.isFull, true);
  byChars.take();
  assert.equal(byChars.isFull, false);
});

Deno.test("a chunk changes threads without being copied", () => {
  const rows = [[1n, "a", null], [2.5, "b", 2n ** 62n]];
  const chunk = chunkOf(rows);
  const moved = structuredClone(chunk, { transfer: transferOf(chunk) });
  assert.equal(chunk.cells.length, 0);
  assert.deepEqual(rowsOf(moved), rows);
  assert.deepEqual(structuredClone(noRows, { transfer: transferOf(noRows) }), noRows);
});

Deno.test("RowBatchBuilder keeps long texts through an append, beside an open row and out of a dropped one", () => {
  const encode = (text: string) => new TextEncoder().encode(text);
  const found = new RowBatchBuilder(2);
  for (const [text, isKept] of [["a€", true], ["dropped", false], ["b", true]] as const) {
    found.beginRow();
    found.setLongText(0, encode(text));
    found.setText(1, "short");
    if (isKept) found.endRow();
    else found.dropRow();
  }
  found.beginRow();
  found.setLongText(1, encode("open"));
  const batch = found.take();
  found.endRow();
  const builder = new RowBatchBuilder(2);
  builder.append(batch);
  builder.append(found.take());
  const all = builder.take();
  assert.deepEqual(
    Array.from(all.cells, (_, at) => cellValue(all, at)),
    ["a€", "short", "b", "short", null, "open"],
  );
  assert.equal(transferOf(all).length, 4);
  release(all);
  assert.deepEqual(all.longTexts.map(({ length }) => length), [0, 0, 0]);
});

Deno.test("RowBatchBuilder with bounds fails for a row, for cells and for texts that take too much memory", () => {
  const text = new Uint8Array(memoryLimits.rowBytesMax / 2);
  const fill = (width: number, row: (builder: RowBatchBuilder) => void) => {
    const builder = new RowBatchBuilder(width, { isBounded: true });
    for (let rows = 0; rows < 1_000_000; rows++) {
      builder.beginRow();
      row(builder);
      builder.endRow();
    }
  };
  const rows: readonly [width: number, row: (builder: RowBatchBuilder) => void][] = [
    [3, (builder) => [0, 1, 2].forEach((column) => builder.setLongText(column, text))],
    [200, () => {}],
    [1, (builder) => builder.setText(0, "x".repeat(10_000))],
  ];
  for (const [width, row] of rows) {
    assert.throws(() => fill(width, row), (error) => {
      return error instanceof UnusableError && error.reason === "value-too-large";
    });
  }
});
