/**
 * The tables of a database file as SQL: trawl's own, the same in every database, and those of a job, which follow its
 * columns. Job files allow only plain identifiers as names; they are quoted nevertheless. Runs no SQL itself.
 *
 * @module
 */

import type { SqlType, TableSchema } from "../../rows/table_schema.ts";

/** Version of the schema, stored in `user_version`. Each change of a table needs a new version and a migration. */
export const schemaVersion = 4;

/** Marks a database as trawl's, stored in `application_id`: the letters "trwl". */
export const applicationId = 0x7472776c;

/** A fetch has the id `run * idsPerRun + sequence`, so rows can name their fetch before it is stored. */
export const idsPerRun = 10_000_000_000;

/** The type of a column in CREATE TABLE. */
export function declaredType(type: SqlType): string {
  return type === "TIME" ? "ANY" : type;
}

/** Since version 3. A version that changes this text keeps the old one in `migration.ts`. */
export const budgetTable = `
CREATE TABLE budget (                      -- quotas: started requests of all runs
  host   TEXT NOT NULL,                    -- host:port
  per_ms INTEGER NOT NULL,                 -- window of the quota
  starts TEXT NOT NULL,                    -- JSON: [[span, requests started], ...]; 240 spans are one window
  PRIMARY KEY (host, per_ms)
) STRICT, WITHOUT ROWID;`;

/** Since version 4. */
export const learnedTable = `
CREATE TABLE learned (                     -- results of auto-tuning: the next run starts slightly below
  host  TEXT NOT NULL,                     -- host:port
  what  TEXT NOT NULL CHECK (what IN ('rate', 'in_flight')),
  value REAL NOT NULL,                     -- requests per second, or requests in flight
  max   REAL,                              -- the server's limit, if one was met
  PRIMARY KEY (host, what)
) STRICT, WITHOUT ROWID;`;

/** The tables of every database. Columns that end in `_ms` are milliseconds. */
export const trawlTables = `
CREATE TABLE run (
  id           INTEGER PRIMARY KEY,
  job          TEXT NOT NULL,
  text         TEXT NOT NULL,              -- the job file
  sha256       TEXT NOT NULL,              -- of text
  window_start TEXT,                       -- ISO 8601, UTC; start <= t < end
  window_end   TEXT,
  state        TEXT NOT NULL CHECK (state IN ('running', 'finished', 'interrupted')),
  reason       TEXT,                       -- why the run was interrupted
  started      TEXT NOT NULL,              -- ISO 8601, UTC
  ended        TEXT,
  keys         INTEGER,                    -- number of keys; NULL until the list was read to its end
  ok           INTEGER NOT NULL DEFAULT 0,
  empty        INTEGER NOT NULL DEFAULT 0,
  unchanged    INTEGER NOT NULL DEFAULT 0,
  failed       INTEGER NOT NULL DEFAULT 0,
  rows         INTEGER NOT NULL DEFAULT 0,
  bytes        INTEGER NOT NULL DEFAULT 0, -- decoded bytes
  attempts     INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE batch (
  run    INTEGER NOT NULL REFERENCES run (id),
  number INTEGER NOT NULL,                 -- from 0
  first  INTEGER NOT NULL,                 -- sequence of the first key
  size   INTEGER NOT NULL,
  sha256 TEXT NOT NULL,                    -- of the keys, one per line
  state  TEXT NOT NULL CHECK (state IN ('open', 'done')),
  PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE key_list (                    -- keys that came over the network, until the run is finished
  run   INTEGER NOT NULL REFERENCES run (id),
  block INTEGER NOT NULL,                  -- from 0
  keys  TEXT NOT NULL,                     -- a JSON array
  PRIMARY KEY (run, block)
) STRICT, WITHOUT ROWID;

CREATE TABLE fetch (
  id            INTEGER PRIMARY KEY,       -- run * ${idsPerRun} + sequence
  run           INTEGER NOT NULL GENERATED ALWAYS AS (id / ${idsPerRun}) VIRTUAL,
  sequence      INTEGER NOT NULL GENERATED ALWAYS AS (id % ${idsPerRun}) VIRTUAL,
  key           TEXT NOT NULL,
  verdict       TEXT NOT NULL CHECK (verdict IN ('ok', 'empty', 'unchanged', 'failed')),
  reason        TEXT,                      -- failure reason
  status        INTEGER,                   -- HTTP status of the last attempt
  attempts      INTEGER NOT NULL,
  bytes         INTEGER NOT NULL,          -- decoded bytes of the last attempt
  rows          INTEGER NOT NULL,          -- rows that the path selected and the job kept
  started_ms    INTEGER NOT NULL,          -- since 1970
  duration_ms   INTEGER NOT NULL,          -- all attempts with the waits between them
  etag          TEXT,
  last_modified TEXT,
  CHECK ((verdict = 'failed') = (reason IS NOT NULL))
) STRICT;

CREATE INDEX fetch_run ON fetch (run);
${budgetTable}
${learnedTable}
`;

/**
 * The table of a job is a view with the columns `fetch`, `row` (number of the row within its answer, from 0) and those
 * of the job.
 *
 * The data is a separate table with all rows in the order of their arrival, rows of unfinished fetches included. The
 * spans of a fetch say which rows of the data are its own. So each row is written once, at the end of a table, and a
 * span makes it visible. A row of two columns costs 0.24 µs of CPU, against 0.58 with a key of (fetch, row) and a
 * separate staging table, and three quarters of the bytes. Reading through the view is about as fast, by fetch or as a
 * whole; only on the right of a LEFT JOIN does SQLite copy the view first.
 */
export function createTable(schema: TableSchema): string {
  const { view, data, span, staged } = tablesOf(schema);
  const columns = schema.columns.map(({ name, type }) => `${quote(name)} ${declaredType(type)}`);
  const selected = schema.columns.map(({ name }) => `, data.${quote(name)}`).join("");
  // Rows of the data from `first` to `last` belong to the fetch. The first of these rows has the number `row`.
  const spans =
    "(fetch INTEGER NOT NULL, row INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, " +
    "PRIMARY KEY (fetch, row)) STRICT, WITHOUT ROWID";
  return `CREATE TABLE IF NOT EXISTS ${data} (row INTEGER PRIMARY KEY, ${columns.join(", ")}) STRICT;
    CREATE TABLE IF NOT EXISTS ${span} ${spans};
    CREATE TABLE IF NOT EXISTS ${staged} ${spans};
    CREATE VIEW IF NOT EXISTS ${view} AS SELECT span.fetch, span.row + data.row - span.first AS row${selected}
      FROM ${span} AS span CROSS JOIN ${data} AS data ON data.row BETWEEN span.first AND span.last;`;
}

/** The quoted names of a job's table: the view, its data, and the spans of finished and of staged fetches. */
export function tablesOf({ name }: Pick<TableSchema, "name">) {
  return {
    view: quote(name),
    data: quote(`${name}_data`),
    span: quote(`${name}_span`),
    staged: quote(`${name}_staged`),
  };
}

/** `name` as an SQL identifier. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
