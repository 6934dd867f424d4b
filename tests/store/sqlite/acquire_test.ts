/**
 * Runs whose process was killed: what a reader says, and what the next start says.
 *
 * @module
 */

import assert from "node:assert/strict";
import { acquire } from "../../../lib/store/sqlite/acquire.ts";
import { openReader, openWriter } from "../../support/database.ts";
import { TempFolder } from "../../support/temp.ts";

const schema = { name: "t", columns: [{ name: "v", type: "ANY" }] } as const;

/** What a reader says of the run: its state, and when it ended. */
async function seenBy(file: string): Promise<unknown[]> {
  await using reader = await openReader(file);
  const run = await reader.run(1);
  const [newest] = await reader.runs(1);
  const [job] = await reader.jobs();
  assert.deepEqual([newest, job?.newest], [run, run]);
  return [run?.state, run?.ended];
}

Deno.test("StoreReader says died of a run that nobody holds the lock of, and the next start keeps that", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  const said: string[] = [];
  const options = { job: "j", log: (text: string) => said.push(text), ignoresFreeSpace: false };
  {
    await using _lock = await acquire(file, options);
    await using store = await openWriter(file, schema);
    await store.beginRun({ job: "j", text: "", identity: "" });
    assert.deepEqual(await seenBy(file), ["running", null]);
  }
  // As after kill -9: the database says that the run is running, and its lock is free.
  const then = new Date("2026-11-20T10:00:00Z");
  await Deno.utime(file, then, then);
  for (const _reader of [1, 2]) assert.deepEqual(await seenBy(file), ["died", "2026-11-20T10:00:00Z"]);
  assert.deepEqual(said, []);
  {
    await using _lock = await acquire(file, options);
    // Another job may be what this start works on.
    assert.deepEqual(await seenBy(file), ["died", "2026-11-20T10:00:00Z"]);
    await using store = await openWriter(file, schema);
    assert.equal((await store.latestRun("j", null))?.state, "died");
    await store.resumeRun(1, { retryFailed: false });
    assert.deepEqual(await seenBy(file), ["running", null]);
    await store.endRun(1, { state: "finished", isCovered: true });
  }
  assert.deepEqual((await seenBy(file))[0], "finished");
  assert.deepEqual(said, [
    "trawl: run 1 of j died after its last write at 2026-11-20T10:00:00Z: its process ended before it could " +
    "store why, as after kill -9 or on a full disk\n",
  ]);
});
