/**
 * The job file's schema: which fields there are, what each may hold, its unit and its default. A plain value in,
 * the same value with units parsed and defaults filled in out. What concerns several fields at once (paths,
 * templates, column names) is checked in `load.ts`; positions are not known here.
 *
 * @module
 */

import { z } from "zod";
import { UsageError } from "../errors.ts";
import { httpLimits, runLimits } from "../limits.ts";
import type { Rate } from "./job.ts";
import { parseBytes, parseDuration, parseRange, parseRateOrAuto } from "./parse_units.ts";
import { formatBytes, formatDuration } from "../text/format.ts";

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const yearMs = 366 * dayMs;

/** Requests of one rate list: more than a server ever documents. */
const ratesMax = 8;

/** Columns of one table: SQLite allows 2,000, a row of an answer has a handful. */
const columnsMax = 200;

/** Control keys are asked before all others and never left out. */
const controlMax = 1_000;

/** Missed windows that one run may make up for: two years of days. */
const catchUpMax = 732;

/** Attempts on one key: with pauses up to a minute, more than an hour. */
const attemptsMax = 100;

const bodyBytesMax = 2 ** 40;

/** A text that stands for something else, such as the example; `parse` throws a `UsageError` for a wrong one. */
function parsed<Value>(parse: (text: string) => Value, example: string) {
  return z.string({ error: `must be a text such as "${example}"` }).transform((text, context) => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      context.issues.push({ code: "custom", message: error.message, input: text });
      return z.NEVER;
    }
  });
}

/** A duration in milliseconds, both bounds included. */
function duration(min: number, max: number) {
  return parsed((text) => parseDuration(text, { min, max }), "90s");
}

/** A whole number, both bounds included; `or` names what else is allowed. */
export function whole(min: number, max: number, or: string = ""): z.ZodInt {
  const error = `must be a whole number from ${min} to ${max}${or}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

const shareRule = { error: "must be a number from 0 to 1" } as const;

/** A share: 0 to 1. */
export const share: z.ZodNumber = z.number(shareRule).min(0, shareRule).max(1, shareRule);

const text = z.string({ error: "must be a text in quotes" });
const path = z.string({ error: 'must be a path in quotes, such as "$.items[*]"' });
const template = z.string({ error: 'must be a URL in quotes, such as "https://host/{key}"' });
const isTable = { error: "must be a table" } as const;

const name = z.string({ error: "must be a name in quotes" })
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, {
    error: "must be 1 to 100 letters, digits, dots, hyphens or underscores, the first a letter or digit",
  })
  .describe("The job's name; the database is named after it unless --db says otherwise.");

const keep = duration(hourMs, 100 * yearMs).optional().describe(
  "Windows that ended longer ago are deleted at the end of a run, and runs where there are no windows; the newest " +
    "finished one stays. By default nothing is deleted.",
);

const set = z.record(z.string(), text, isTable).prefault({})
  .describe(
    "Values that --set NAME=VALUE may replace; {set.NAME} stands for them, as they are, in URLs and headers.",
  );

const keys = z.strictObject({
  file: text.min(1, { error: "must be the name of a file" }).optional()
    .describe("A text file with one key a line, UTF-8; relative to the job file."),
  range: parsed(parseRange, "1..1000000").optional().describe(
    'Whole numbers as keys, both ends included: "1..1000000".',
  ),
  url: template.optional().describe("Where an answer lists the keys; asked once, at the start of a run."),
  path: path.optional().describe("RFC 9535 path of the keys in the answer from url."),
  control: z.array(text, { error: "must be a list of texts" })
    .max(controlMax, { error: `must be a list of at most ${controlMax} keys` }).prefault([])
    .describe("Keys known never to be empty, asked first: if one is empty or fails, the run has failed."),
}, isTable).prefault({})
  .describe(
    "Where the keys come from: one of file, range, or url and path; without these, standard input or --keys.",
  );

const window = z.strictObject({
  every: duration(1_000, yearMs)
    .describe('Length of a window, counted from 1970 in UTC: "1d" is the UTC day. Whole seconds.'),
  lag: duration(0, yearMs).prefault("0s").describe("A window may be asked for this long after it closed."),
  catch_up: whole(1, catchUpMax).default(7)
    .describe("Windows that one command asks for at most, the missed ones included."),
}, isTable).optional().describe("Makes every run be about one closed span of time.");

const timeout = z.strictObject({
  connect: duration(1, dayMs).prefault(formatDuration(httpLimits.connectMs))
    .describe("Longest time to reach the server."),
  first_byte: duration(1, dayMs).prefault(formatDuration(httpLimits.firstByteMs))
    .describe("Longest wait for the first byte of an answer."),
  idle: duration(1, dayMs).prefault(formatDuration(httpLimits.idleMs))
    .describe("Longest pause within a body."),
  total: duration(1, dayMs).prefault(formatDuration(httpLimits.totalMs))
    .describe("Longest time of one attempt, from its start to its last byte."),
}, isTable).prefault({}).describe("How long one attempt may take.");

const request = z.strictObject({
  url: template.describe("What to ask for each key: {key} must stand in its path or query."),
  headers: z.record(z.string(), text, isTable).prefault({})
    .describe("Request headers; {secret.NAME} is read from the environment or a systemd credential."),
  timeout,
  max_body: parsed((size) => parseBytes(size, { min: 1, max: bodyBytesMax }), "64MiB")
    .prefault(formatBytes(httpLimits.bodyBytesMax))
    .describe("Largest answer in bytes, after decompression."),
  redirect_hosts: z.array(text, { error: "must be a list of hosts" })
    .max(httpLimits.redirectHostsMax, {
      error: `must be a list of at most ${httpLimits.redirectHostsMax} hosts`,
    })
    .prefault([])
    .describe(
      'Hosts that redirects may lead to besides the one that was asked, such as "cdn.example.org": over https, at ' +
        "port 443 unless they name another. An address of a private network must stand there as a number.",
    ),
}, isTable).describe("One request.");

/** A rate, or "auto". */
export const rate: z.ZodType<Rate | "auto"> = parsed(parseRateOrAuto, "50/s");

const rateForm = { error: 'must be a rate such as "50/s", "auto", or a list of them' } as const;

/** The rates of a list, and whether "auto" is one of them. */
const rates = z.union([text, z.array(text)], rateForm)
  .transform((value, context) => {
    const list = typeof value === "string" ? [value] : value;
    if (list.length < 1 || list.length > ratesMax) {
      context.issues.push({ code: "custom", message: `must be 1 to ${ratesMax} rates`, input: value });
    }
    const given = list.map((item, index) => {
      const result = rate.safeParse(item);
      if (result.success) return result.data;
      const at = typeof value === "string" ? [] : [index];
      for (const { message } of result.error.issues) {
        context.issues.push({ code: "custom", message, path: at, input: item });
      }
      return z.NEVER;
    });
    return { isAuto: given.includes("auto"), rates: given.filter((one) => one !== "auto") };
  });

/** A number of requests in flight, or "auto". */
export const inFlight: z.ZodType<number | "auto"> = z.union(
  [whole(1, runLimits.inFlightMax, ', or "auto"'), z.literal("auto")],
  { error: `must be a whole number from 1 to ${runLimits.inFlightMax}, or "auto"` },
);

const pace = z.strictObject({
  in_flight: inFlight.default(runLimits.inFlightDefault)
    .describe('Requests under way at once, over all Workers; "auto" finds how many are of use.'),
  in_flight_max: whole(1, runLimits.inFlightMax).optional()
    .describe(
      `Requests under way at once that "auto" tries at most; by default ${runLimits.inFlightAutoMax}.`,
    ),
  rate: rates.optional().describe(
    'Requests started in any span of that length, at most: "50/s", or ["100/s", "10000/h"]. They are spread evenly ' +
      "over the shortest span; spans of a minute and more are budgets, which the next run finds as this one left " +
      'them. With "auto", alone or in the list, the highest rate that the server allows is found below the others.',
  ),
  batch: whole(1, runLimits.batchMax).optional()
    .describe("Keys in one batch; by default as many as keep a Worker busy for a few seconds."),
}, isTable).prefault({}).describe("How fast to ask.");

const retry = z.strictObject({
  attempts: whole(1, attemptsMax).default(httpLimits.attemptsMax)
    .describe("Attempts on one key, the first included."),
  outage: duration(1, dayMs).prefault(formatDuration(httpLimits.outageMs))
    .describe("An API that is down for longer ends the run, which goes on when it is started again."),
}, isTable).prefault({}).describe("How often to ask again.");

const failRule = z.strictObject({
  path: path.describe("RFC 9535 path of the value that is tested."),
  equals: z.union([z.string(), z.number(), z.boolean()], { error: "must be a text, a number, true or false" })
    .optional().describe("Fails if the value is this one."),
  starts_with: text.optional().describe("Fails if the value is a text that starts so."),
  contains: text.optional().describe("Fails if the value is a text with this in it."),
  exists: z.literal(true, { error: "must be true" }).optional().describe("Fails if there is a value at all."),
}, isTable);

const accept = z.strictObject({
  require: path.optional().describe("RFC 9535 path of what must be in an answer, whole."),
  count: path.optional().describe("RFC 9535 path of a number that must equal the rows selected."),
  fail_if: z.array(failRule, { error: "must be a list of tables" }).prefault([])
    .describe("An answer to which one of these applies is a failure."),
  min_coverage: share.default(runLimits.minCoverage)
    .describe("Share of the keys that must end with an answer for exit code 0, from 0 to 1."),
}, isTable).prefault({}).describe("What makes an answer a success, beyond its status code.");

const columnTypes = ["integer", "text", "real", "time", "json", "any"] as const;

const column = z.strictObject({
  path: path.describe("RFC 9535 path of one value, counted from the row."),
  type: z.enum(columnTypes, { error: `must be one of ${columnTypes.join(", ")}` }).default("any")
    .describe(
      "What the column holds; any takes integer, real and text as they come, and the rest as JSON text.",
    ),
}, isTable);

const rows = z.strictObject({
  path: path.describe("RFC 9535 path of the rows in an answer."),
  table: text.default("rows").describe("The table that the rows go to."),
  within_window: text.optional()
    .describe("A time column: rows whose time is outside the run's window are not kept."),
  columns: z.record(z.string(), column, isTable)
    .refine((columns) => Object.keys(columns).length <= columnsMax, {
      error: `must be a table of at most ${columnsMax} columns`,
    })
    .prefault({ value: { path: "$" } })
    .describe("The columns of the table, in this order; by default one, value, that is the whole row."),
  max: whole(1, runLimits.answerRowsMax).default(runLimits.answerRowsMax)
    .describe("Rows of one answer; one that has more fails."),
  count: z.strictObject({
    by: text.describe("The time column."),
    every: duration(1, yearMs).describe("Length of the spans that rows are counted into."),
  }, isTable).optional().describe("Keeps how many rows there were per key and span, instead of the rows."),
}, isTable).describe("What to keep of an answer.");

/** The whole job file. Fields that it does not know are refused. */
export const jobFile = z.strictObject(
  { name, keep, set, keys, window, request, limits: pace, retry, accept, rows },
  isTable,
).describe("A trawl job: which keys to ask an API about, how, how fast, and what to keep of the answers.");

/** A job file whose fields are each right in themselves. */
export type JobFile = z.output<typeof jobFile>;

/** The JSON Schema of a job file as it is written, for editors. */
export function jobJsonSchema(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(jobFile, { io: "input" });
}
