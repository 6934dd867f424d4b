/**
 * Compares the database of a finished run with the simulator's ground truth: every key, row and sum. Only reads.
 *
 * @module
 */

import { truthOf } from "../../lib/simulate/profiles/ripestat/truth.ts";
import { leftOf, query } from "../support/database.ts";
import { dayWindow } from "../support/ripestat_job.ts";
import { reasonOf } from "./api_faults.ts";
import type { Schedule } from "./schedule.ts";

/** Result of a check. `lost` and `doubled` count keys and rows. */
export interface Findings {
  readonly keys: number;
  readonly rows: number;
  readonly lost: number;
  readonly doubled: number;
  /** What is wrong, one sentence each; lost and doubled ones among them. */
  readonly problems: readonly string[];
}

/** A row as text, with its count if the job counts rows. */
type RowText = string;

interface Fetch {
  readonly id: unknown;
  readonly verdict: unknown;
  readonly reason: unknown;
  readonly rows: unknown;
}

/** Checks the run of a schedule over these keys. */
export function checkRun(
  db: string,
  schedule: Schedule,
  { keys, isBusy = false }: {
    readonly keys: readonly string[];
    /** The machine had no time for seconds, so what is late may be its own fault. */
    readonly isBusy?: boolean;
  },
): Findings {
  const problems = [...wrongSums(db, keys.length)];
  const fetches = new Map<string, Fetch[]>();
  for (
    const [key, id, verdict, reason, rows] of query(db, "SELECT key, id, verdict, reason, rows FROM fetches")
  ) {
    fetches.set(String(key), [...fetches.get(String(key)) ?? [], { id, verdict, reason, rows }]);
  }
  let [rows, lost, doubled] = [0, 0, 0];
  for (const key of keys) {
    const [fetch, ...more] = fetches.get(key) ?? [];
    fetches.delete(key);
    doubled += more.length;
    if (fetch === undefined) lost++;
    if (fetch === undefined || more.length > 0) {
      problems.push(`key ${key} has ${1 + more.length} fetches or none`);
    }
    if (fetch === undefined) continue;
    const found = query(db, selectRows(schedule, fetch.id)).map(String);
    if (fetch.verdict === "failed") {
      problems.push(...wrongFailure(key, { fetch, found, allowed: reasonsFor(schedule, key, isBusy) }));
      continue;
    }
    const truth = [...trueRows(schedule, key)];
    const diff = difference(truth, found);
    rows += truth.length;
    lost += diff.lost;
    doubled += diff.extra;
    problems.push(...wrongAnswer(schedule, key, { fetch, found, truth, ...diff }));
  }
  doubled += fetches.size;
  for (const key of fetches.keys()) problems.push(`key ${key} is not in the list`);
  return { keys: keys.length, rows, lost, doubled, problems };
}

function* wrongSums(db: string, keys: number): Iterable<string> {
  const expected: readonly (readonly [string, string])[] = [
    ["PRAGMA integrity_check", "ok"],
    ["SELECT count(*) FROM runs", "1"],
    ["SELECT state, keys, ok + empty + unchanged + failed FROM runs", `finished,${keys},${keys}`],
    [
      `SELECT (SELECT count(*) FROM fetches WHERE verdict = 'ok') = ok, (SELECT sum(rows) FROM fetches) = rows,
         (SELECT count(*) FROM fetches WHERE verdict = 'failed') = failed,
         (SELECT sum(attempts) FROM fetches) = attempts FROM runs`,
      "1,1,1,1",
    ],
    ["SELECT count(*) FROM _trawl_updates_span WHERE fetch NOT IN (SELECT id FROM fetches)", "0"],
    ["SELECT count(*) FROM fetches WHERE duration_ms < 0", "0"],
    ["SELECT count(*) FROM _trawl_batch WHERE state <> 'done'", "0"],
    [leftOf("updates"), "0,0"],
  ];
  for (const [sql, wanted] of expected) {
    const found = query(db, sql).join(";");
    if (found !== wanted) yield `${sql.replaceAll(/\s+/g, " ")} is ${found.slice(0, 300)}, not ${wanted}`;
  }
}

/** SQL for the rows of a fetch in their order, or for its counts in the order of {@linkcode trueRows}. */
function selectRows({ job }: Schedule, fetch: unknown): string {
  return job.isCounted
    ? `SELECT ts, type, count FROM updates WHERE fetch = ${fetch} ORDER BY ts, type`
    : `SELECT ts, type FROM updates WHERE fetch = ${fetch} ORDER BY row`;
}

function* trueRows({ job, api }: Schedule, key: string): Iterable<RowText> {
  if (!job.isCounted) {
    for (const row of truthOf(api, key, dayWindow).updates()) yield String(row);
    return;
  }
  const counts = new Map<string, number>();
  for (const [second, type] of truthOf(api, key, dayWindow).updates()) {
    const group = `${second - second % 60},${type}`;
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  for (const group of [...counts.keys()].toSorted()) yield `${group},${counts.get(group)}`;
}

function* wrongFailure(
  key: string,
  { fetch, found, allowed }: {
    readonly fetch: Fetch;
    readonly found: readonly RowText[];
    readonly allowed: readonly string[];
  },
): Iterable<string> {
  if (found.length > 0) yield `key ${key} failed and has ${found.length} rows`;
  if (!allowed.includes(String(fetch.reason))) {
    yield `key ${key} failed for ${fetch.reason}, which must be ${allowed.join(" or ") || "no failure"}`;
  }
}

function* wrongAnswer(
  schedule: Schedule,
  key: string,
  { fetch, found, truth, lost, extra }: {
    readonly fetch: Fetch;
    readonly found: readonly RowText[];
    readonly truth: readonly RowText[];
    readonly lost: number;
    readonly extra: number;
  },
): Iterable<string> {
  const verdict = truth.length > 0 ? "ok" : "empty";
  if (fetch.verdict !== verdict) yield `key ${key} is ${fetch.verdict}, not ${verdict}`;
  if (schedule.lasting.some((lasting) => lasting.key === key)) yield `key ${key} did not fail, as it must`;
  const kept = truthOf(schedule.api, key, dayWindow).count;
  if (fetch.rows !== kept) yield `key ${key} says ${fetch.rows} rows of ${kept}`;
  if (lost + extra > 0) yield `key ${key} has lost ${lost} rows, and ${extra} too many`;
  else if (found.join() !== truth.join()) yield `the rows of key ${key} stand in another order`;
}

/** Failure reasons that a key may have; empty if the key must succeed. */
function reasonsFor({ lasting, api }: Schedule, key: string, isBusy: boolean): string[] {
  const own = lasting.filter((one) => one.key === key).map(({ fault }) => reasonOf(fault));
  // During a burst, the last keys of a list are too few to open the circuit breaker, so they may fail.
  const bursts = api.faults?.filter(({ forMs }) => forMs !== undefined) ?? [];
  return [...own, ...bursts.map(reasonOf), ...(isBusy ? ["first-byte-timeout", "idle-timeout"] : [])];
}

/** Counts the rows of `wanted` that are missing, and the surplus rows of `found`. */
function difference(wanted: readonly RowText[], found: readonly RowText[]) {
  const counts = new Map<RowText, number>();
  for (const row of wanted) counts.set(row, (counts.get(row) ?? 0) + 1);
  for (const row of found) counts.set(row, (counts.get(row) ?? 0) - 1);
  let [lost, extra] = [0, 0];
  for (const count of counts.values()) {
    lost += Math.max(0, count);
    extra += Math.max(0, -count);
  }
  return { lost, extra };
}
