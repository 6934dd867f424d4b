/**
 * The tables of the database file, as SQL. The three tables of trawl are the same in every database; the job's table
 * follows the job's columns. Names come in as checked identifiers and are quoted all the same. Runs no SQL itself.
 *
 * @module
 */

/** Stands in `user_version`. A database with a higher number belongs to a newer trawl. */
export const schemaVersion = 2;

/** Stands in `application_id`: the letters "trwl". */
export const applicationId = 0x7472776c;

/** A fetch's id is its run's id times this, plus its sequence; so ids are known before anything is written. */
export const idsPerRun = 10_000_000_000;

/**
 * What a column of the job's table can hold; `ANY` keeps integers, reals and texts as they come. `TIME` is `ANY` to
 * SQLite: seconds, an integer where they are whole and a real where they are not.
 */
export type SqlType = "INTEGER" | "REAL" | "TEXT" | "ANY" | "TIME";

/** What SQLite is told that a column is. */
export function declaredType(type: SqlType): string {
  return type === "TIME" ? "ANY" : type;
}

/** The job's table: its columns come after `fetch` and `row`, the row's number within its answer, from 0. */
export interface TableShape {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[];
}

/** Came with version 2. */
export const budgetTable = `
CREATE TABLE budget (                      -- what is left of a rate of a minute and more, over all runs
  host   TEXT NOT NULL,                    -- and port
  per_ms INTEGER NOT NULL,                 -- the rate's window
  starts TEXT NOT NULL,                    -- JSON: [[span, requests started], ...]; 240 spans make a window
  PRIMARY KEY (host, per_ms)
) STRICT, WITHOUT ROWID;
`;

/** The tables of every database; of integers, `_ms` are milliseconds. */
export const trawlTables = `
CREATE TABLE run (
  id           INTEGER PRIMARY KEY,
  job          TEXT NOT NULL,
  text         TEXT NOT NULL,              -- the job, as written
  sha256       TEXT NOT NULL,              -- of text
  window_start TEXT,                       -- ISO 8601, UTC; start <= t < end
  window_end   TEXT,
  state        TEXT NOT NULL CHECK (state IN ('running', 'finished', 'interrupted')),
  reason       TEXT,                       -- why it was interrupted, or what is wrong with it
  started      TEXT NOT NULL,              -- ISO 8601, UTC
  ended        TEXT,
  keys         INTEGER,                    -- how many there are, once that is known
  ok           INTEGER NOT NULL DEFAULT 0,
  empty        INTEGER NOT NULL DEFAULT 0,
  unchanged    INTEGER NOT NULL DEFAULT 0,
  failed       INTEGER NOT NULL DEFAULT 0,
  rows         INTEGER NOT NULL DEFAULT 0,
  bytes        INTEGER NOT NULL DEFAULT 0, -- decoded
  attempts     INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE batch (
  run    INTEGER NOT NULL REFERENCES run (id),
  number INTEGER NOT NULL,                 -- from 0
  first  INTEGER NOT NULL,                 -- sequence of its first key
  size   INTEGER NOT NULL,
  sha256 TEXT NOT NULL,                    -- of its keys, one a line
  state  TEXT NOT NULL CHECK (state IN ('open', 'done')),
  PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE key_list (                    -- of a run whose keys came over the network, until it is finished
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
  reason        TEXT,                      -- why it failed
  status        INTEGER,                   -- of the last HTTP answer
  attempts      INTEGER NOT NULL,
  bytes         INTEGER NOT NULL,          -- decoded, of the last attempt
  rows          INTEGER NOT NULL,          -- that the path selected and the job kept
  started_ms    INTEGER NOT NULL,          -- since 1970
  duration_ms   INTEGER NOT NULL,          -- all attempts and the waits between them
  etag          TEXT,
  last_modified TEXT,
  CHECK ((verdict = 'failed') = (reason IS NOT NULL))
) STRICT;

CREATE INDEX fetch_run ON fetch (run);
${budgetTable}`;

/** The job's table. */
export function createTable(shape: TableShape): string {
  return `CREATE TABLE IF NOT EXISTS ${quote(shape.name)} (fetch INTEGER NOT NULL, row INTEGER NOT NULL, ` +
    `${columnList(shape)}, PRIMARY KEY (fetch, row)) STRICT, WITHOUT ROWID`;
}

/** A table in which the rows of one large answer wait until the answer is whole. */
export function createStaged(shape: TableShape, table: string): string {
  return `CREATE TABLE ${quote(table)} (${columnList(shape)}) STRICT`;
}

/** How the names of the tables of large answers begin; the fetch's id follows. */
export function stagedPrefix(shape: TableShape): string {
  return `${shape.name}_staged_`;
}

/** An INSERT of `count` rows: for each `fetch` and `row` where rows are placed, and the columns' values. */
export function insertRows(
  shape: TableShape,
  options: { readonly isPlaced: boolean; readonly count: number },
): string {
  const row = `(${Array(shape.columns.length + (options.isPlaced ? 2 : 0)).fill("?").join(", ")})`;
  return `INSERT INTO ${quote(shape.name)} VALUES ${Array(options.count).fill(row).join(", ")}`;
}

function columnList(shape: TableShape): string {
  return shape.columns.map(({ name, type }) => `${quote(name)} ${declaredType(type)}`).join(", ");
}

/** `name` as an SQL identifier. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
