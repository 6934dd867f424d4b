/**
 * A record of a finished run, as the store returns it.
 *
 * @module
 */

import type { RunRecord } from "../../lib/store/records.ts";

/** A finished run of a day with 1,000 keys, with `changes`. */
export function runRecord(changes: Partial<RunRecord> = {}): RunRecord {
  return {
    id: 7,
    job: "days",
    text: "",
    identity: "",
    fields: null,
    list: null,
    windowStart: "2026-11-21T00:00:00Z",
    windowEnd: "2026-11-22T00:00:00Z",
    state: "finished",
    isCovered: true,
    reason: null,
    started: "2026-11-22T03:10:00Z",
    ended: "2026-11-22T09:00:00Z",
    reported: "2026-11-22T09:00:00Z",
    keys: 1_000,
    ok: 900,
    empty: 95,
    unchanged: 0,
    failed: 5,
    rows: 12_345,
    bytes: 678,
    attempts: 1_010,
    ...changes,
  };
}
