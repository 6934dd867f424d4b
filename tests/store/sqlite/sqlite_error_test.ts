import assert from "node:assert/strict";
import { InterruptedError, messageOf, UsageError } from "../../../lib/errors.ts";
import { openForWriting } from "../../../lib/store/sqlite/connection.ts";
import { explain } from "../../../lib/store/sqlite/sqlite_error.ts";
import { TempFolder } from "../../support/temp.ts";

Deno.test("explain() explains SQLite's errors about the file, and returns other errors unchanged", () => {
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
        /^Cannot write the database ".*": the disk is full, \S+ [KMGT]iB free; free some space, then run the same command again$/
          .test(told.message);
    });
  }
  db.exec("PRAGMA query_only = ON");
  for (const [isBegun, kind] of [[true, InterruptedError], [false, UsageError]] as const) {
    assert.throws(() => db.exec("DELETE FROM t"), (error) => {
      const told = explain(error, file, { isBegun });
      return told instanceof kind &&
        /: the file, its folder or its disk is read-only; /.test(messageOf(told));
    });
  }
  const other = new TypeError("database or disk is full");
  assert.equal(explain(other, file, { isBegun: true }), other);
});
