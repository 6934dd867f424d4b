import assert from "node:assert/strict";
import { type DueOptions, windowsToAsk, windowsToRetry } from "../../lib/collect/due_windows.ts";
import { formatWindow } from "../../lib/job/window.ts";
import type { RunRecord } from "../../lib/store/records.ts";

const dayMs = 86_400_000;
const rule = { everyMs: dayMs, lagMs: dayMs / 8, catchUp: 7 };
const ours = "a".repeat(64);

function runOf(day: string, changes: Partial<RunRecord> = {}): RunRecord {
  return {
    id: 1,
    job: "j",
    text: "",
    identity: ours,
    windowStart: `${day}T00:00:00Z`,
    windowEnd: new Date(Date.parse(day) + dayMs).toISOString(),
    state: "finished",
    list: null,
    fields: null,
    isCovered: true,
    reported: null,
    reason: null,
    started: "",
    ended: null,
    keys: null,
    ...{ ok: 0, empty: 0, unchanged: 0, failed: 0, rows: 0, bytes: 0, attempts: 0 },
    ...changes,
  };
}

function days(
  now: string,
  runs: readonly RunRecord[],
  wishes: Partial<Pick<DueOptions, "isNew" | "retryFailed" | "keepMs">> = {},
): string[] {
  const nowMs = Date.parse(now);
  const plain = { keepMs: undefined, isNew: false, retryFailed: false };
  return windowsToAsk({ rule, identity: ours, runs, nowMs, ...plain, ...wishes })
    .map(formatWindow);
}

const interrupted = { state: "interrupted" } as const;
const changed = { ...interrupted, identity: "b".repeat(64) };

Deno.test("windowsToAsk() asks the newest window when nothing was ever run", () => {
  assert.deepEqual(days("2026-11-22T06:30Z", []), ["2026-11-21"]);
});

Deno.test("windowsToAsk() asks an interrupted window before older ones that were missed", () => {
  const runs = [runOf("2026-11-17"), runOf("2026-11-20", interrupted)];
  assert.deepEqual(days("2026-11-22T06:30Z", runs), ["2026-11-20", "2026-11-18", "2026-11-19", "2026-11-21"]);
});

Deno.test("windowsToAsk() finishes what was begun, however long ago, a killed run as well", () => {
  const runs = [runOf("2026-03-01", interrupted), runOf("2026-02-28", { state: "running" })];
  assert.deepEqual(days("2026-11-22T06:30Z", runs).slice(0, 3), ["2026-02-28", "2026-03-01", "2026-11-15"]);
  const kept = days("2026-11-22T06:30Z", runs, { keepMs: 90 * dayMs });
  assert.deepEqual(kept.slice(0, 1), ["2026-11-15"]);
});

Deno.test("windowsToAsk() leaves an old run of a changed job alone, and has one that is due named", () => {
  assert.deepEqual(
    days("2026-11-22T06:30Z", [runOf("2026-03-01", changed), runOf("2026-11-20")]).slice(0, 1),
    [
      "2026-11-15",
    ],
  );
  const runs = [runOf("2026-11-19"), runOf("2026-11-20", changed)];
  assert.deepEqual(days("2026-11-22T06:30Z", runs), ["2026-11-20", "2026-11-21"]);
});

Deno.test("windowsToAsk() asks a finished window again only for its failed keys, or as the newest of a new run", () => {
  const runs = [runOf("2026-11-20", { failed: 2 }), runOf("2026-11-21")];
  assert.deepEqual(days("2026-11-22T06:30Z", runs), []);
  assert.deepEqual(days("2026-11-22T06:30Z", runs, { retryFailed: true }), ["2026-11-20"]);
  assert.deepEqual(days("2026-11-22T06:30Z", runs, { isNew: true }), ["2026-11-21"]);
  const unfinished = [runOf("2026-11-20"), runOf("2026-11-21", interrupted)];
  assert.deepEqual(days("2026-11-22T06:30Z", unfinished, { isNew: true }), ["2026-11-21"]);
});

Deno.test("windowsToAsk() takes no shorter window with the same start for a finished day", () => {
  const hour = runOf("2026-11-21", { windowEnd: "2026-11-21T01:00:00Z" });
  assert.deepEqual(days("2026-11-22T06:30Z", [runOf("2026-11-20"), hour]), ["2026-11-21"]);
});

Deno.test("windowsToAsk() asks nothing twice when the clock is set back", () => {
  const runs = [runOf("2026-11-20"), runOf("2026-11-21")];
  assert.deepEqual(days("2026-11-21T06:30Z", runs), []);
});

Deno.test("windowsToRetry() names the newest finished windows with failed keys, oldest first", () => {
  const runs = [
    runOf("2026-11-17", { failed: 1 }),
    runOf("2026-11-18", { failed: 1 }),
    runOf("2026-11-19"),
    runOf("2026-11-20", { failed: 1 }),
    runOf("2026-11-21", { ...interrupted, failed: 1 }),
  ];
  const nowMs = Date.parse("2026-11-22T06:30Z");
  const found = (count: number, keepMs?: number) =>
    windowsToRetry({ identity: ours, runs, keepMs, nowMs, count }).map(({ windowStart }) =>
      windowStart?.slice(0, 10)
    );
  assert.deepEqual(found(0), []);
  assert.deepEqual(found(1), ["2026-11-20"]);
  assert.deepEqual(found(3), ["2026-11-18", "2026-11-20"]);
  assert.deepEqual(found(9), ["2026-11-17", "2026-11-18", "2026-11-20"]);
  assert.deepEqual(found(9, 2 * dayMs), ["2026-11-20"]);
  const others = runs.map((run) => ({ ...run, identity: "b".repeat(64) }));
  assert.deepEqual(windowsToRetry({ identity: ours, runs: others, keepMs: undefined, nowMs, count: 9 }), []);
});
