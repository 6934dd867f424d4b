import assert from "node:assert/strict";
import { requireFreeSpace } from "../../lib/command/require_free_space.ts";
import { InterruptedError, UsageError } from "../../lib/errors.ts";
import { databaseLimits } from "../../lib/limits.ts";
import { openDatabase } from "../../lib/store/database.ts";
import { recordOf } from "../collect/support.ts";
import { createDatabase, openWriter } from "../support/database.ts";
import { chunkOf, finishedOf } from "../support/rows.ts";
import { TempFolder } from "../support/temp.ts";

const schema = { name: "t", columns: [{ name: "v", type: "TEXT" }] } as const;
const rowBytes = 2_000;

/** A finished run of `count` keys, each with a row of 2,000 bytes. */
async function fill(file: string, count: number, job = "j"): Promise<void> {
  await using store = await openWriter(file, schema);
  const run = await store.beginRun({ job, text: "", identity: "" });
  for (let sequence = 0; sequence < count; sequence++) {
    await store.finish(
      run,
      finishedOf({
        fetches: [recordOf(sequence, { rows: 1 })],
        rowCounts: [1],
        rows: chunkOf([["x".repeat(rowBytes)]]),
      }),
    );
  }
  await store.setKeys(run, count);
  await store.endRun(run, { state: "finished", isCovered: true });
}

Deno.test("requireFreeSpace() estimates from the bytes per key of earlier runs", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  const database = await openDatabase(file);
  const begin = (
    free: number,
    change: { listSize?: number; limit?: number; done?: number; isBegun?: boolean } = {},
  ) =>
    requireFreeSpace({
      database: {
        location: file,
        openReader: () => database.openReader(),
        freeBytes: () => Promise.resolve(free + databaseLimits.freeBytesMin),
      },
      job: "j",
      listSize: undefined,
      limit: undefined,
      done: 0,
      isBegun: false,
      ...change,
    });
  // Without earlier runs only `freeBytesMin` counts.
  await createDatabase(file, schema);
  await begin(0, { listSize: 1e9 });
  await assert.rejects(begin(-1), UsageError);
  await fill(file, 400);
  const million = 1e6 * rowBytes;
  await assert.rejects(
    begin(0.9 * million, { listSize: 1e6 }),
    (error) => error instanceof UsageError && /for its keys as in earlier runs/.test(error.message),
  );
  await begin(1.6 * million, { listSize: 1e6 });
  await begin(0.2 * million, { listSize: 1e6, done: 0.9e6 });
  await begin(0.2 * million, { listSize: 1e6, limit: 1e5 });
  await assert.rejects(begin(0, { listSize: 1e6, isBegun: true }), InterruptedError);
  // Unknown number of keys: as many as in the last run.
  await assert.rejects(begin(0.5 * 400 * rowBytes));
  await begin(2 * 400 * rowBytes);
  // A database with runs of another job gives no estimate.
  await fill(file, 1, "other");
  await begin(0, { listSize: 1e6 });
});
