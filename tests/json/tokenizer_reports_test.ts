/**
 * What the tokenizer reports to its handler of the nodes that paths select, and the limits it keeps meanwhile.
 *
 * @module
 */

import assert from "node:assert/strict";
import { JsonLimitError } from "../../lib/json/json_error.ts";
import { parsePath } from "../../lib/json/path/path_parser.ts";
import { Query } from "../../lib/json/query.ts";
import { Tokenizer } from "../../lib/json/tokenizer.ts";
import { jsonLimits } from "../../lib/limits.ts";
import { cuttings, record, Recorder, textQuery, thrown } from "./support.ts";

const u = String.raw;

const rowsText =
  u`{"rows": [ {"a": [1, {"b": "x\"y"}], "n": 1.50}, "s", -0, true, false, null, [] ], "é\n": "ü" }`;

const reports: readonly (readonly [path: string, raw: readonly string[]])[] = [
  ["$", [rowsText]],
  ["$.rows[0].n", ["1.50"]],
  ["$.rows[0].a", [u`[1, {"b": "x\"y"}]`]],
  ["$.rows[0]['a','n']", [u`[1, {"b": "x\"y"}]`, "1.50"]],
  ["$.rows[1:]", ['"s"', "-0", "true", "false", "null", "[]"]],
  ["$.rows[1:6:2]", ['"s"', "true", "null"]],
  ["$.rows[::0]", []],
  ["$..b", [u`"x\"y"`]],
  ["$..a..b", [u`"x\"y"`]],
  ["$..[0]", [u`1`, u`{"a": [1, {"b": "x\"y"}], "n": 1.50}`]],
  [u`$["é\n"]`, ['"ü"']],
  ["$.rows.a", []],
  ["$[0]", []],
  ["$.rows['0']", []],
  ["$.rows[6][*]", []],
  ["$.é", []],
];

Deno.test("Tokenizer reports the raw text of each node when a path selects it", () => {
  for (const [path, raw] of reports) {
    const query = textQuery(path);
    for (const chunks of cuttings(rowsText)) {
      assert.deepEqual(
        record(query, chunks).texts.map((text) => text.raw),
        raw,
        `${path} ${JSON.stringify(chunks)}`,
      );
    }
  }
});

Deno.test("Tokenizer calls enter, text and leave in the order promised when several paths meet in a node", () => {
  const query = new Query([
    { path: parsePath("$.a"), take: "visit" },
    { path: parsePath("$.a"), take: "text" },
    { path: parsePath("$..*"), take: "visit" },
    { path: parsePath("$.a.b"), take: "text" },
  ]);
  const expected = [
    "enter 0 0",
    "enter 2 0",
    "enter 2 2",
    'text 3 2 "x"',
    "leave 2",
    'text 1 0 {"b":"x"}',
    "leave 2",
    "leave 0",
    "enter 2 6",
    "leave 2",
  ];
  for (const chunks of cuttings('{"a":{"b":"x"},"c":null}')) {
    assert.deepEqual(record(query, chunks).calls, expected);
  }
});

Deno.test("Tokenizer reports every member when a name is repeated", () => {
  assert.deepEqual(record(textQuery("$.a"), ['{"a":1,"b":2,"a":3}']).texts.map(({ raw }) => raw), ["1", "3"]);
});

Deno.test("Tokenizer compares names decoded when they are written with escapes", () => {
  const names = [["a", u`\u0061`], ["é", u`\u00e9`], ["é", "é"], ["😀", u`\ud83d\uDE00`], [u`a\b`, u`a\\b`], [
    "a\b",
    u`a\b`,
  ]];
  for (const [name, written] of names) {
    const query = textQuery(`$[${JSON.stringify(name)}]`);
    for (const chunks of cuttings(`{"${written}":1}`)) {
      assert.equal(record(query, chunks).texts.length, 1, written);
    }
  }
  assert.equal(record(textQuery(u`$["a\\b"]`), [u`{"a\b":1}`]).texts.length, 0);
  assert.equal(record(textQuery("$.é"), ['{"è":1}']).texts.length, 0);
  assert.equal(record(textQuery("$.\u0080"), ['{"\u0081":1}']).texts.length, 0);
});

Deno.test("Tokenizer completes a number at the root only when it is finalized", () => {
  const recorder = new Recorder();
  const tokenizer = new Tokenizer(textQuery("$"), recorder);
  tokenizer.process("12");
  tokenizer.process("3");
  assert.deepEqual(recorder.texts, []);
  tokenizer.finalize();
  assert.deepEqual(recorder.texts.map(({ raw }) => raw), ["123"]);
});

Deno.test("Tokenizer keeps its place when its handler runs another tokenizer", () => {
  const seen: string[] = [];
  const inner = textQuery("$[*]");
  const tokenizer = new Tokenizer(textQuery("$[*]"), {
    enter() {},
    leave() {},
    text: (_index, _kind, raw) =>
      seen.push(raw.toString(), ...record(inner, ["[7,8]"]).texts.map((text) => text.raw)),
  });
  tokenizer.process("[1,2,");
  tokenizer.process("3]");
  tokenizer.finalize();
  assert.deepEqual(seen, ["1", "7", "8", "2", "7", "8", "3", "7", "8"]);
});

function limitOf(text: string, path: string, size: number = text.length): string | undefined {
  const chunks = Array.from(
    { length: Math.ceil(text.length / size) },
    (_, k) => text.slice(k * size, (k + 1) * size),
  );
  const error = thrown(() => record(textQuery(path), chunks));
  if (error === undefined) return undefined;
  assert.ok(error instanceof JsonLimitError && error instanceof RangeError, String(error));
  assert.match(error.message, /^Cannot read JSON: .+, got more at offset \d+$/);
  return error.limit;
}

Deno.test("Tokenizer keeps the limit of depth when brackets are open, selected or not", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  for (const path of ["$", "$.a", "$..*"]) {
    for (const size of [1, 100_000]) {
      assert.equal(limitOf(nested(jsonLimits.depthMax), path, size), undefined);
      assert.equal(limitOf(nested(jsonLimits.depthMax + 1), path, size), "depth");
    }
  }
});

Deno.test("Tokenizer keeps the limit of values when they are captured, and has none for others", () => {
  const text = (length: number) => `[1,"${"x".repeat(length - 2)}"]`;
  for (const size of [60_000, 10_000_000]) {
    assert.equal(limitOf(text(jsonLimits.valueBytesMax), "$[1]", size), undefined);
    assert.equal(limitOf(text(jsonLimits.valueBytesMax + 1), "$[1]", size), "value");
    assert.equal(limitOf(text(jsonLimits.valueBytesMax), "$", size), "value");
    assert.equal(limitOf(text(jsonLimits.valueBytesMax + 1), "$[0]", size), undefined);
  }
  assert.equal(limitOf(`"${"x".repeat(jsonLimits.valueBytesMax)}`, "$", 60_000), "value");
});

Deno.test("Tokenizer keeps the limit of names when they are compared, and has none for others", () => {
  const text = (length: number) => `{"${"x".repeat(length)}":1}`;
  for (const size of [10_000, 100_000]) {
    assert.equal(limitOf(text(jsonLimits.nameBytesMax), "$.a", size), undefined);
    assert.equal(limitOf(text(jsonLimits.nameBytesMax + 1), "$.a", size), "name");
    assert.equal(limitOf(text(jsonLimits.nameBytesMax + 1), "$.*", size), undefined);
    assert.equal(limitOf(text(jsonLimits.nameBytesMax + size).slice(0, -3), "$.a", size), "name");
    assert.equal(limitOf(`[${text(jsonLimits.nameBytesMax + 1)}]`, "$.a", size), undefined);
  }
});

Deno.test("Tokenizer goes through a chunk larger than its buffer when captures, names and escapes cross pieces", () => {
  const rows = Array.from(
    { length: 4_000 },
    (_, k) => ({ id: k, "né": "é\n\u{1f600}" + k, deep: [[k], { k }] }),
  );
  for (const indent of [0, 3]) {
    const text = JSON.stringify(rows, null, indent);
    const recorder = record(textQuery("$[*]", "$[*]['né']", "$..k"), [text]);
    const values = (index: number) =>
      recorder.texts.filter((t) => t.index === index).map(({ raw }) => JSON.parse(raw));
    assert.deepEqual(values(0), rows);
    assert.deepEqual(values(1), rows.map((row) => row["né"]));
    assert.deepEqual(values(2), rows.map((_, k) => k));
  }
});
