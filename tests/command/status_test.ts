/**
 * `trawl status --json`: one object, whatever is asked.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { noRows } from "../../lib/rows/row_batch.ts";
import { recordOf } from "../collect/support.ts";
import { openWriter } from "../support/database.ts";
import { runCommand } from "../support/in_process.ts";
import { finishedOf } from "../support/rows.ts";
import { TempFolder } from "../support/temp.ts";

const window = { start: "2026-11-20T00:00:00Z", end: "2026-11-21T00:00:00Z" };

/** A database with a run of three keys, one of which failed. */
async function withRun(work: (file: string) => Promise<void>): Promise<void> {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  {
    await using store = await openWriter(file, { name: "t", columns: [{ name: "v", type: "ANY" }] });
    const id = await store.beginRun({ job: "days", text: "", identity: "", window });
    const detail = '{"status":"error","status_code":503}';
    const failed = recordOf(1, { verdict: "failed", reason: "http-503", status: 503, detail });
    const fetches = [recordOf(0), failed, recordOf(2)];
    await store.finish(id, finishedOf({ fetches, rowCounts: [0, 0, 0], rows: noRows }));
    await store.setKeys(id, 3);
    await store.endRun(id, { state: "finished", isCovered: true });
  }
  await work(file);
}

Deno.test("trawl status --json prints one object with the file, the runs and the jobs, and nothing else", async () => {
  await withRun(async (file) => {
    const { code, stdout, stderr } = await runCommand(["status", file, "--json"]);
    assert.deepEqual([code, stderr], [0, ""]);
    const { runs, jobs, ...rest } = JSON.parse(stdout);
    assert.deepEqual(Object.keys(rest), ["database", "bytes", "freeBytes", "damage", "isPartlyChecked"]);
    assert.deepEqual(rest.damage, []);
    const [{ failures, started: _started, ended: _ended, ...run }] = runs;
    assert.deepEqual(run, {
      run: 1,
      job: "days",
      windowStart: window.start,
      windowEnd: window.end,
      state: "finished",
      reason: null,
      coverage: 2 / 3,
      keys: 3,
      ok: 2,
      empty: 0,
      unchanged: 0,
      failed: 1,
      pending: 0,
      rows: run.rows,
      bytes: run.bytes,
      attempts: run.attempts,
    });
    assert.deepEqual(failures, [{
      reason: "http-503",
      count: 1,
      example: "1",
      detail: '{"status":"error","status_code":503}',
    }]);
    assert.deepEqual(
      jobs.map((
        job: { readonly job: string; readonly newest: { readonly run: number } },
      ) => [job.job, job.newest.run]),
      [["days", 1]],
    );
  });
});

Deno.test("trawl status --check --json prints the judgement as an object", async () => {
  await withRun(async (file) => {
    const { code, stdout } = await runCommand(["status", file, "--check", "--json"]);
    assert.equal(code, 3);
    const { isWell, text, jobs: [job] } = JSON.parse(stdout);
    assert.equal(isWell, false);
    assert.match(text, /^not ok: days: 2026-11-20 finished .* coverage 66\.66 %: below 99\.00 %$/);
    assert.deepEqual([job.job, job.problem, job.finished.failed], ["days", "low-coverage", 1]);
    const well = await runCommand(["status", file, "--check", "--min-coverage", "0.5", "--json"]);
    assert.deepEqual([well.code, JSON.parse(well.stdout).isWell], [0, true]);
  });
});

Deno.test("trawl status --failed --json prints one object with all failed keys", async () => {
  await withRun(async (file) => {
    const { stdout } = await runCommand(["status", file, "--failed", "--json"]);
    const { run, failedKeys } = JSON.parse(stdout);
    assert.equal(run, 1);
    assert.deepEqual(failedKeys.map(({ reason }: { readonly reason: string }) => reason), ["http-503"]);
    assert.match(failedKeys[0].detail, /"status_code":503/);
  });
});

Deno.test("trawl status --failed --verbose shows what the server said", async () => {
  await withRun(async (file) => {
    const { stdout } = await runCommand(["status", file, "--failed", "--verbose"]);
    assert.match(stdout, /^\S+\thttp-503\t503\t\d+\t\{"status":"error","status_code":503\}\n$/);
    const { stdout: short } = await runCommand(["status", file, "--failed"]);
    assert.match(short, /^\S+\thttp-503\t503\t\d+\n$/);
  });
});

Deno.test("trawl status --check names damage and exits with 1, whatever the runs say", async () => {
  await withRun(async (file) => {
    const check = ["status", file, "--check", "--min-coverage", "0.5"];
    assert.equal((await runCommand(check)).code, 0);
    {
      using db = new DatabaseSync(file);
      db.exec("UPDATE _trawl_run SET ok = ok + 1");
    }
    const { code, stdout, stderr } = await runCommand([...check, "--json"]);
    assert.equal(code, 1);
    assert.equal(JSON.parse(stdout).jobs.length, 1);
    assert.match(stderr, /is damaged: /);
  });
});
