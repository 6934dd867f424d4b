/**
 * Mistakes in the rows and accept rules of a job file, with the complete message.
 *
 * @module
 */

import { match, ok } from "node:assert/strict";
import { base, cols, messageOf, type Mistake, testMistakes } from "./mistakes.ts";

testMistakes([
  [
    "no rows at all",
    `${base}max = 0\n`,
    "6:7: rows.max: must be a whole number from 1 to 100000000: found 0",
  ],
  [
    "a coverage above one",
    `${base}[accept]\nmin_coverage = 99\n`,
    "7:16: accept.min_coverage: must be a number from 0 to 1: found 99",
  ],
  [
    "a coverage in percent",
    `${base}[accept]\nmin_coverage = "99%"\n`,
    '7:16: accept.min_coverage: must be a number from 0 to 1: found "99%"',
  ],
  [
    "no rows",
    'name = "j"\n[request]\nurl = "https://h/{key}"\n',
    "1:1: rows: must be a table: found nothing",
  ],
  [
    "a path of rows that is none",
    base.replace("$[*]", "items"),
    '5:8: rows.path: Cannot read the path "items": a path begins with $, at character 1',
  ],
  [
    "a path of rows with a filter that looks at the root",
    base.replace("$[*]", "$[?$.a]"),
    '5:8: rows.path: Cannot read the path "$[?$.a]": $ in a filter needs the whole document, which is never held, at character 4',
  ],
  ...["runs", "fetches", "_trawl_x", "sqlite_x"].map((name): Mistake => [
    `a table that is named ${name}`,
    `${base}table = "${name}"\n`,
    `6:9: rows.table: must not be runs or fetches, nor begin with _trawl_ or sqlite_: found "${name}"`,
  ]),
  ...["a-b", "Fetch", "1a", "a".repeat(49)].map((name): Mistake => [
    `a table that is named ${name}`,
    `${base}table = "${name}"\n`,
    "6:9: rows.table: must be a name of 1 to 48 lower-case letters, digits and underscores, the first no digit: " +
    `found "${name}"`,
  ]),
  ["no columns", `${base}[rows.columns]\n`, "6:2: rows.columns: must have at least one column: found none"],
  [
    "a column with a space",
    cols('"a b" = { path = "$" }'),
    '7:1: rows.columns."a b": must be a name of 1 to 63 letters, digits and underscores, the first no digit: found "a b"',
  ],
  [
    "a column that begins with a digit",
    cols('1a = { path = "$" }'),
    '7:1: rows.columns.1a: must be a name of 1 to 63 letters, digits and underscores, the first no digit: found "1a"',
  ],
  [
    "a column twice in other case",
    cols('a = { path = "$" }\nA = { path = "$" }'),
    "8:1: rows.columns.A: must be a unique name: taken are key, window_start, run, fetch, row, a",
  ],
  [
    "a column of trawl's own",
    cols('row = { path = "$" }'),
    "7:1: rows.columns.row: must be a unique name: taken are key, window_start, run, fetch, row",
  ],
  ...["key", "WINDOW_start", "run", "fetch"].map((name): Mistake => [
    `a column that is named ${name}`,
    cols(`${name} = { path = "$" }`),
    `7:1: rows.columns.${name}: must be a unique name: taken are key, window_start, run, fetch, row`,
  ]),
  [
    "an index on a column that is no time",
    cols('a = { path = "$", type = "text", index = true }'),
    '7:42: rows.columns.a.index: needs type = "time": found type = "text"',
  ],
  [
    "a column count where rows are counted",
    cols(
      'ts = { path = "$", type = "time" }\ncount = { path = "$" }',
      'count = { by = "ts", every = "1m" }\n',
    ),
    "9:1: rows.columns.count: must be a unique name: taken are key, window_start, run, fetch, row, count, ts",
  ],
  [
    "a column without a path",
    cols('a = { type = "text" }'),
    '7:5: rows.columns.a.path: must be a path in quotes, such as "$.items[*]": found nothing',
  ],
  ["a column that is a text", cols('a = "$.a"'), '7:5: rows.columns.a: must be a table: found "$.a"'],
  [
    "a column of an unknown type",
    cols('a = { path = "$", type = "string" }'),
    '7:26: rows.columns.a.type: must be one of integer, text, real, time, json, any: found "string"',
  ],
  [
    "a column of several values",
    cols('a = { path = "$.a[*]" }'),
    '7:14: rows.columns.a.path: Cannot use the path "$.a[*]" for a column as it may select several values: select the array itself and get its JSON text',
  ],
  [
    "a column whose path is none",
    cols('a = { path = "a" }'),
    '7:14: rows.columns.a.path: Cannot read the path "a": a path begins with $, at character 1',
  ],
  [
    "a count by a column that is not there",
    cols('ts = { path = "$", type = "time" }', 'count = { by = "t", every = "1m" }\n'),
    '6:16: rows.count.by: must be a column of type time (ts): found "t"',
  ],
  [
    "a count by a column of another type",
    cols('ts = { path = "$" }', 'count = { by = "ts", every = "1m" }\n'),
    '6:16: rows.count.by: must be a column of type time, and there is none: found "ts"',
  ],
  [
    "a count without a length",
    cols('ts = { path = "$", type = "time" }', 'count = { by = "ts" }\n'),
    '6:9: rows.count.every: must be a text such as "90s": found nothing',
  ],
  [
    "rows within a window that the job has not",
    cols('ts = { path = "$", type = "time" }', 'within_window = "ts"\n'),
    "6:17: rows.within_window: needs a [window] table: found none",
  ],
  [
    "rows within a window by no time",
    `${base}within_window = "value"\n[window]\nevery = "1d"\n`,
    '6:17: rows.within_window: must be a column of type time, and there is none: found "value"',
  ],
  [
    "a fail rule without a test",
    `${base}[accept]\nfail_if = [{ path = "$" }]\n`,
    "7:12: accept.fail_if[0]: must have exactly one of equals, starts_with, contains, exists: found nothing",
  ],
  [
    "a fail rule with two tests",
    `${base}[accept]\nfail_if = [\n  { path = "$", exists = true, contains = "x" },\n]\n`,
    "8:3: accept.fail_if[0]: must have exactly one of equals, starts_with, contains, exists: found contains and exists",
  ],
  [
    "a fail rule without a path",
    `${base}[accept]\nfail_if = [{ exists = true }]\n`,
    '7:12: accept.fail_if[0].path: must be a path in quotes, such as "$.items[*]": found nothing',
  ],
  [
    "a fail rule that something does not exist",
    `${base}[accept]\nfail_if = [{ path = "$", exists = false }]\n`,
    "7:35: accept.fail_if[0].exists: must be true: found false",
  ],
  [
    "a fail rule with a list",
    `${base}[accept]\nfail_if = [{ path = "$", equals = [1] }]\n`,
    "7:35: accept.fail_if[0].equals: must be a text, a number, true or false: found a list",
  ],
  [
    "fail rules that are a table",
    `${base}[accept.fail_if]\npath = "$"\n`,
    "6:2: accept.fail_if: must be a list of tables: found a table",
  ],
  [
    "rows anywhere, without what must be there",
    base.replace('"$[*]"', '"$..r"'),
    '5:8: rows.path: needs accept.require, as ".." names no place that must hold the rows: found none',
  ],
  [
    "a required path that is none",
    `${base}[accept]\nrequire = "$.."\n`,
    '7:11: accept.require: Cannot read the path "$..": a name or * must follow the dot, at character 4',
  ],
  [
    "a required path that is none, in a table",
    `${base}[accept]\nrequire = { type = "any", path = "$.." }\n`,
    '7:34: accept.require.path: Cannot read the path "$..": a name or * must follow the dot, at character 4',
  ],
  [
    "a required value of an unknown type",
    `${base}[accept]\nrequire = { path = "$", type = "list" }\n`,
    '7:11: accept.require: must be a path in quotes, or { path = "$.items", type = "array" } with a type of array, object or any: found a table',
  ],
  [
    "a comparison with several values",
    `${base}[accept]\nequals = { "$[*]" = "{key}" }\n`,
    '7:21: accept.equals."$[*]": Cannot use the path "$[*]" for a comparison as it may select several values: name one value',
  ],
  [
    "a comparison with a secret",
    `${base}[accept]\nequals = { "$" = "{secret.SHORT}" }\n`,
    '7:18: accept.equals."$": must not contain {secret.…}, as a failure shows the text',
  ],
  [
    "a comparison with an unknown placeholder",
    `${base}[accept]\nequals = { "$" = "{id}" }\n`,
    '7:18: accept.equals."$": must use only the placeholders {key}, {env.NAME} and {secret.NAME}: found {id}',
  ],
  [
    "a count of several values",
    `${base}[accept]\ncount = "$..n"\n`,
    '7:9: accept.count: Cannot use the path "$..n" for a count as it may select several values: name one value',
  ],
]);

Deno.test("loadJob() shortens a message when names are long", () => {
  const columns = `${"x".repeat(70_000)} = { path = "$.t", type = "time" }`;
  const message = messageOf(`${base}within_window = "ts"\n[rows.columns]\n${columns}\n`);
  match(message, /^x\.toml:.*rows\.within_window: must be a column of type time \(x+…/);
  ok(message.length < 5_000);
});
