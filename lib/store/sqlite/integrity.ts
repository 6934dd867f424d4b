/**
 * Checks whether a database is intact: SQLite checks the pages, trawl checks that sums, fetches and rows agree. Reads
 * only, in one transaction, so a run may write meanwhile.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../errors.ts";
import { doneOf } from "../coverage.ts";
import type { Inspection } from "../records.ts";
import { countFetches } from "./fetch_table.ts";
import { tablesOf } from "./job_table_sql.ts";
import { asRun, runColumns, wrongCurrent } from "./run_table.ts";
import { idsPerRun, quote } from "./sql_schema.ts";
import { bytesOf, jobTables } from "./table_check.ts";
import { isDamage } from "./sqlite_error.ts";

/** Checked in a large file too: everything else depends on these tables. */
const smallTables = ["_trawl_run", "_trawl_batch", "_trawl_key_list"] as const;

/** Bytes of a file that is checked as a whole without `isFull`: 64 MiB take a second, 1 GiB takes ten to twenty. */
const checkedBytesMax = 64 * 1_024 * 1_024;

/** Mistakes listed of each kind. */
const mistakesMax = 5;

/** Checks a whole file if it is small or `isFull`, else its small tables. */
export function inspect(
  db: DatabaseSync,
  { isFull }: { readonly isFull: boolean },
): Omit<Inspection, "remedy"> {
  const isPartial = !isFull && bytesOf(db) > checkedBytesMax;
  db.exec("BEGIN");
  try {
    const mistakes = isPartial
      ? smallTables.flatMap((table) => pageMistakes(db, "quick_check", quote(table)))
      : pageMistakes(db, isFull ? "integrity_check" : "quick_check", String(mistakesMax));
    // Sums of damaged pages tell nothing new.
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
    mistakesMax,
  );
}

/** Runs whose sums differ from their fetches, although both are written in one transaction. */
function sumMistakes(db: DatabaseSync): string[] {
  const runs = db.prepare(`SELECT ${runColumns} FROM _trawl_run ORDER BY id DESC`).all().map(asRun);
  return runs.flatMap((run) => {
    const found = countFetches(db, run.id);
    const wrong = (Object.keys(found) as (keyof typeof found)[]).filter((name) => found[name] !== run[name]);
    const done = doneOf(found);
    return [
      ...wrong.map((name) => `run ${run.id} has ${run[name]} ${name}, its fetches ${found[name]}`),
      ...(run.state === "finished" && run.keys !== null && run.keys !== done
        ? [`run ${run.id} is finished with ${run.keys} keys, and has ${done} verdicts`]
        : []),
    ];
  }).concat(
    wrongCurrent(db).map((run) => `run ${run} is wrongly marked as the current run of its window, or not`),
  )
    .slice(0, mistakesMax);
}

/** Missing rows, rows of two fetches, spans without a fetch, and fetches without their rows. */
function rowMistakes(db: DatabaseSync): string[] {
  const tables = jobTables(db);
  if (tables.length === 0) return [];
  const mistakes: string[] = [];
  for (const name of tables) {
    const { data, span } = tablesOf({ name });
    const missing = count(
      db,
      `SELECT ifnull((SELECT sum(last - first + 1) FROM ${span}), 0) - (SELECT count(*) FROM ${span} AS span
         CROSS JOIN ${data} AS data NOT INDEXED ON data.row BETWEEN span.first AND span.last) AS count`,
    );
    if (missing !== 0) mistakes.push(`${missing} rows of ${name} are missing`);
    const shared = count(
      db,
      `SELECT count(*) AS count FROM (SELECT first, lag(last) OVER (ORDER BY first) AS before FROM ${span})
         WHERE before >= first`,
    );
    if (shared > 0) mistakes.push(`${shared} spans of ${name} contain rows of another span`);
    const orphans = count(
      db,
      `SELECT count(*) AS count FROM ${span} AS span
         WHERE NOT EXISTS (SELECT 1 FROM _trawl_fetch AS fetch WHERE id = span.fetch)`,
    );
    if (orphans > 0) mistakes.push(`${orphans} spans of ${name} belong to no fetch`);
  }
  const hasSpan = tables.map((name) =>
    `EXISTS (SELECT 1 FROM ${tablesOf({ name }).span} AS span WHERE span.fetch = fetch.id)`
  );
  const bare = db.prepare(
    `SELECT id, key FROM _trawl_fetch AS fetch WHERE verdict = 'ok' AND rows > 0 AND NOT (${
      hasSpan.join(" OR ")
    }) LIMIT ?`,
  ).all(mistakesMax);
  for (const { id, key } of bare) {
    mistakes.push(
      `key "${key}" of run ${Math.floor(Number(id) / idsPerRun)} is ok with rows, but has none`,
    );
  }
  return mistakes;
}

function count(db: DatabaseSync, sql: string): number {
  return Number(db.prepare(sql).get()?.["count"]);
}
