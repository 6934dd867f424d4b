/**
 * Jobs, answers and stores in the shape that the rooms of this folder take.
 *
 * @module
 */

import { extractionOf } from "../../lib/rows/extraction.ts";
import { AnswerCollector } from "../../lib/rows/answer_collector.ts";
import type { Column, ColumnType, Job, TableRule, Template, Window } from "../../lib/job/job.ts";
import { Tokenizer } from "../../lib/json/tokenizer.ts";
import { restOf } from "../support/rows.ts";
import type { FetchRecord } from "../../lib/rows/fetch_record.ts";

/** What a test changes of a job. */
export interface JobChange {
  readonly keys?: Job["keys"];
  readonly control?: readonly string[];
  readonly limits?: Partial<Job["limits"]>;
  readonly accept?: Partial<Job["accept"]>;
  readonly rows?: Partial<TableRule>;
  readonly timeout?: Partial<Job["request"]["timeout"]>;
  readonly attempts?: number;
  readonly outageMs?: number;
  readonly text?: string;
}

/** A job that asks `<url>/<key>` and keeps the member `v` of every element of `r`. */
export function jobOf(url: string, change: JobChange = {}): Job {
  const template: Template = [{ kind: "text", text: `${url}/` }, { kind: "key" }];
  const timeout = { connectMs: 5_000, firstByteMs: 5_000, idleMs: 5_000, totalMs: 20_000, ...change.timeout };
  return {
    name: "job",
    text: change.text ?? "text",
    keys: change.keys ?? { kind: "range", first: 0, last: 9 },
    control: change.control ?? [],
    request: { url: template, headers: {}, timeout, bodyBytesMax: 1e9, redirectHosts: [] },
    limits: { inFlight: 4, rates: [], ...change.limits },
    retry: { attempts: change.attempts ?? 3, outageMs: change.outageMs ?? 900_000, failedWindows: 0 },
    accept: { equals: [], failIf: [], minCoverage: 1, ...change.accept },
    tables: [{ name: "t", path: "$.r[*]", columns: columnsOf({ v: "any" }), max: 1e8, ...change.rows }],
  };
}

/** Columns by name: a type, the path being `$.<name>`. */
export function columnsOf(types: Readonly<Record<string, ColumnType>>): Column[] {
  return Object.entries(types).map(([name, type]) => ({ name, path: `$.${name}`, type }));
}

/** What a collector makes of one JSON text. */
export function collected(job: Job, json: string, window?: Window) {
  const extraction = extractionOf(job, window);
  const collector = new AnswerCollector(extraction);
  const tokenizer = new Tokenizer(extraction.query, collector);
  tokenizer.process(json);
  tokenizer.finalize();
  return { collector, rows: restOf(collector) };
}

/** A finished fetch. */
export function recordOf(sequence: number, change: Partial<FetchRecord> = {}): FetchRecord {
  return {
    sequence,
    key: String(sequence),
    verdict: "ok",
    reason: null,
    status: 200,
    attempts: 1,
    bytes: 1,
    rows: 0,
    startedMs: 1,
    durationMs: 1,
    etag: null,
    lastModified: null,
    detail: null,
    ...change,
  };
}

/** Resolves when `condition` holds; looks again every few milliseconds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 3));
}

/** Keeps the event loop alive: a wait for another thread does not, and a Worker is kept by its messages. */
export function stayAlive(): Disposable {
  const timer = setInterval(() => {}, 1_000);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
