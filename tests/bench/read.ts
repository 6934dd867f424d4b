/**
 * Scenario `read`: queries that people ask of 10 million rows over 60 windows of a day, through the views, and what
 * storing the rows costs with and without an index on their time. The database is written by the real writer.
 *
 * @module
 */

import { cpuUsage } from "node:process";
import { DatabaseSync } from "node:sqlite";
import type { FetchRecord, FinishedFetches } from "../../lib/rows/fetch_record.ts";
import { RowBatchBuilder } from "../../lib/rows/row_batch.ts";
import type { TableSchema } from "../../lib/rows/table_schema.ts";
import { openDatabase } from "../../lib/store/database.ts";
import { formatCount, isoTime } from "../../lib/text/format.ts";
import { type BenchContext, median, type Outcome, type Race, type Result, type Scenario } from "./harness.ts";

const days = 60;
const keys = 10_000;
/** Rows of the keys 0, 1, 2, … of a day, in turn: 16.7 on average, so an hour has about 6,950 rows. */
const rowCounts = [0, 5, 12, 33, 20, 30] as const;
const rows = days * keys * rowCounts.reduce<number>((sum, count) => sum + count, 0) / rowCounts.length;

/** Fetches stored in one transaction, as a Worker sends them. */
const fetchesAtOnce = 512;

const daySeconds = 86_400;
const firstSecond = Date.UTC(2026, 0, 1) / 1_000;

/** How often each query is asked. */
const rounds = 5;

/** Days and databases to measure storing without an index. */
const plainDays = 3;
const writeRounds = 3;

/** The table with an index on its time, or without. */
function tableOf(isIndexed: boolean): TableSchema {
  return {
    name: "updates",
    columns: [{ name: "ts", type: "TIME", isIndexed }, { name: "type", type: "TEXT" }],
  };
}

/** A query with the time that it may take, in milliseconds. */
interface Question {
  readonly name: string;
  readonly sql: string;
  readonly boundMs: number;
}

const hour = `ts >= ${firstSecond + 30 * daySeconds + 36_000} AND ts < ${
  firstSecond + 30 * daySeconds + 39_600
}`;

const questions: readonly Question[] = [
  {
    name: "an hour through updates_by_time",
    sql: `SELECT key, ts, type FROM updates_by_time WHERE ${hour}`,
    boundMs: 50,
  },
  {
    name: "the same of current runs, in order, with the run's start",
    sql: `SELECT key, ts, type, started FROM updates_by_time JOIN runs ON runs.id = run
      WHERE ${hour} AND current ORDER BY ts`,
    boundMs: 50,
  },
  { name: "one key through updates", sql: `SELECT * FROM updates WHERE key = '4321'`, boundMs: 5 },
  {
    name: "one day through updates",
    sql: `SELECT * FROM updates WHERE window_start = '2026-01-31T00:00:00Z'`,
    boundMs: 1_000,
  },
  { name: "GROUP BY key", sql: `SELECT key, count(*) FROM updates GROUP BY key`, boundMs: 4_000 },
];

/** Reading 10 million rows. */
export const read: Scenario = {
  name: "read",
  about:
    `${formatCount(rows)} rows of ${
      formatCount(keys)
    } keys over ${days} days in one file: storing them, and queries ` +
    "through the views, in this process; the ratio of a query is to the time that it may take",
  ask: askRead,
};

async function* askRead(context: BenchContext): AsyncIterable<Outcome> {
  const file = `${context.folder}/read.db`;
  const plain: number[] = [];
  for (let round = 1; round <= writeRounds; round++) {
    plain.push(
      await write(`${context.folder}/plain-${round}.db`, { context, isIndexed: false, days: plainDays }),
    );
    await Deno.remove(`${context.folder}/plain-${round}.db`);
  }
  const indexed = await write(file, { context, isIndexed: true, days });
  const base = median(plain) ?? NaN;
  yield {
    race: raceOf("storing rows and fetches", "µs of CPU a row"),
    results: [
      resultOf("without an index", plain, base),
      resultOf("with index = true, all days", [indexed], base),
    ],
  };
  yield {
    race: raceOf("reading", "ms of CPU"),
    results: questions.map((question) => askQuestion(file, question, context)),
  };
}

/** How a database is to be written. */
interface WriteOptions {
  readonly context: BenchContext;
  readonly isIndexed: boolean;
  readonly days: number;
}

/** Writes a database; returns the microseconds of CPU a row, without making the rows. */
async function write(file: string, { context, isIndexed, days }: WriteOptions): Promise<number> {
  await using store = await (await openDatabase(file)).openWriter("bench", [tableOf(isIndexed)]);
  let [cpuUs, rows] = [0, 0];
  for (let day = 0; day < days; day++) {
    context.signal.throwIfAborted();
    context.note(`writing day ${day + 1} of ${days}${isIndexed ? ", with an index" : ""}`);
    const startMs = (firstSecond + day * daySeconds) * 1_000;
    const window = { start: isoTime(startMs), end: isoTime(startMs + daySeconds * 1_000) };
    const run = await store.beginRun({ job: "bench", text: "", identity: "", window });
    for (let first = 0; first < keys; first += fetchesAtOnce) {
      const batch = batchOf(day, first);
      const before = cpuUsage();
      await store.finish(run, batch);
      const { user, system } = cpuUsage(before);
      cpuUs += user + system;
      rows += batch.tables[0]?.rows.rows ?? 0;
    }
    await store.endRun(run, { state: "finished", isCovered: true });
  }
  return cpuUs / rows;
}

/** Fetches from sequence `first` on, with their rows in the order of time. */
function batchOf(day: number, first: number): FinishedFetches {
  const builder = new RowBatchBuilder(2);
  const fetches: FetchRecord[] = [];
  for (let sequence = first; sequence < Math.min(keys, first + fetchesAtOnce); sequence++) {
    const count = rowCounts[sequence % rowCounts.length] ?? 0;
    for (let row = 0; row < count; row++) {
      builder.beginRow();
      // Spread over the day, and different from key to key.
      const second = Math.floor((row + ((sequence * 7_919) % 1_000) / 1_000) * daySeconds / count);
      builder.setInteger(0, firstSecond + day * daySeconds + second);
      builder.setText(1, row % 5 === 0 ? "W" : "A");
      builder.endRow();
    }
    fetches.push(fetchOf(sequence, count));
  }
  const rowCountsOf = fetches.map(({ rows }) => rows);
  return { fetches, tables: [{ table: "updates", rowCounts: rowCountsOf, rows: builder.take() }] };
}

function fetchOf(sequence: number, rows: number): FetchRecord {
  return {
    sequence,
    // The list is in no order, as lists of autonomous systems are not in the order of their digits.
    key: String((sequence * 7_919) % keys),
    verdict: rows === 0 ? "empty" : "ok",
    reason: null,
    detail: null,
    status: 200,
    attempts: 1,
    bytes: 1_000,
    rows,
    startedMs: 1_767_225_600_000,
    durationMs: 1_000,
    etag: null,
    lastModified: null,
  };
}

/** Asks a query several times; in CPU time, since the machine may be shared and the file is in its memory. A new connection for each time has an empty cache of its own, as a shell has. */
function askQuestion(file: string, { name, sql, boundMs }: Question, { note, signal }: BenchContext): Result {
  const figures: number[] = [];
  let found = 0;
  for (let round = 1; round <= rounds; round++) {
    signal.throwIfAborted();
    note(`${name}, round ${round} of ${rounds}`);
    using db = new DatabaseSync(file, { readOnly: true });
    const before = cpuUsage();
    found = db.prepare(sql).all().length;
    const { user, system } = cpuUsage(before);
    figures.push((user + system) / 1_000);
  }
  return resultOf(`${name}: ${formatCount(found)} rows`, figures, boundMs);
}

function resultOf(name: string, figures: readonly number[], base: number): Result {
  const ratio = (median(figures) ?? NaN) / base;
  return { name, figures, isInstalled: true, failure: undefined, ratio, peakBytes: undefined };
}

/** Only the title and the unit of a race: nothing here is another program. */
function raceOf(title: string, unit: string): Race {
  return { title, unit, figure: (seconds) => seconds, contestants: [], rounds };
}
