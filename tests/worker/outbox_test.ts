import assert from "node:assert/strict";
import { delay } from "@std/async/delay";
import fc from "fast-check";
import type { ToStore } from "../../lib/worker/protocol.ts";
import { Outbox } from "../../lib/worker/outbox.ts";
import { outboxLimits } from "../../lib/limits.ts";
import { noRows, type RowBatch } from "../../lib/rows/row_batch.ts";
import { chunkOf } from "../support/rows.ts";
import { recordOf } from "../collect/support.ts";
import { assertProperty } from "../support/property.ts";

/** Rows of one column. */
function column(values: readonly (number | string)[]): RowBatch {
  return chunkOf(values.map((value) => [value]));
}

/** An outbox, and a store that takes messages on demand. */
function stalled(width = 1, names = ["t"]) {
  const sent: ToStore[] = [];
  let under = 0;
  let most = 0;
  let waitedMs = 0;
  const outbox = new Outbox({
    tables: names.map((name) => ({ name, width })),
    send: (message) => {
      sent.push(message);
      most = Math.max(most, ++under);
    },
    waited: (ms) => waitedMs += ms,
  });
  return {
    outbox,
    sent,
    take: () => {
      under--;
      outbox.acknowledged();
    },
    under: () => under,
    most: () => most,
    waitedMs: () => waitedMs,
  };
}

/** Takes messages until there are none, and none comes. */
async function takeAll(store: ReturnType<typeof stalled>): Promise<void> {
  for (let idle = 0; idle < 3; idle++) {
    for (; store.under() > 0; idle = 0) {
      store.take();
      await delay(0);
    }
    await delay(0);
  }
}

/** Sequences of finished fetches in the order in which they were sent. */
function sequencesOf(sent: readonly ToStore[]): number[] {
  return sent.flatMap((message) =>
    message.type === "finished" ? message.chunk.fetches.map(({ sequence }) => sequence) : []
  );
}

Deno.test("Outbox sends a few fetches together, after a moment", async () => {
  const { outbox, sent, take } = stalled(2);
  const rows = [[1n, "a"], [2n, "b"], [3.5, "a"]];
  await outbox.finish(recordOf(0, { rows: 2 }), [chunkOf(rows.slice(0, 2))]);
  await outbox.finish(recordOf(1), [noRows]);
  await outbox.finish(recordOf(2), ["staged"]);
  await outbox.finish(recordOf(3, { rows: 1 }), [chunkOf(rows.slice(2))]);
  assert.equal(sent.length, 0);
  await delay(outboxLimits.messageDelayMs * 2);
  assert.deepEqual(sent, [{
    type: "finished",
    chunk: {
      fetches: [recordOf(0, { rows: 2 }), recordOf(1), recordOf(2), recordOf(3, { rows: 1 })],
      tables: [{ table: "t", rowCounts: [2, 0, "staged", 1], rows: chunkOf(rows) }],
    },
  }]);
  take();
  await outbox.close();
});

Deno.test("Outbox sends at once what is a full message by fetches, values or characters", async () => {
  const answers: readonly (readonly [(string | number)[], number])[] = [
    [[], outboxLimits.messageFetchesMax],
    [new Array<number>(1_000).fill(1), Math.ceil(outboxLimits.messageCellsMax / 1_000)],
    [["x".repeat(10_000)], Math.ceil(outboxLimits.messageCharsMax / 10_000)],
  ];
  for (const [values, count] of answers) {
    const store = stalled();
    const rows = column(values);
    for (let n = 0; n < count - 1; n++) await store.outbox.finish(recordOf(n), [rows]);
    await delay(0);
    assert.equal(store.sent.length, 0);
    await store.outbox.finish(recordOf(count - 1), [rows]);
    await delay(0);
    assert.equal(store.sent.length, 1);
    store.take();
    await store.outbox.close();
  }
});

Deno.test("Outbox has no more messages under way than it may, however many are waiting", async () => {
  const store = stalled();
  const callers = 200;
  let done = 0;
  const large = column(new Array<number>(outboxLimits.messageCellsMax).fill(1));
  const all = Array.from({ length: callers }, async (_, n) => {
    if (n % 3 === 0) await store.outbox.stage(n, { table: "t", first: 0, rows: column([1]) });
    await store.outbox.finish(recordOf(n), [n % 3 === 0 ? "staged" : n % 3 === 1 ? large : column([1])]);
    done++;
  });
  await delay(outboxLimits.messageDelayMs * 3);
  assert.equal(store.under(), outboxLimits.unacknowledgedMax);
  assert.ok(done < callers / 2, String(done));
  const closing = Promise.all(all).then(() => store.outbox.close());
  await takeAll(store);
  await closing;
  assert.equal(store.most(), outboxLimits.unacknowledgedMax);
  assert.deepEqual(
    sequencesOf(store.sent).toSorted((a, b) => a - b),
    Array.from({ length: callers }, (_, n) => n),
  );
  assert.ok(store.waitedMs() > 0);
});

Deno.test("Outbox never sends more than a full message and one answer at once", async () => {
  const store = stalled();
  const rows = column(new Array<number>(5_000).fill(1));
  const all = Array.from(
    { length: 100 },
    (_, n) => store.outbox.finish(recordOf(n, { rows: 5_000 }), [rows]),
  );
  const closing = Promise.all(all).then(() => store.outbox.close());
  await takeAll(store);
  await closing;
  for (const message of store.sent) {
    if (message.type === "finished") {
      assert.ok((message.chunk.tables[0]?.rows.rows ?? NaN) < outboxLimits.messageCellsMax + rows.rows);
    }
  }
});

Deno.test("Outbox does not send by its timer what there is no room for", async () => {
  const store = stalled();
  for (let n = 0; n < outboxLimits.unacknowledgedMax; n++) {
    await store.outbox.stage(n, { table: "t", first: 0, rows: column([1]) });
  }
  for (let n = 0; n < 3; n++) {
    await store.outbox.finish(recordOf(n), [noRows]);
    await delay(outboxLimits.messageDelayMs * 1.5);
  }
  assert.equal(store.sent.length, outboxLimits.unacknowledgedMax);
  store.take();
  await delay(0);
  assert.deepEqual(sequencesOf(store.sent), [0, 1, 2]);
  const closing = store.outbox.close();
  await takeAll(store);
  await closing;
});

Deno.test("Outbox keeps the order: what is staged, then void, then staged again, then finished", async () => {
  const store = stalled();
  const { outbox, sent } = store;
  const talking = (async () => {
    for (const first of [0, 10]) await outbox.stage(7, { table: "t", first, rows: column([1]) });
    outbox.discard(7);
    for (const first of [0, 10, 20, 30]) await outbox.stage(7, { table: "t", first, rows: column([1]) });
    await outbox.finish(recordOf(7), ["staged"]);
    await outbox.close();
  })();
  await takeAll(store);
  await talking;
  const order = sent.map((message) => message.type === "staged" ? message.part.first : message.type);
  assert.deepEqual(order, [0, 10, "discarded", 0, 10, 20, 30, "finished"]);
});

Deno.test("Outbox.close() resolves when the last message is taken, and not before", async () => {
  const store = stalled();
  await store.outbox.finish(recordOf(0), [noRows]);
  store.outbox.discard(3);
  let isClosed = false;
  const closing = store.outbox.close().then(() => isClosed = true);
  await delay(0);
  assert.deepEqual([store.under(), isClosed], [2, false]);
  store.take();
  await delay(0);
  assert.equal(isClosed, false);
  store.take();
  await closing;
  await new Outbox({ tables: [{ name: "t", width: 1 }], send: () => assert.fail(), waited: () => {} })
    .close();
});

Deno.test("Outbox loses nothing, doubles nothing and never stands still, whatever is called when", async () => {
  const call = fc.record({
    what: fc.constantFrom("finish", "stage", "discard", "take", "yield"),
    size: fc.constantFrom(0, 1, 9_000, 20_000),
  });
  await assertProperty(
    fc.asyncProperty(fc.array(call, { maxLength: 60 }), async (calls) => {
      const store = stalled();
      const pending: Promise<void>[] = [];
      let discarded = 0;
      for (const [index, { what, size }] of calls.entries()) {
        const rows = column(new Array<number>(size).fill(1));
        if (what === "finish") pending.push(store.outbox.finish(recordOf(index), [rows]));
        else if (what === "stage") pending.push(store.outbox.stage(index, { table: "t", first: 0, rows }));
        else if (what === "discard") store.outbox.discard(index), discarded++;
        else if (what === "take" && store.under() > 0) store.take();
        else await Promise.resolve();
      }
      const closing = Promise.all(pending).then(() => store.outbox.close());
      await takeAll(store);
      await closing;
      const indexesOf = (what: string) => calls.flatMap((call, index) => call.what === what ? [index] : []);
      assert.deepEqual(sequencesOf(store.sent).toSorted((a, b) => a - b), indexesOf("finish"));
      assert.equal(store.sent.filter(({ type }) => type === "staged").length, indexesOf("stage").length);
      assert.ok(store.most() <= outboxLimits.unacknowledgedMax + discarded);
    }),
    { numRuns: 60 },
  );
});
