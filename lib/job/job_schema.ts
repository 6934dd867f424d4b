/**
 * The job file's schema: every field with its type, unit, bounds, default and documentation. Takes a parsed TOML
 * value and returns it with units converted and defaults filled in. Rules across fields (paths, templates, column
 * names) are checked in `load_job.ts` and `load_rows.ts`; line numbers are added in `diagnostics.ts`.
 *
 * `docs/job-file.md` and the JSON Schema are generated from it.
 *
 * @module
 */

import { z } from "zod";
import { accept, rows } from "./answer_schema.ts";
import { httpLimits, runLimits } from "../limits.ts";
import { formatBytes, formatCount, formatDuration } from "../text/format.ts";
import {
  dayMs,
  duration,
  field,
  inFlight,
  isTable,
  name,
  nameBounds,
  parsed,
  path,
  rates,
  ratesMax,
  template,
  text,
  whole,
  yearMs,
} from "./field_types.ts";
import { parseBytes, parseRange, rateCountMax } from "./parse_units.ts";

const hourMs = 3_600_000;

/** Control keys: all of them are fetched before the first batch. */
const controlMax = 1_000;

/** Missed windows that one command may catch up on: two years of days. */

/** Attempts on one key: more than an hour with backoffs of up to a minute. */
const attemptsMax = 100;

const bodyBytesMax = 2 ** 40;

const jobName = field(name, "Name of the job. The database is named after it unless --db is given.", {
  bounds: nameBounds,
  example: "my-api",
});

const keep = field(
  duration(hourMs, 100 * yearMs).optional(),
  "How long to keep the rows of a window after the window's end. Older windows are deleted at the end of a " +
    "run, except the newest finished one. For a job without [window], the age of the run counts.",
  { example: "90d", otherwise: "nothing is deleted" },
);

const set = field(
  z.record(z.string(), text, isTable).prefault({}),
  "Your own placeholders. {set.NAME} in a URL or header is replaced by the value, and --set NAME=VALUE overrides it. " +
    "Values are stored in the database, so use {secret.NAME} for credentials.",
  { form: "table of texts", example: { host: "https://api.example" } },
);

const keys = field(
  z.strictObject({
    file: field(
      text.min(1, { error: "must be the name of a file" }).optional(),
      "Text file in UTF-8 with one key a line. The path is relative to the job file. The file is checked to its end " +
        "before the first request. A run ends with exit code 75 when its file changes, and an unfinished run is not " +
        "resumed with another list. A pipe or a device is read once, and its keys are kept until the run is finished.",
      { example: "keys.txt" },
    ),
    range: field(
      parsed(parseRange, "1..1000000", { form: "range of whole numbers" }).optional(),
      "Whole numbers as keys, both ends included.",
      { bounds: "0 to 9,007,199,254,740,991", example: "1..1000000" },
    ),
    url: field(
      template.optional(),
      "URL of a JSON document that lists the keys. It is fetched once, at the start of a run, and must answer with " +
        "status 200 and the whole list: a Link header to a next page fails it. A refusal that no retry can change, " +
        "such as 401 or 404, ends the run with exit code 2, a passing one with 75. Needs path.",
      { form: "URL", example: "https://api.example/v1/items" },
    ),
    path: field(
      path.optional(),
      "Where the keys are in the document from url: texts or numbers, in an array.",
      {
        form: "JSON path (RFC 9535)",
        example: "$.items[*].id",
      },
    ),
    count: field(
      path.optional(),
      "Path of a number in the document that must equal the number of keys. Otherwise the list is refused.",
      { form: "JSON path (RFC 9535) of one value", example: "$.total" },
    ),
    headers: field(
      z.record(z.string(), text, isTable).optional(),
      "Headers of the request for the document, with placeholders as in request.headers, but for {key}.",
      {
        form: "table of texts",
        example: { accept: "application/json" },
        otherwise:
          "those of request.headers without {key}; to another origin only accept, accept-encoding, accept-language " +
          "and user-agent",
      },
    ),
    control: field(
      z.array(text, { error: "must be a list of texts" })
        .max(controlMax, { error: `must be a list of at most ${controlMax} keys` }).prefault([]),
      "Keys that must never be empty. They are fetched first; if one is empty or fails, the run ends and no other " +
        "key is fetched. The exit code is 75 where a retry may help, as for an empty one, and 3 otherwise.",
      { form: "list of keys", example: ["12654"] },
    ),
  }, isTable).prefault({}),
  "Where the keys come from: one of file, range, or url with path. --keys overrides all of them.",
  { otherwise: "keys are read from standard input" },
);

const window = field(
  z.strictObject({
    every: field(
      duration(1_000, yearMs),
      "Length of a window in whole seconds. Windows are aligned to 1970-01-01T00:00:00Z, so 1d is the UTC day.",
      { example: "1d" },
    ),
    lag: field(
      duration(0, yearMs).prefault("0s"),
      "How long after its end a window becomes due. Set it to the delay of the API's data.",
      { example: "3h" },
    ),
    catch_up: field(
      whole(1, runLimits.windowsMax).default(7),
      "Most windows that one command runs, missed windows included.",
      { form: "number of windows", example: 7 },
    ),
  }, isTable).optional(),
  "Makes every run cover one closed time span, and enables {window.start} and {window.end}.",
  { otherwise: "a run has no window" },
);

const timeout = field(
  z.strictObject({
    connect: field(
      duration(1, dayMs).prefault(formatDuration(httpLimits.connectMs)),
      "Longest time to open a connection.",
      { example: "5s" },
    ),
    first_byte: field(
      duration(1, dayMs).prefault(formatDuration(httpLimits.firstByteMs)),
      "Longest wait for the first byte of a response.",
      { example: "2m" },
    ),
    idle: field(
      duration(1, dayMs).prefault(formatDuration(httpLimits.idleMs)),
      "Longest pause between two pieces of a body.",
      { example: "30s" },
    ),
    total: field(
      duration(1, dayMs).prefault(formatDuration(httpLimits.totalMs)),
      "Longest time of one attempt, from its start to the last byte.",
      { example: "1h" },
    ),
  }, isTable).prefault({}),
  "Time limits of one attempt.",
);

const request = field(
  z.strictObject({
    url: field(
      template,
      "URL to request for each key. {key} must be in its path or query and is percent-encoded. Other placeholders: " +
        "{set.NAME}, {env.NAME}, {secret.NAME}, {window.start}, {window.end}. Write {{ and }} for braces.",
      { form: "URL with {key}", example: "https://api.example/v1/items/{key}" },
    ),
    headers: field(
      z.record(z.string(), text, isTable).prefault({}),
      "Request headers, with the same placeholders. {secret.NAME} is read from the environment or from a systemd " +
        "credential and never stored.",
      { form: "table of texts", example: { authorization: "Bearer {secret.API_TOKEN}" } },
    ),
    timeout,
    max_body: field(
      parsed((size) => parseBytes(size, { min: 1, max: bodyBytesMax }), "64MiB", {
        form: "size",
        bounds: `1 B to ${formatBytes(bodyBytesMax)}`,
      }).prefault(formatBytes(httpLimits.bodyBytesMax).replace(" ", "")),
      "Largest response body in bytes, after decompression. A larger one fails its key with body-too-large.",
      { example: "64MiB" },
    ),
    redirect_hosts: field(
      z.array(text, { error: "must be a list of hosts" })
        .max(httpLimits.redirectHostsMax, {
          error: `must be a list of at most ${httpLimits.redirectHostsMax} hosts`,
        })
        .prefault([]),
      "Hosts that a redirect may lead to, besides the requested host: over https, on port 443 unless a port is " +
        "given. List a private address as a number.",
      { form: "list of hosts", example: ["cdn.example.org"] },
    ),
  }, isTable),
  "The request for one key.",
);

const pace = field(
  z.strictObject({
    in_flight: field(
      inFlight.default(runLimits.inFlightDefault),
      'Most requests in flight, over all Workers. "auto" finds the useful number and keeps it in the database.',
      {
        form: 'number of requests, or "auto"',
        bounds: `1 to ${formatCount(runLimits.inFlightMax)}`,
        example: 50,
      },
    ),
    in_flight_max: field(
      whole(1, runLimits.inFlightMax).optional(),
      'Upper bound for in_flight = "auto".',
      { form: "number of requests", example: 200, otherwise: formatCount(runLimits.inFlightAutoMax) },
    ),
    rate: field(
      rates.optional(),
      "Most requests started in any time span of the given length. Requests are spread evenly over the shortest " +
        "span. A span of a minute or more is a quota: it is counted in the database and holds across runs. " +
        'With "auto", alone or in the list, trawl finds the highest rate that the server allows below the other rates.',
      {
        form: 'rate in /s, /min, /h or /day, "auto", or a list of them',
        bounds: `1 to ${formatCount(rateCountMax)} requests; at most ${ratesMax} rates`,
        example: ["100/s", "10000/h"],
        otherwise: "no limit",
      },
    ),
    batch: field(
      whole(1, runLimits.batchMax).optional(),
      "Keys per Worker. Each batch gets a fresh Worker.",
      {
        form: "number of keys",
        example: 1_000,
        otherwise: "enough keys to keep a Worker busy for some seconds",
      },
    ),
    share: field(
      name.optional(),
      "Name of limits that several jobs share, such as the API's host. Jobs of one user on one machine that name it " +
        "together keep to the strictest of their rates and in_flight.",
      { bounds: nameBounds, example: "api.example", otherwise: "the job's limits are its own" },
    ),
  }, isTable).prefault({}),
  "Concurrency and pace, over all Workers together.",
);

const retry = field(
  z.strictObject({
    attempts: field(
      whole(1, attemptsMax).default(httpLimits.attemptsMax),
      "Most attempts on one key, the first included. The pause between them is exponential backoff with full jitter.",
      { form: "number of attempts", example: 3 },
    ),
    outage: field(
      duration(1, dayMs).prefault(formatDuration(httpLimits.outageMs)),
      "How long to wait for an API that is down. After that the run ends with exit code 75, and the same command " +
        "resumes it.",
      { example: "1h" },
    ),
    failed_windows: field(
      whole(0, runLimits.windowsMax).default(0),
      "Each start asks again the keys that failed for a passing reason, in this many of the newest finished windows.",
      { form: "number of windows", example: 1 },
    ),
  }, isTable).prefault({}),
  "Retries of failed requests.",
);

const paging = field(
  z.strictObject({
    style: field(
      z.literal("none", { error: 'must be "none", as pages are not followed yet' }),
      'With "none", the first page is all that is wanted: an answer that names a next page does not fail.',
      { form: '"none"', example: "none" },
    ),
  }, isTable).optional(),
  "Pages of an answer.",
  { otherwise: "an answer that names a next page fails its key" },
);

/** The whole job file. Unknown fields are refused. */
export const jobFile = field(
  z.strictObject({
    name: jobName,
    keep,
    set,
    keys,
    window,
    request,
    limits: pace,
    retry,
    paging,
    accept,
    rows,
  }, isTable),
  "A trawl job: the keys, the request, the pace, the rules for an answer, and the rows to store.",
);

/** A job file whose fields are each valid. */
export type JobFile = z.output<typeof jobFile>;

/** The JSON Schema of a job file, for editors and for `docs/job-file.md`. */
export function jobJsonSchema(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(jobFile, { io: "input" });
}
