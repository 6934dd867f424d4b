/**
 * The schema of `[accept]` and `[rows]`, the tables of the job file that are about answers. `job_schema.ts` puts it
 * into the whole.
 *
 * @module
 */

import { z } from "zod";
import { runLimits } from "../limits.ts";
import { duration, field, isTable, path, required, share, text, whole, yearMs } from "./field_types.ts";

/** Columns of one table. SQLite's own limit is 2,000. */
const columnsMax = 200;

const failRule = z.strictObject({
  path: field(path, "Path of the value to test.", { form: "JSON path (RFC 9535)", example: "$.status" }),
  equals: field(
    z.union([z.string(), z.number(), z.boolean()], { error: "must be a text, a number, true or false" })
      .optional(),
    "Fails the answer if the value is equal.",
    { form: "text, number, true or false", example: "error" },
  ),
  starts_with: field(text.optional(), "Fails the answer if the value is a text with this prefix.", {
    example: "maintenance",
  }),
  contains: field(text.optional(), "Fails the answer if the value is a text that contains this one.", {
    example: "try later",
  }),
  exists: field(
    z.literal(true, { error: "must be true" }).optional(),
    "Fails the answer if the path selects any value.",
    { form: "true", example: true },
  ),
}, isTable);

/** `[accept]`. */
export const accept = field(
  z.strictObject({
    require: field(
      required.optional(),
      "Path that must select an array, complete to its closing bracket. Otherwise the key fails with missing. As a " +
        "table of path and type, the value must be of that type: array, object or any.",
      { form: "JSON path (RFC 9535), or table of path and type", example: "$.items" },
    ),
    count: field(
      path.optional(),
      "Path of a number that must equal the number of selected rows. Otherwise the key fails with wrong-count.",
      { form: "JSON path (RFC 9535) of one value", example: "$.total" },
    ),
    equals: field(
      z.record(z.string(), text, isTable).prefault({}),
      "Values that the answer must repeat: each path must select a value that equals the text. Placeholders: {key}, " +
        "{set.NAME}, {env.NAME}, {window.start}, {window.end}. Numbers are compared as text.",
      { form: "table of texts by JSON path (RFC 9535) of one value", example: { "$.id": "{key}" } },
    ),
    fail_if: field(
      z.array(failRule, { error: "must be a list of tables" }).prefault([]),
      "Rules that turn an answer into a failure with the reason refused. Each rule has a path and exactly one test.",
      { form: "list of tables", example: [{ path: "$.status", equals: "error" }] },
    ),
    min_coverage: field(
      share.default(runLimits.minCoverage),
      "Least coverage for exit code 0: the share of keys with a verdict other than failed.",
      { form: "share", bounds: "0 to 1", example: 1 },
    ),
  }, isTable).prefault({}),
  "Rules that an answer must pass, beyond its status code.",
);

const columnTypes = ["integer", "text", "real", "time", "json", "any"] as const;

const column = z.strictObject({
  path: field(path, "Path of one value, relative to the row.", {
    form: "JSON path (RFC 9535) of one value",
    example: "$.updated_at",
  }),
  type: field(
    z.enum(columnTypes, { error: `must be one of ${columnTypes.join(", ")}` }).default("any"),
    "Type of the column. A value that does not fit fails its key with bad-value. time takes seconds or milliseconds " +
      "since 1970 or an ISO 8601 text, and stores seconds since 1970. any stores integers, reals and texts as they " +
      "are, and other values as JSON text.",
    { form: columnTypes.map((type) => `"${type}"`).join(", "), example: "time" },
  ),
  index: field(
    z.boolean({ error: "must be true or false" }).default(false),
    "Indexes a time column: queries of TABLE_by_time for a span of time, and of TABLE for a key, then do not read " +
      "all rows. Storing a row costs several times as much, and its file is larger.",
    { form: "true or false", example: true },
  ),
}, isTable);

/** `[rows]`. */
export const rows = field(
  z.strictObject({
    path: field(path, "Path of the rows: each selected value becomes one row.", {
      form: "JSON path (RFC 9535)",
      example: "$.items[?@.size > 10]",
    }),
    table: field(text.default("rows"), "Name of the table.", {
      bounds: "1 to 48 lower-case letters, digits and underscores, the first no digit",
      example: "items",
    }),
    within_window: field(
      text.optional(),
      "Name of a time column. Rows outside the run's window are dropped. A row without a time fails with bad-value.",
      { form: "name of a time column", example: "updated_at" },
    ),
    columns: field(
      z.record(z.string(), column, isTable)
        .refine((columns) => Object.keys(columns).length <= columnsMax, {
          error: `must be a table of at most ${columnsMax} columns`,
        })
        .prefault({ value: { path: "$" } }),
      "Columns of the table, in this order.",
      {
        form: "table of columns by name",
        bounds: `1 to ${columnsMax} columns`,
        example: { id: { path: "$.id", type: "integer" } },
        otherwise: "one column, value, with the whole row",
      },
    ),
    max: field(
      whole(1, runLimits.answerRowsMax).default(runLimits.answerRowsMax),
      "Most rows in one answer. An answer with more fails with too-many-rows.",
      { form: "number of rows", example: 1_000 },
    ),
    count: field(
      z.strictObject({
        by: field(text, "Name of the time column.", { form: "name of a time column", example: "updated_at" }),
        every: field(duration(1, yearMs), "Length of a time span.", { example: "1m" }),
      }, isTable).optional(),
      "Stores the number of rows per time span, and per combination of the other columns, in a column named count.",
      { otherwise: "the rows themselves are stored" },
    ),
  }, isTable),
  "What to store of an answer.",
);
