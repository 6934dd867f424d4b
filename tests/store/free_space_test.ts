import assert from "node:assert/strict";
import { refuseWithoutRoom } from "../../lib/command/require_free_space.ts";
import { InterruptedError, messageOf, UsageError } from "../../lib/errors.ts";
import { databaseLimits } from "../../lib/limits.ts";
import { openForWriting } from "../../lib/store/sqlite/connection.ts";
import { StoreWriter } from "../../lib/store/sqlite/writer.ts";
import { explain } from "../../lib/store/sqlite/sqlite_error.ts";
import { recordOf } from "../collect/support.ts";
import { chunkOf } from "../support/rows.ts";
import { TempFolder } from "../support/temp.ts";

const shape = { name: "t", columns: [{ name: "v", type: "TEXT" }] } as const;
const rowBytes = 2_000;

/** A finished run of so many keys, each with a row of 2,000 bytes. */
async function fill(file: string, count: number, job = "j"): Promise<void> {
  using store = StoreWriter.open(file, shape);
  const run = await store.beginRun({ job, text: "", sha256: "" });
  for (let sequence = 0; sequence < count; sequence++) {
    await store.finish(run, {
      fetches: [recordOf(sequence, { rows: 1 })],
      rowCounts: [1],
      rows: chunkOf([["x".repeat(rowBytes)]]),
    });
  }
  await store.setKeys(run, count);
  await store.endRun(run, "finished", null);
}

Deno.test("refuseWithoutRoom() forecasts from what earlier runs took for each key", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  const begin = (
    free: number,
    change: { listSize?: number; limit?: number; done?: number; isBegun?: boolean } = {},
  ) =>
    refuseWithoutRoom({
      database: file,
      job: "j",
      listSize: undefined,
      limit: undefined,
      done: 0,
      isBegun: false,
      free: () => free + databaseLimits.freeBytesMin,
      ...change,
    });
  // Nothing is known yet, but what is to stay free.
  StoreWriter.open(file, shape)[Symbol.dispose]();
  begin(0, { listSize: 1e9 });
  assert.throws(() => begin(-1), UsageError);
  await fill(file, 400);
  const million = 1e6 * rowBytes;
  for (const [share, fits] of [[0.9, false], [1.6, true]] as const) {
    const one = () => begin(share * million, { listSize: 1e6 });
    if (fits) one();
    else {assert.throws(one, (error) =>
        error instanceof UsageError && /for its keys as in earlier runs/.test(error.message));}
  }
  begin(0.2 * million, { listSize: 1e6, done: 0.9e6 });
  begin(0.2 * million, { listSize: 1e6, limit: 1e5 });
  assert.throws(() => begin(0, { listSize: 1e6, isBegun: true }), InterruptedError);
  // As many keys as the last time, where nobody knows yet.
  assert.throws(() => begin(0.5 * 400 * rowBytes));
  begin(2 * 400 * rowBytes);
  // What another job's keys take says nothing.
  await fill(file, 1, "other");
  begin(0, { listSize: 1e6 });
});

Deno.test("explain() tells from SQLite's errors what is wrong with a file, and leaves others alone", () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  using db = openForWriting(file);
  db.exec("CREATE TABLE t (v); PRAGMA max_page_count = 40");
  for (const by of ["exec", "run"] as const) {
    const write = () => {
      const sql =
        "INSERT INTO t SELECT randomblob(8000) FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8))";
      for (let i = 0; i < 20; i++) by === "exec" ? db.exec(sql) : db.prepare(sql).run();
    };
    assert.throws(write, (error) => {
      const told = explain(new SuppressedError(new Error("closing"), error), file, { isBegun: true });
      return told instanceof InterruptedError &&
        /^Cannot write the database ".*" as its disk is full: \d+ MiB are free; free some space, then the same command goes on$/
          .test(told.message);
    });
  }
  db.exec("PRAGMA query_only = ON");
  for (const [isBegun, kind] of [[true, InterruptedError], [false, UsageError]] as const) {
    assert.throws(() => db.exec("DELETE FROM t"), (error) => {
      const told = explain(error, file, { isBegun });
      return told instanceof kind && /as it must be writable: /.test(messageOf(told));
    });
  }
  const other = new TypeError("database or disk is full");
  assert.equal(explain(other, file, { isBegun: true }), other);
});
