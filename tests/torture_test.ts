/**
 * A short torture campaign with fixed seeds, and tests that a campaign detects each kind of damage.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { startSimulator } from "../lib/simulate/simulator.ts";
import { day } from "./support/ripestat_job.ts";
import { TempFolder } from "./support/temp.ts";
import { trawl } from "./support/trawl.ts";
import { checkRun } from "./torture/check.ts";
import { jobText, runSchedule } from "./torture/run.ts";
import { type Schedule, scheduleOf } from "./torture/schedule.ts";
import { illnesses } from "./torture/torn.ts";

/** A run with kill -9, a Worker in a busy loop and an API that is down for a while; and one that fills the disk. */
const seeds = [4_242, 119] as const;

Deno.test("scheduleOf() follows from the seed only, and 200 schedules have every kind of disturbance", () => {
  const schedules = Array.from({ length: 200 }, (_, index) => scheduleOf(index + 1));
  assert.deepEqual(scheduleOf(7), schedules[6]);
  const starts = schedules.flatMap((schedule) => schedule.starts);
  const ill = new Set(starts.flatMap((start) => start.ill.map(({ how }) => how)));
  assert.deepEqual(ill, new Set(illnesses));
  const kinds = new Set(schedules.flatMap(({ api }) => api.faults?.map(({ kind }) => kind) ?? []));
  // A run cannot detect the fault `empty`: the answer is valid.
  assert.equal(kinds.size, 17);
  const has = (one: (schedule: Schedule) => boolean) => assert.ok(schedules.some(one), String(one));
  has(({ jumps }) => jumps.some(({ byMs }) => byMs < 0));
  has(({ lasting }) => lasting.length > 0);
  has(({ api }) => api.faults?.some(({ forMs }) => forMs !== undefined) ?? false);
  has(({ starts }) => starts.some(({ kill }) => kill?.signal === "SIGKILL"));
  has(({ starts }) => starts.some(({ kill }) => kill?.signal === "SIGTERM"));
  has(({ starts }) => starts.some(({ lock }) => lock?.how === "read"));
  has(({ starts }) => starts.some(({ lock }) => lock?.how === "write"));
  has(({ starts }) => starts.some(({ fileKiBMax }) => fileKiBMax !== undefined));
});

/** Damages to a finished database, and what checkRun() must report. */
const wrongs: readonly (readonly [string, string, Partial<Record<"lost" | "doubled", number>>, RegExp])[] = [
  [
    "a row is lost",
    "UPDATE _trawl_updates_span SET last = last - 1 WHERE fetch = one",
    { lost: 1 },
    /has lost 1 rows/,
  ],
  [
    "rows are written twice",
    `INSERT INTO _trawl_updates_span SELECT fetch, last - first + 1, first, last FROM _trawl_updates_span WHERE fetch = one`,
    { doubled: 5 },
    /and 5 too many/,
  ],
  ["a key is lost", "DELETE FROM _trawl_fetch WHERE id = one", { lost: 1 }, /has 1 fetches or none/],
  [
    "a failure is a zero",
    "DELETE FROM _trawl_updates_span WHERE fetch = one; UPDATE _trawl_fetch SET verdict = 'empty', rows = 0 WHERE id = one",
    { lost: 5 },
    /is empty, not ok/,
  ],
  [
    "a key fails for no reason",
    "DELETE FROM _trawl_updates_span WHERE fetch = one; UPDATE _trawl_fetch SET verdict = 'failed', reason = 'cut' WHERE id = one",
    {},
    /failed for cut, which must be no failure/,
  ],
  ["rows change places", "UPDATE _trawl_updates_data SET ts = 1 - ts", {}, /has lost 5 rows, and 5 too many/],
  ["something stays staged", "INSERT INTO _trawl_updates_staged VALUES (1, 0, 1, 1)", {}, /AS staged/],
  ["a sum is wrong", "UPDATE _trawl_run SET rows = rows + 1", {}, /is 1,0,1,1, not 1,1,1,1/],
];

Deno.test("checkRun() finds no problem in a correct run, and every damage", async () => {
  using folder = new TempFolder();
  const api = { ripestat: { asns: 10, updatesMax: 50, sizes: { "100": 5 } } };
  const schedule = { ...scheduleOf(1), api, lasting: [] };
  const job = { ...schedule.job, isCounted: false };
  const db = folder.file("a.db");
  const simulator = await startSimulator(api);
  try {
    const file = folder.file("job.toml", jobText({ ...schedule, job }, simulator.url));
    const { code, stderr } = await trawl(["run", file, "--db", db, "--window", day]);
    assert.equal(code, 0, stderr);
    const keys = (await (await fetch(`${simulator.url}/simulator/keys`)).json()).map(String);
    const right = checkRun(db, { ...schedule, job }, { keys });
    assert.deepEqual([right.keys, right.lost, right.doubled, right.problems], [11, 0, 0, []]);
    for (const [what, sql, counts, problem] of wrongs) {
      const copy = folder.file("wrong.db");
      await Deno.copyFile(db, copy);
      change(copy, sql);
      const found = checkRun(copy, { ...schedule, job }, { keys });
      assert.deepEqual({ ...found, ...counts }, found, what);
      assert.ok(found.problems.some((text) => problem.test(text)), `${what}: ${found.problems}`);
    }
  } finally {
    await simulator.close();
  }
});

/** Runs SQL. `one` stands for the fetch of the key that has five rows. */
function change(file: string, sql: string): void {
  using db = new DatabaseSync(file);
  db.exec(sql.replaceAll(/\bone\b/g, "(SELECT id FROM fetches WHERE key = '100')"));
}

Deno.test("trawl run stores the truth under torture", async () => {
  const schedules = seeds.map(scheduleOf);
  const starts = schedules.flatMap((schedule) => schedule.starts);
  assert.ok(starts.some(({ kill }) => kill?.signal === "SIGKILL"));
  assert.ok(starts.some(({ fileKiBMax }) => fileKiBMax !== undefined));
  assert.ok(starts.some(({ ill }) => ill.some(({ how }) => how === "spins")));
  assert.ok(schedules.some(({ api }) => api.faults?.some(({ forMs }) => forMs !== undefined)));
  const outcomes = await Promise.all(schedules.map((schedule) => runSchedule(schedule)));
  for (const { seed, lost, doubled, hangs, problems } of outcomes) {
    assert.deepEqual({ seed, lost, doubled, hangs, problems }, {
      seed,
      lost: 0,
      doubled: 0,
      hangs: 0,
      problems: [],
    });
  }
});
