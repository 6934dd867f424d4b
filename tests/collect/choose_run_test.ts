import assert from "node:assert/strict";
import {
  type ChoiceOptions,
  chooseRun,
  limitedReason,
  type RunChoice,
  type RunRequest,
} from "../../lib/collect/choose_run.ts";
import type { Job, Window } from "../../lib/job/job.ts";
import { noRows } from "../../lib/rows/row_batch.ts";
import type { StoreWriter } from "../../lib/store/database.ts";
import { jobOf, recordOf } from "./support.ts";
import { openWriter, query } from "../support/database.ts";
import { finishedOf } from "../support/rows.ts";
import { TempFolder } from "../support/temp.ts";

const schema = { name: "t", columns: [{ name: "v", type: "ANY" }] } as const;
const window: Window = { startMs: Date.UTC(2026, 10, 20), endMs: Date.UTC(2026, 10, 21) };
const plain = { isNew: false, retryFailed: false };

async function withStore(work: (store: StoreWriter, file: string) => Promise<void>): Promise<void> {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await using store = await openWriter(file, schema);
  await work(store, file);
}

async function begun(
  store: StoreWriter,
  of: Window | undefined,
  wishes: Partial<RunRequest> & { readonly job?: Job } = {},
): Promise<RunChoice> {
  const { job = jobOf("http://x"), ...request } = wishes;
  const choice = await chooseRun(store, job, { ...plain, ...request, window: of });
  assert.ok(!("finished" in choice));
  return choice;
}

Deno.test("chooseRun() begins a run where there is none, with its window", async () => {
  await withStore(async (store, file) => {
    const choice = await begun(store, window);
    assert.deepEqual([choice.id, choice.isResumed, choice.list, choice.counts.ok], [1, false, undefined, 0]);
    assert.deepEqual(query(file, "SELECT window_start, window_end, state FROM runs"), [
      ["2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", "running"],
    ]);
  });
});

for (const each of [window, undefined]) {
  const name = each === undefined ? "no window" : "a window";
  Deno.test(`chooseRun() resumes the unfinished run of ${name}, however it ended`, async () => {
    await withStore(async (store) => {
      const { id } = await begun(store, each);
      await store.finish(id, finishedOf({ fetches: [recordOf(0)], rowCounts: [0], rows: noRows }));
      for (
        const end of [
          () => Promise.resolve(),
          () => store.endRun(id, { state: "interrupted", reason: "stopped" }),
        ]
      ) {
        await end();
        const choice = await begun(store, each);
        assert.deepEqual([choice.id, choice.isResumed, choice.counts.ok], [id, true, 1]);
      }
      const fresh = await begun(store, each, { isNew: true });
      assert.deepEqual([fresh.id, fresh.isResumed], [id + 1, false]);
    });
  });
}

Deno.test("chooseRun() skips a finished window, and starts a new run for a job without windows", async () => {
  await withStore(async (store) => {
    for (const each of [window, undefined]) {
      const { id } = await begun(store, each);
      await store.endRun(id, { state: "finished", isCovered: true });
      await store.setReported(id);
    }
    const job = jobOf("http://x");
    const finished = async (options: ChoiceOptions) => {
      const choice = await chooseRun(store, job, options);
      return "finished" in choice ? choice.finished.id : undefined;
    };
    assert.equal(await finished({ ...plain, window }), 1);
    assert.equal(await finished({ isNew: false, retryFailed: true, window: undefined }), 2);
    const second = await begun(store, undefined);
    assert.deepEqual([second.id, second.isResumed, second.follows], [3, false, 2]);
    const fresh = await begun(store, window, { isNew: true });
    assert.deepEqual([fresh.id, fresh.follows], [4, 1]);
  });
});

Deno.test("chooseRun() repeats no finished run that was not reported, unless the job is another one", async () => {
  await withStore(async (store, file) => {
    const { id } = await begun(store, undefined);
    await store.endRun(id, { state: "finished", isCovered: true });
    const job = jobOf("http://x");
    const choice = await chooseRun(store, job, { ...plain, window: undefined });
    assert.ok("finished" in choice && choice.finished.reported === null);
    assert.equal((await begun(store, undefined, { job: jobOf("http://y") })).id, id + 1);
    await store.endRun(id + 1, { state: "interrupted", reason: "stopped" });
    assert.equal((await begun(store, undefined, { isNew: true })).id, id + 2);
    await store.setReported(id);
    assert.match(String(query(file, `SELECT reported FROM runs WHERE id = ${id}`)), /^\d{4}-.*Z$/);
  });
});

Deno.test("chooseRun() resumes a finished run to ask its failed keys again", async () => {
  await withStore(async (store, file) => {
    const { id } = await begun(store, window);
    const failed = recordOf(1, { verdict: "failed", reason: "cut" });
    await store.finish(id, finishedOf({ fetches: [recordOf(0), failed], rowCounts: [0, 0], rows: noRows }));
    await store.endRun(id, { state: "finished", isCovered: true });
    const choice = await begun(store, window, { retryFailed: true });
    assert.deepEqual([choice.id, choice.counts.ok, choice.counts.failed], [id, 1, 0]);
    assert.deepEqual(query(file, "SELECT state, ok, failed FROM runs"), [["running", 1, 0]]);
  });
});

Deno.test("chooseRun() starts a new run when a limited run belongs to another job of that name", async () => {
  await withStore(async (store) => {
    const { id } = await begun(store, window);
    await store.endRun(id, { state: "interrupted", reason: limitedReason(100) });
    const same = await begun(store, window);
    assert.deepEqual([same.id, same.isResumed], [id, true]);
    await store.endRun(id, { state: "interrupted", reason: limitedReason(100) });
    const changed = await begun(store, window, { job: jobOf("http://y") });
    assert.deepEqual([changed.id, changed.isResumed], [id + 1, false]);
    assert.deepEqual(changed.replaces, { id, done: 0, changed: ["request.url"] });
  });
});

Deno.test("chooseRun() refuses a window that overlaps with one of another length", async () => {
  await withStore(async (store) => {
    await store.endRun((await begun(store, window)).id, { state: "finished", isCovered: true });
    const hour = 3_600_000;
    for (
      const startMs of [window.startMs, window.startMs + hour, window.endMs - hour, window.startMs - hour]
    ) {
      const isApart = startMs < window.startMs;
      const choice = begun(store, { startMs, endMs: startMs + hour });
      if (isApart) assert.equal((await choice).isResumed, false);
      else {await assert.rejects(choice, {
          message: /overlaps with 2026-11-20T00:00:00Z\/2026-11-21T00:00:00Z of run 1/,
        });}
    }
    const week = { startMs: window.startMs - 7 * 24 * hour, endMs: window.endMs };
    await assert.rejects(begun(store, week, { isNew: true }), {
      name: "UsageError",
      message: /window\.every has/,
    });
  });
});

Deno.test("chooseRun() refuses to mix two jobs of one name, and takes the new one for a new run", async () => {
  await withStore(async (store, file) => {
    await begun(store, window);
    const job = jobOf("http://y");
    await assert.rejects(chooseRun(store, job, { ...plain, window }), {
      name: "UsageError",
      message: 'Cannot resume run 1 of "job" for 2026-11-20T00:00:00Z: request.url has changed since; ' +
        "finish the run with the old job, or start a new run with --new",
    });
    const fresh = await begun(store, window, { job, isNew: true });
    assert.deepEqual([fresh.id, fresh.replaces], [2, { id: 1, done: 0, changed: [] }]);
    assert.deepEqual(query(file, "SELECT state, reason FROM runs WHERE id = 1"), [
      ["interrupted", "given up for a new run"],
    ]);
  });
});
