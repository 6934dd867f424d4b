/**
 * Whether a database is whole: SQLite's own look at its pages, and trawl's at its sums. Reads only, in one transaction,
 * so a run may be under way.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../errors.ts";
import { databaseLimits } from "../../limits.ts";
import { asRun, countFetches, runColumns } from "./run_rows.ts";
import { idsPerRun, quote } from "./sql_schema.ts";
import { bytesOf, jobTables } from "./table_check.ts";
import { isDamage } from "./sqlite_error.ts";

/** Looked at even where the file is large: without these, nothing else means anything. */
const smallTables = ["run", "batch", "key_list"] as const;

/** What came out. */
export interface Inspection {
  /** What is wrong, a line each; no more than `databaseLimits.mistakesMax` of each kind. */
  readonly mistakes: readonly string[];
  /** Only the small tables were looked at. */
  readonly isPartial: boolean;
}

/** Looks at all of a small file, and of a large one where `isFull`; otherwise at its small tables. */
export function inspect(db: DatabaseSync, { isFull }: { readonly isFull: boolean }): Inspection {
  const isPartial = !isFull && bytesOf(db) > databaseLimits.checkedBytesMax;
  db.exec("BEGIN");
  try {
    const mistakes = isPartial
      ? smallTables.flatMap((table) => pageMistakes(db, "quick_check", quote(table)))
      : pageMistakes(db, isFull ? "integrity_check" : "quick_check", String(databaseLimits.mistakesMax));
    // Of a file whose pages are damaged, sums tell nothing new.
    if (!isPartial && mistakes.length === 0) mistakes.push(...sumMistakes(db), ...rowMistakes(db));
    return { mistakes, isPartial };
  } catch (error) {
    if (!isDamage(error)) throw error;
    return { mistakes: [messageOf(error)], isPartial };
  } finally {
    db.exec("ROLLBACK");
  }
}

function pageMistakes(db: DatabaseSync, check: "quick_check" | "integrity_check", what: string): string[] {
  const rows = db.prepare(`PRAGMA ${check}(${what})`).all();
  return rows.map((row) => String(row[check])).filter((text) => text !== "ok").slice(
    0,
    databaseLimits.mistakesMax,
  );
}

/** Runs whose sums are not those of their fetches. They are written together. */
function sumMistakes(db: DatabaseSync): string[] {
  const runs = db.prepare(`SELECT ${runColumns} FROM run ORDER BY id DESC`).all().map(asRun);
  return runs.flatMap((run) => {
    const found = countFetches(db, run.id);
    const wrong = (Object.keys(found) as (keyof typeof found)[]).filter((name) => found[name] !== run[name]);
    const verdicts = found.ok + found.empty + found.unchanged + found.failed;
    return [
      ...wrong.map((name) => `run ${run.id} has ${run[name]} ${name}, its fetches ${found[name]}`),
      ...(run.state === "finished" && run.keys !== null && run.keys !== verdicts
        ? [`run ${run.id} is finished with ${run.keys} keys, and has ${verdicts} verdicts`]
        : []),
    ];
  }).slice(0, databaseLimits.mistakesMax);
}

/** Fetches that lead to no rows, and rows that are not there. */
function rowMistakes(db: DatabaseSync): string[] {
  const tables = jobTables(db);
  // Before version 3 rows stood under their fetch, and nothing led to them.
  if (tables.length === 0) return [];
  const mistakes: string[] = [];
  for (const name of tables) {
    const span = quote(`${name}_span`);
    const missing = count(
      db,
      `SELECT ifnull((SELECT sum(last - first + 1) FROM ${span}), 0) - (SELECT count(*) FROM ${
        quote(name)
      }) AS count`,
    );
    if (missing !== 0) mistakes.push(`${missing} rows of ${name} are missing`);
    const shared = count(
      db,
      `SELECT count(*) AS count FROM (SELECT first, lag(last) OVER (ORDER BY first) AS before FROM ${span})
         WHERE before >= first`,
    );
    if (shared > 0) mistakes.push(`${shared} spans of ${name} lead to rows of another`);
    const orphans = count(
      db,
      `SELECT count(*) AS count FROM ${span} AS span WHERE NOT EXISTS (SELECT 1 FROM fetch WHERE id = span.fetch)`,
    );
    if (orphans > 0) mistakes.push(`${orphans} spans of ${name} belong to no fetch`);
  }
  const hasSpan = tables.map((name) =>
    `EXISTS (SELECT 1 FROM ${quote(`${name}_span`)} WHERE fetch = fetch.id)`
  );
  const bare = db.prepare(
    `SELECT id, key FROM fetch WHERE verdict = 'ok' AND rows > 0 AND NOT (${hasSpan.join(" OR ")}) LIMIT ?`,
  ).all(databaseLimits.mistakesMax);
  for (const { id, key } of bare) {
    mistakes.push(
      `key "${key}" of run ${Math.floor(Number(id) / idsPerRun)} is ok with rows, and none are there`,
    );
  }
  return mistakes;
}

function count(db: DatabaseSync, sql: string): number {
  return Number(db.prepare(sql).get()?.["count"]);
}
