/**
 * The tables `_trawl_quota` and `_trawl_tuned`: started requests and tuned limits of a host, kept for later runs.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import type { StartCounts, StartScope, Tunable, TunedRecord } from "../records.ts";

/** Started requests of a quota. */
export function startsOf(db: DatabaseSync, { host, perMs }: StartScope): StartCounts {
  const row = db.prepare(`SELECT starts FROM _trawl_quota WHERE host = ? AND per_ms = ?`).get(host, perMs);
  return new Map(JSON.parse(String(row?.["starts"] ?? "[]")));
}

/** Replaces the started requests of a quota. */
export function setStarts(db: DatabaseSync, { host, perMs }: StartScope, starts: StartCounts): void {
  db.prepare(`INSERT OR REPLACE INTO _trawl_quota (host, per_ms, starts) VALUES (?, ?, ?)`)
    .run(host, perMs, JSON.stringify([...starts]));
}

/** The tuned limit of a host. */
export function tunedOf(db: DatabaseSync, host: string, what: Tunable): TunedRecord | undefined {
  const row = db.prepare(`SELECT value, max FROM _trawl_tuned WHERE host = ? AND what = ?`).get(host, what);
  return row && { value: Number(row["value"]), limit: row["max"] === null ? undefined : Number(row["max"]) };
}

/** Replaces the tuned limit of a host. */
export function setTuned(db: DatabaseSync, host: string, what: Tunable, { value, limit }: TunedRecord): void {
  db.prepare(`INSERT OR REPLACE INTO _trawl_tuned (host, what, value, max) VALUES (?, ?, ?, ?)`)
    .run(host, what, value, limit ?? null);
}
