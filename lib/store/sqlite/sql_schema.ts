/**
 * The tables of every database file as SQL, and the two views over them that are for people. The tables of jobs are in
 * `job_table_sql.ts`. Runs no SQL itself.
 *
 * @module
 */

/** Version of the schema, stored in `user_version`. From 1.0 on, each change needs a new version and a migration. */
export const schemaVersion = 1;

/** Marks a database as trawl's, stored in `application_id`: the letters "trwl". */
export const applicationId = 0x7472776c;

/** A fetch has the id `run * idsPerRun + sequence`, so rows can name their fetch before it is stored. */
export const idsPerRun = 10_000_000_000;

/** The condition that a fetch belongs to a run: as equality, to find the run, and as range, to find the fetches. */
export const fetchOfRun = `run.id = fetch.id / ${idsPerRun}
    AND fetch.id >= run.id * ${idsPerRun} AND fetch.id < (run.id + 1) * ${idsPerRun}`;

/** The tables of every database. Columns that end in `_ms` are milliseconds. */
export const trawlTables = `
CREATE TABLE _trawl_schema (               -- internal, as is everything named _trawl_: for people are the views
  hash TEXT NOT NULL                       -- of the statements that made the tables and views
) STRICT;

CREATE TABLE _trawl_run (                  -- internal: for people is the view runs
  id           INTEGER PRIMARY KEY,
  job          TEXT NOT NULL,
  identity     TEXT NOT NULL,              -- SHA-256 of what identifies a run
  fields       TEXT,                       -- fingerprint of each field that identifies a run, as JSON
  list         TEXT,                       -- fingerprint of the key list, as JSON
  window_start TEXT,                       -- ISO 8601, UTC; start <= t < end
  window_end   TEXT,
  state        TEXT NOT NULL CHECK (state IN ('running', 'finished', 'interrupted', 'died')),
  covered      INTEGER NOT NULL DEFAULT 0 CHECK (covered IN (0, 1)), -- finished with the job's coverage
  current      INTEGER NOT NULL DEFAULT 0 CHECK (current IN (0, 1)), -- the run of its window that people see
  reason       TEXT,                       -- why the run was interrupted
  started      TEXT NOT NULL,              -- ISO 8601, UTC
  ended        TEXT,
  reported     TEXT,                       -- when the summary of the finished run was written
  keys         INTEGER,                    -- number of keys; NULL until the list was read to its end
  ok           INTEGER NOT NULL DEFAULT 0,
  empty        INTEGER NOT NULL DEFAULT 0,
  unchanged    INTEGER NOT NULL DEFAULT 0,
  failed       INTEGER NOT NULL DEFAULT 0,
  rows         INTEGER NOT NULL DEFAULT 0,
  bytes        INTEGER NOT NULL DEFAULT 0, -- decoded bytes
  attempts     INTEGER NOT NULL DEFAULT 0,
  text         TEXT NOT NULL               -- the job file; last, as it is long
) STRICT;

CREATE INDEX _trawl_run_window ON _trawl_run (job, window_start);
CREATE INDEX _trawl_run_start ON _trawl_run (window_start);

CREATE TABLE _trawl_batch (                -- internal: what a run needs to resume
  run    INTEGER NOT NULL REFERENCES _trawl_run (id),
  number INTEGER NOT NULL,                 -- from 0
  first  INTEGER NOT NULL,                 -- sequence of the first key
  size   INTEGER NOT NULL,
  sha256 TEXT NOT NULL,                    -- of the keys, one per line
  state  TEXT NOT NULL CHECK (state IN ('open', 'done')),
  PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE _trawl_key_list (             -- internal: keys that can be read only once, until the run is finished
  run   INTEGER NOT NULL REFERENCES _trawl_run (id),
  block INTEGER NOT NULL,                  -- from 0
  keys  TEXT NOT NULL,                     -- a JSON array
  PRIMARY KEY (run, block)
) STRICT, WITHOUT ROWID;

CREATE TABLE _trawl_fetch (                -- internal: for people is the view fetches
  id            INTEGER PRIMARY KEY,       -- run * ${idsPerRun} + sequence
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

CREATE TABLE _trawl_failure (              -- internal: what a server said, for the first failures of each reason
  fetch  INTEGER PRIMARY KEY,
  detail TEXT NOT NULL
) STRICT;

CREATE TABLE _trawl_quota (                -- internal: started requests of all runs
  host   TEXT NOT NULL,                    -- host:port
  per_ms INTEGER NOT NULL,                 -- window of the quota
  starts TEXT NOT NULL,                    -- JSON: [[span, requests started], ...]; 240 spans are one window
  PRIMARY KEY (host, per_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE _trawl_tuned (                -- internal: results of auto-tuning; the next run starts slightly below
  host  TEXT NOT NULL,                     -- host:port
  what  TEXT NOT NULL CHECK (what IN ('rate', 'in_flight')),
  value REAL NOT NULL,                     -- requests per second, or requests in flight
  max   REAL,                              -- the server's limit, if one was met
  PRIMARY KEY (host, what)
) STRICT, WITHOUT ROWID;

CREATE TABLE _trawl_table (                -- internal: which job a table belongs to
  name TEXT PRIMARY KEY,
  job  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE VIEW runs AS                        -- for people: one row per run
SELECT id, job, window_start, window_end,  -- ISO 8601, UTC; start <= t < end
  state, reason,                           -- running, finished, interrupted or died, and why
  covered,                                 -- 1 if the run finished with the job's coverage
  current,                                 -- 1 for the one run of its window whose rows the job's table shows
  started, ended, reported,
  keys, ok, empty, unchanged, failed,
  max(0, keys - ok - empty - unchanged - failed) AS pending, -- keys without a verdict
  rows, bytes, attempts,
  identity, text                           -- SHA-256 of what identifies a run; the job file
FROM _trawl_run;

CREATE VIEW fetches AS                     -- for people: one row per key and run, with its verdict
SELECT fetch.id, run.id AS run, fetch.id % ${idsPerRun} AS sequence,
  fetch.key, run.job, run.window_start,
  fetch.verdict, fetch.reason,             -- ok, empty, unchanged, or failed, and why
  (SELECT detail FROM _trawl_failure AS failure WHERE failure.fetch = fetch.id) AS detail, -- what the server said
  fetch.status, fetch.attempts, fetch.bytes, fetch.rows,
  strftime('%Y-%m-%dT%H:%M:%fZ', fetch.started_ms / 1000.0, 'unixepoch') AS started,
  fetch.duration_ms, fetch.etag, fetch.last_modified
FROM _trawl_run AS run JOIN _trawl_fetch AS fetch
  ON ${fetchOfRun};
`;

/** `name` as an SQL identifier. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
