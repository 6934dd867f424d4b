/**
 * A job with several tables, from the answer's bytes to the store: the job file still has one, the code takes any.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Job } from "../../lib/job/job.ts";
import { outboxLimits } from "../../lib/limits.ts";
import { Tokenizer } from "../../lib/json/tokenizer.ts";
import { AnswerCollector } from "../../lib/rows/answer_collector.ts";
import { extractionOf } from "../../lib/rows/extraction.ts";
import type { FoundRows } from "../../lib/rows/fetch_record.ts";
import { schemaOf } from "../../lib/rows/table_schema.ts";
import { AttemptRunner } from "../../lib/worker/attempt.ts";
import { Outbox } from "../../lib/worker/outbox.ts";
import type { ToStore } from "../../lib/worker/protocol.ts";
import { collected, columnsOf, jobOf, recordOf } from "../collect/support.ts";
import { clientOf, HandlerServer } from "../http/support.ts";
import { leftOf, openWriter, query } from "../support/database.ts";
import { TempFolder } from "../support/temp.ts";

/** Issues, the labels within each of them, and how many events there are per minute. */
function threeTables(url: string): Job {
  const [issues] = jobOf(url).tables;
  return {
    ...jobOf(url, { accept: { count: "$.n" } }),
    tables: [
      { ...issues, name: "issues", columns: columnsOf({ id: "integer", title: "text" }) },
      { ...issues, name: "labels", path: "$.r[*].labels[*]", columns: columnsOf({ name: "text" }) },
      {
        ...issues,
        name: "events",
        path: "$.events[*]",
        columns: columnsOf({ at: "time" }),
        count: { by: "at", everyMs: 60_000 },
      },
    ],
  };
}

/** A collector that has read a whole answer, and from which nothing was taken. */
function read(job: Job, json: string): AnswerCollector {
  const extraction = extractionOf(job, undefined);
  const collector = new AnswerCollector(extraction);
  const tokenizer = new Tokenizer(extraction.query, collector);
  tokenizer.process(json);
  tokenizer.finalize();
  return collector;
}

const issuesJson = `{"n": 2, "r": [
  {"id": 1, "labels": [{"name": "bug"}, {"name": "ui"}], "title": "first"},
  {"labels": [], "id": 2, "title": "second", "name": "not a label's"}
], "events": [{"at": 1}, {"at": 59}, {"at": 61}]}`;

Deno.test("AnswerCollector keeps the rows of several tables apart, also where they lie within each other", () => {
  const { collector, rows } = collected(threeTables("http://x"), issuesJson);
  assert.deepEqual(rows, [[1n, "first"], [2n, "second"], ["bug"], ["ui"], [0n, 2n], [60n, 1n]]);
  assert.deepEqual(collector.tables.map(({ selected }) => selected), [2, 2, 3]);
  assert.deepEqual([collector.selected, collector.kept, collector.count], [2, 7, 2]);
});

Deno.test("AnswerCollector holds no more than a message over all tables together", () => {
  const job = threeTables("http://x");
  const label = '{"name": "x"},'.repeat(1_000).slice(0, -1);
  const issue = `{"id": 1, "title": "t", "labels": [${label}]}`;
  const collector = read(job, `{"r": [${Array(40).fill(issue).join()}]}`);
  const fill = () => collector.tables.reduce((sum, table) => sum + table.fill, 0);
  assert.ok(fill() > 1);
  const batch = collector.take();
  assert.deepEqual([batch?.table, batch?.first, batch?.rows.rows], ["labels", 0, 40_000]);
  assert.ok(fill() < 1);
  assert.equal(collector.take(), undefined);
});

Deno.test("Outbox sends one message once several tables fill it together", async () => {
  const sent: ToStore[] = [];
  const collector = read(threeTables("http://x"), issuesJson);
  const [issues, labels] = collector.tables.map((table) => table.take().rows);
  assert.ok(issues !== undefined && labels !== undefined);
  const tables = [{ name: "issues", width: 2 }, { name: "labels", width: 1 }];
  const outbox = new Outbox({ tables, send: (message) => sent.push(message), waited: () => {} });
  const perFetch = (4 + 2) / outboxLimits.messageCellsMax;
  let count = 0;
  // A message by its fetches would come before one by its values.
  assert.ok(outboxLimits.messageFetchesMax * perFetch < 1);
  for (; sent.length === 0; count++) {
    await outbox.finish(recordOf(count), [issues, labels]);
    await Promise.resolve();
  }
  assert.equal(count, outboxLimits.messageFetchesMax);
  const [message] = sent;
  assert.ok(message?.type === "finished");
  for (const { rowCounts, rows } of message.chunk.tables) {
    assert.deepEqual([rowCounts.length, rows.rows], [count, 2 * count]);
  }
  outbox.acknowledged();
  await outbox.close();
});

for (const labels of [3, 60_000]) {
  Deno.test(`an answer with ${labels} rows for the second of three tables is stored whole, and voided whole`, async () => {
    using folder = new TempFolder();
    const file = folder.file("a.db");
    await using server = new HandlerServer(() =>
      Response.json({
        n: 1,
        r: [{
          id: 7,
          title: "seven",
          labels: Array.from({ length: labels }, (_, n) => ({ name: `l${n % 9}` })),
        }],
        events: [{ at: 5 }, { at: 6 }],
      })
    );
    const job = threeTables(server.url);
    using client = clientOf(server);
    await using store = await openWriter(file, ...job.tables.map(schemaOf));
    const run = await store.beginRun({ job: "j", text: "t", identity: "s" });
    const runner = new AttemptRunner(job, { window: undefined, client });
    const writes: Promise<void>[] = [];
    const outbox = new Outbox({
      tables: runner.tables,
      send: (message) => {
        const written = message.type === "staged"
          ? store.stage(run, message.part)
          : message.type === "finished"
          ? store.finish(run, message.chunk)
          : store.unstage(run, message.sequence, message.sequence + 1);
        writes.push(written.then(() => outbox.acknowledged()));
      },
      waited: () => {},
    });
    const ask = async (sequence: number): Promise<readonly FoundRows[]> => {
      const attempt = await runner.ask(
        [{ key: String(sequence) }],
        (batch) => outbox.stage(sequence, batch),
      );
      assert.ok(attempt.verdict === "ok", JSON.stringify(attempt));
      assert.equal(attempt.kept, 1 + labels + 2);
      return attempt.rows;
    };
    const found = await ask(0);
    assert.deepEqual(
      found.map((rows) => rows === "staged" ? rows : rows.rows),
      [1, labels > 16_384 ? "staged" : labels, 1],
    );
    await outbox.finish(recordOf(0, { rows: 1 + labels + 2 }), found);
    await ask(1);
    outbox.discard(1);
    await outbox.close();
    await Promise.all(writes);
    const first = run * 1e10;
    assert.deepEqual(query(file, "SELECT fetch, row, id, title FROM issues"), [[first, 0, 7, "seven"]]);
    assert.deepEqual(query(file, "SELECT fetch, count(*), min(row), max(row), min(name) FROM labels"), [
      [first, labels, 0, labels - 1, "l0"],
    ]);
    assert.deepEqual(query(file, "SELECT fetch, at, count FROM events"), [[first, 0, 2]]);
    for (const { name } of job.tables) assert.deepEqual(query(file, leftOf(name)), [[0, 0]]);
  });
}

Deno.test("StoreWriter refuses rows for a table that the job does not have", async () => {
  using folder = new TempFolder();
  const [issues] = threeTables("http://x").tables;
  await using store = await openWriter(folder.file("a.db"), schemaOf(issues));
  const run = await store.beginRun({ job: "j", text: "t", identity: "s" });
  const [table] = read(jobOf("http://x"), '{"r": [{"v": 1}]}').tables;
  assert.ok(table !== undefined);
  const part = { sequence: 0, ...table.take(), table: "labels" };
  await assert.rejects(store.stage(run, part), { name: "RangeError", message: /no such table/ });
});
