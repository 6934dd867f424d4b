/**
 * A job file with wrong values shows the other mistakes in the same pass, and none that only follow from them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { MistakesError } from "../../lib/job/diagnostics.ts";
import { loadJob } from "../../lib/job/load_job.ts";

/** The fields of a wrong job file that a mistake names, in their order. */
function wrongFields(text: string): string[] {
  try {
    loadJob(text, { file: "x.toml", env: () => undefined, secret: () => undefined });
  } catch (error) {
    if (!(error instanceof MistakesError)) throw error;
    return error.mistakes.map((mistake) => mistake.split(": ")[1] ?? "");
  }
  return [];
}

Deno.test("loadJob() lists wrong values and mistakes across fields in one pass", () => {
  const text = `
    name = "a b"
    [keys]
    range = "1..x"
    file = "k.txt"
    [window]
    every = "1mo"
    [request]
    url = "https://h/items"
    headers = { x = 1 }
    [accept]
    count = "$[*]"
    [rows]
    path = "items"
    within_window = "nope"
    [rows.columns]
    id = { path = "$.id[*]", type = "int" }
    text = "$.text"
    [rows.count]
    by = "id"
    every = "1y"`;
  assert.deepEqual(wrongFields(text), [
    "name",
    "keys",
    "keys.range",
    "window.every",
    "request.url",
    "request.headers.x",
    "accept.count",
    "rows.path",
    "rows.within_window",
    "rows.columns.id.path",
    "rows.columns.id.type",
    "rows.columns.text",
    "rows.count.every",
  ]);
});

const aloneText = `
    name = "a"
    [keys]
    range = "1..2"
    [window]
    every = "1d"
    [request]
    url = "https://h/{key}/{window.start}"
    [accept]
    require = "$.items"
    [rows]
    path = "$..items[*]"
    within_window = "at"
    [rows.columns]
    at = { path = "$.at", type = "time", index = true }
    [rows.count]
    by = "at"
    every = "1m"`;

Deno.test("loadJob() accepts the text that the next tests make one mistake in", () => {
  assert.deepEqual(wrongFields(aloneText), []);
});

Deno.test.each([
  ['name = "a"', "name = 1", "name"],
  ['range = "1..2"', 'range = "1"', "keys.range"],
  ['every = "1d"', 'every = "1w"', "window.every"],
  ['url = "https://h/{key}/{window.start}"', "url = 1", "request.url"],
  ['require = "$.items"', "require = 1", "accept.require"],
  ['path = "$..items[*]"', "path = 1", "rows.path"],
  ['path = "$.at"', "path = 1", "rows.columns.at.path"],
  ['type = "time"', 'type = "tim"', "rows.columns.at.type"],
  ["index = true", "index = 1", "rows.columns.at.index"],
  ['at = { path = "$.at", type = "time", index = true }', 'at = "$.at"', "rows.columns.at"],
  ['within_window = "at"', "within_window = 1", "rows.within_window"],
  ['every = "1m"', 'every = "1y"', "rows.count.every"],
])("loadJob() reports one mistake when %s becomes %s", (right, wrong, field) => {
  assert.deepEqual(wrongFields(aloneText.replace(right, wrong)), [field]);
});
