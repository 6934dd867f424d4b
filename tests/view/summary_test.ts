/**
 * The summary of a run and its start, as exact texts.
 *
 * @module
 */

import assert from "node:assert/strict";
import { startText } from "../../lib/view/run_text.ts";
import { sparkline } from "../../lib/view/sparkline.ts";
import { statusTable } from "../../lib/view/status_table.ts";
import { finishedText, type Summary, summaryJson, summaryText } from "../../lib/view/summary.ts";

const counts = { ok: 1_000, empty: 200, unchanged: 30, failed: 4, rows: 5_678, bytes: 1, attempts: 1_300 };

const summary: Summary = {
  run: 3,
  job: "updates",
  window: "2026-11-20",
  database: "a.db",
  tables: [{ name: "updates", isCounted: false }],
  isResumed: false,
  result: {
    state: "finished",
    reason: null,
    controlFailure: null,
    isLimited: false,
    counts,
    keys: 1_234,
    pending: 0,
    duplicates: 0,
  },
  coverage: 0.9967,
  minCoverage: 0.99,
  requests: 500,
  elapsedMs: 10_000,
  bytes: 2_097_152,
  peakBytes: 104_857_600,
  bottleneck: "rate",
  foundRate: undefined,
  foundInFlight: undefined,
  failures: [{ reason: "http-404", count: 4, example: "17", detail: '{"error": "gone"}' }],
  top: [{ key: "15473", rows: 400, series: [0, 1, 8] }, { key: "7", rows: 9, series: undefined }],
};

Deno.test("summaryText() has the sums, the measurements, the bottleneck, the failures and the top keys", () => {
  assert.equal(
    summaryText(summary),
    [
      "run 3 of updates for 2026-11-20 finished in 10s",
      "  coverage    99.67 % of the keys",
      "  keys        1,234 = 1,000 ok + 200 empty + 30 unchanged + 4 failed + 0 pending",
      "  rows        5,678 stored in updates of a.db",
      "  requests    50.0/s, 1,300 attempts in all",
      "  data        2 MiB, 204.8 KiB/s",
      "  memory      100 MiB at most",
      "  limited by  the job's rate",
      '  failed      4 × http-404: the server answered 404, such as 17: {"error": "gone"}',
      "  next        add --retry-failed to ask the failed keys again",
      "  most rows   bars: the window in 3 parts, each line by its own peak",
      "     1  15473  400   ▂█",
      "     2  7        9",
      "",
    ].join("\n"),
  );
});

Deno.test("summaryText() says how to resume, and names tuned limits", () => {
  const result = {
    ...summary.result,
    state: "interrupted",
    reason: "stopped",
    keys: undefined,
    pending: undefined,
  };
  const stopped = summaryText({
    ...summary,
    result: { ...result, state: "interrupted" },
    foundRate: 97.25,
    tables: [{ name: "a", isCounted: false }, { name: "b", isCounted: true }, {
      name: "c",
      isCounted: false,
    }],
    window: undefined,
    top: [],
  }).split("\n");
  assert.equal(stopped[0], "run 3 of updates interrupted (stopped) in 10s: run again to resume");
  assert.equal(stopped[1], "  coverage    unknown");
  assert.match(stopped[2] ?? "", /^ {2}keys {8}1,000 ok .* \+ an unknown number pending$/);
  assert.equal(stopped[3], "  rows        5,678 stored in a, c and counted in b of a.db");
  assert.ok(!stopped.some((line) => line.includes("--retry-failed")), "resuming comes first");
  assert.equal(stopped[7], "  limited by  the rate that the server allows");
  assert.equal(stopped[8], "  found       97.3/s (auto)");
  const limited = {
    ...summary.result,
    state: "interrupted",
    isLimited: true,
    reason: "limited to the first 5 keys",
  } as const;
  assert.equal(
    summaryText({ ...summary, result: limited }).split("\n")[0],
    "run 3 of updates for 2026-11-20 ended in 10s, limited to the first 5 keys: run it without --limit for the others",
  );
});

Deno.test("summaryText() tells the figures of a resumed run's start from those of the whole run", () => {
  const lines = summaryText({ ...summary, isResumed: true }).split("\n");
  assert.equal(lines[0], "run 3 of updates for 2026-11-20 finished 10s after it was resumed");
  assert.equal(lines[4], "  requests    500 in this start at 50.0/s, 1,300 attempts in the whole run");
  assert.equal(lines[5], "  data        2 MiB in this start, 204.8 KiB/s");
  assert.equal(lines[6], "  memory      100 MiB at most in this start");
});

Deno.test("summaryText() names the bound that the coverage misses", () => {
  assert.equal(
    summaryText({ ...summary, minCoverage: 0.999 }).split("\n")[1],
    "  coverage    99.67 % of the keys, less than the 99.90 % of min_coverage",
  );
});

Deno.test("finishedText() says how many keys failed, and what asks them again", () => {
  const well = { ...summary, result: { ...summary.result, counts: { ...counts, failed: 0 } } };
  assert.equal(finishedText(well), "nothing to do for 2026-11-20: already finished; --new asks again");
  assert.equal(
    finishedText({ ...summary, minCoverage: 0.999, window: undefined }),
    "nothing to do: already finished, but 4 of 1,234 keys failed, " +
      "coverage 99.67 % of the keys, less than the 99.90 % of min_coverage; --retry-failed asks them again",
  );
});

Deno.test("summaryText() says how many keys the list holds twice, or that nobody counted", () => {
  const lineOf = (duplicates: number | undefined, keys: number) => {
    const result = { ...summary.result, duplicates, keys };
    return summaryText({ ...summary, result }).split("\n").find((line) => line.startsWith("  duplicates"));
  };
  assert.equal(lineOf(3, 10), "  duplicates  3 keys occur before in the list, and are asked again");
  assert.equal(lineOf(1, 10), "  duplicates  1 key occurs before in the list, and is asked again");
  assert.equal(lineOf(undefined, 1_000_001), "  duplicates  not counted in a list of more than 1M keys");
  for (const keys of [10, 1_000_000]) assert.equal(lineOf(undefined, keys), undefined);
});

Deno.test("summaryJson() keeps its fields", () => {
  assert.deepEqual(JSON.parse(summaryJson(summary)), {
    run: 3,
    job: "updates",
    window: "2026-11-20",
    database: "a.db",
    tables: ["updates"],
    state: "finished",
    reason: null,
    coverage: 0.9967,
    minCoverage: 0.99,
    keys: 1_234,
    ok: 1_000,
    empty: 200,
    unchanged: 30,
    failed: 4,
    pending: 0,
    duplicates: 0,
    rows: 5_678,
    attempts: 1_300,
    bytes: 1,
    thisStart: {
      isResumed: false,
      elapsedMs: 10_000,
      requests: 500,
      bytes: 2_097_152,
      peakBytes: 104_857_600,
      limit: "rate",
      foundRate: null,
      foundInFlight: null,
    },
    failures: [{ reason: "http-404", count: 4, example: "17", detail: '{"error": "gone"}' }],
    top: [{ key: "15473", rows: 400 }, { key: "7", rows: 9 }],
  });
});

Deno.test("startText() tells a new run from a resumed one", () => {
  const title = {
    job: "updates",
    window: "2026-11-20",
    run: 3,
    isResumed: false,
    done: 0,
    follows: undefined,
    tables: ["a", "b"],
  };
  assert.equal(startText(title), "updates starts run 3 for 2026-11-20");
  assert.equal(
    startText({ ...title, window: undefined, follows: 2 }),
    "updates starts run 3; the rows of run 2 stay in a_history, b_history",
  );
  const resumed = { ...title, window: undefined, isResumed: true };
  assert.equal(startText({ ...resumed, done: 1 }), "updates resumes run 3: 1 key has a verdict");
  assert.equal(startText({ ...resumed, done: 512 }), "updates resumes run 3: 512 keys have a verdict");
});

Deno.test("sparkline() shows zero as a blank", () => {
  assert.equal(sparkline([0, 1, 4, 8]), " ▂▅█");
  assert.equal(sparkline([0, 0]), "  ");
});

Deno.test("statusTable() aligns its columns and shows unknown numbers as question marks", () => {
  const run = {
    ...counts,
    id: 12,
    job: "updates",
    text: "",
    identity: "",
    fields: null,
    list: null,
    isCovered: true,
    reported: null,
    windowStart: "2026-11-20T00:00:00Z",
    windowEnd: "2026-11-21T00:00:00Z",
    state: "running",
    reason: null,
    started: "2026-11-21T03:00:00Z",
    ended: null,
    keys: null,
  } as const;
  assert.deepEqual(statusTable([run]), [
    "run  job      window      state    coverage  ok     empty  failed  pending  rows   data  started",
    "12   updates  2026-11-20  running  ?         1,000  200    4       ?        5,678  1 B   2026-11-21T03:00:00Z",
  ]);
});
