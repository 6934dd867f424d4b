/**
 * The flags that make a job without a file, or override fields of a job. Texts and parsers only.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import type { KeySource, Rate } from "../job/job.ts";
import { parseRateOrAuto } from "../job/parse_units.ts";
import { runLimits } from "../limits.ts";
import type { Flag } from "./flag.ts";
import { assignment, share, text, whole, wholeOrAuto } from "./flag_values.ts";

/** A column as `--column` gives it; `type` is undefined where the text names none. */
export interface ColumnText {
  readonly name: string;
  readonly path: string;
  readonly type: string | undefined;
}

/** The flags of a job, by their use in the code. */
export const jobFlags = {
  url: {
    name: "url",
    value: "URL",
    help: "ask this URL, with {key} in it, instead of a JOB",
    more:
      "The key is percent-encoded. {env.NAME} and {secret.NAME} are replaced too. Requires --rows; --column " +
      "adds columns, --keys names the keys.",
    examples: ["https://api.example/v1/items/{key}"],
    parse: text,
  },
  rows: {
    name: "rows",
    value: "PATH",
    help: "JSON path of the rows in an answer, with --url",
    more: "An RFC 9535 path. Each selected value is one row.",
    examples: ["$.items[*]", "$.items[?@.size > 10]"],
    parse: text,
  },
  column: {
    name: "column",
    value: "NAME=PATH",
    isList: true,
    help: "column of a row, with --url; repeatable",
    more:
      "PATH starts at the row. NAME=PATH:TYPE also sets the type: integer, text, real, time, json or any (the " +
      "default). Without --column a row has one column, value.",
    examples: ["id=$.id:integer"],
    parse: column,
  },
  keys: {
    name: "keys",
    value: "FILE",
    completion: "file",
    default: "the keys of the job; with --url standard input",
    help: "read the keys from FILE, one a line; - is stdin",
    more: "Replaces the keys of the job. Keys are read as they are needed, so the list may have any length.",
    examples: ["keys.txt"],
    parse: keySource,
  },
  window: {
    name: "window",
    value: "WHEN",
    completion: ["yesterday"],
    default: "every window that is due and not finished",
    help: "collect this time span only, such as 2026-11-20",
    more:
      "For jobs with a [window]. WHEN is a date, yesterday, a start such as 2026-11-20T06:00Z, or START/END. A span " +
      "of several windows, such as 2026-11-01/2026-11-08, is collected one by one, oldest first. Times are UTC, " +
      "END is excluded, and the windows must have closed.",
    examples: ["yesterday"],
    parse: text,
  },
  set: {
    name: "set",
    value: "NAME=VALUE",
    isList: true,
    default: "the job's [set] table",
    help: "replace {set.NAME} in the job by VALUE; repeatable",
    more:
      "VALUE becomes part of the job: another value starts another run. It is stored with the run, so do not " +
      "pass a secret.",
    examples: ["host=http://127.0.0.1:8080"],
    parse: assignment,
  },
  inFlight: {
    name: "in-flight",
    value: "N",
    completion: ["auto"],
    default: `the job's in_flight, or ${runLimits.inFlightDefault}`,
    help: "requests under way at once, or auto",
    more: `1 to ${runLimits.inFlightMax}, over all Workers. auto searches for the useful number, up to the ` +
      `job's in_flight_max or ${runLimits.inFlightAutoMax}, and keeps it in the database. A --rate may hold ` +
      "requests back further.",
    examples: ["32"],
    parse: wholeOrAuto({ min: 1, max: runLimits.inFlightMax }),
  },
  rate: {
    name: "rate",
    value: "N/UNIT",
    completion: ["auto"],
    default: "the job's rate, or no limit",
    help: "requests started per s, min, h or day; or auto",
    more:
      "Replaces all rates of the job. Requests are spread evenly. N/min, N/h and N/day are counted over all " +
      "runs on the database. auto searches for the highest rate that the server allows and keeps it in the " +
      "database; the search causes an occasional refusal.",
    examples: ["50/s"],
    parse: (text: string): Rate | "auto" => parseRateOrAuto(text),
  },
  batch: {
    name: "batch",
    value: "N",
    default: "the job's batch, or some seconds of work",
    help: "keys per Worker",
    more:
      `1 to ${runLimits.batchMax}. A Worker asks one batch and is then discarded, which bounds memory. Small ` +
      "batches cost speed: a Worker takes about 50 ms to start.",
    examples: ["5000"],
    parse: whole({ min: 1, max: runLimits.batchMax }),
  },
  minCoverage: {
    name: "min-coverage",
    value: "SHARE",
    default: `the job's min_coverage, or ${runLimits.minCoverage}`,
    help: "share of answered keys below which to exit with 3",
    more: "0 to 1. A key counts as answered if its verdict is ok, empty or unchanged.",
    examples: ["0.95"],
    parse: share,
  },
} as const satisfies Record<string, Flag>;

function column(text: string): ColumnText {
  // A name holds no "=", and no path ends in ":" and letters: such an end is a type.
  const [, name, path, type] = /^([^=]+)=(.*?)(?::([A-Za-z]+))?$/s.exec(text) ?? [];
  if (name === undefined || path === undefined) throw new UsageError("must be NAME=PATH or NAME=PATH:TYPE");
  return { name, path, type };
}

function keySource(file: string): KeySource {
  return file === "-" ? { kind: "stdin" } : { kind: "file", file };
}
