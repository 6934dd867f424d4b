/**
 * The tokenizer against `JSON.parse`: the same verdict on every text, wherever it is cut. Then its reports, the places
 * of mistakes, and its limits.
 *
 * @module
 */

import assert from "node:assert/strict";
import { JsonLimitError, JsonSyntaxError } from "../../lib/json/json_error.ts";
import { parsePath } from "../../lib/json/path/path_parser.ts";
import { Query } from "../../lib/json/query.ts";
import { Tokenizer } from "../../lib/json/tokenizer.ts";
import { jsonLimits } from "../../lib/limits.ts";
import { cuttings, isJson, record, Recorder, textQuery, thrown } from "./support.ts";

const u = String.raw;

const encoder = new TextEncoder();

/** Bytes of the complete characters of a text. */
function bytesOf(text: string): number {
  return encoder.encode(text.replace(/[\ud800-\udbff]$/, "")).length;
}

/** Valid and invalid texts, ordered by subject. `JSON.parse` has the verdict. */
const documents: readonly string[] = [
  // Nothing, and the root.
  ...'|  |\n|[]|{}| [] |\t{}\n|\r\n[]\r\n|null|true|false|0|""|"a"|[][]|[]{}|1 2|[],|,|:|]|}|[]]|{}}|[|{'
    .split("|"),
  "\ufeff[]",
  "[]\ufeff",
  "\u00a0[]",
  "[\u2028]",
  "\f[]",
  "\v[]",
  "[]\0",
  "\0",
  "[]x",
  "[]/**/",
  "//\n[]",
  "#[]",
  "undefined",
  "NaN",
  "Infinity",
  "-Infinity",
  "'a'",
  "`a`",
  // Arrays.
  ..."[1]|[1,2]|[ 1 , 2 ]|[1,]|[,1]|[,]|[1,,2]|[1 2]|[1:2]|[[]]|[[],[[]]]|[[]|[1}|[1,[2]|[}|[1,2".split("|"),
  "[\n\n1\t,\r2]",
  // Objects.
  ...'{"a":1}|{ "a" : 1 }|{"a":1,"b":2}|{"a":1,"a":2}|{"a":1,}|{,}|{"a"}|{"a":}|{"a",1}|{a:1}|{1:1}|{"a":1 "b":2}'
    .split("|"),
  ...`{"a" 1}|{"a"::1}|{:1}|{"a":1,,"b":2}|{"a":{"b":{}}}|{"a":1]|{'a':1}|{null:1}|{"":0}|{"a":1|{"a":|{"a"|{"`
    .split("|"),
  '{"a":1,"b"}',
  '{"a":[}',
  '{"a":[]',
  '{"a":[1,{"b":null}],"c":"d"}',
  "{[]:1}",
  '{"a":1,2}',
  // Literals.
  ..."tru|nul|fals|t|n|f|True|TRUE|nulll|truefalse|true1|[true]|[nul]|[truee]|[true false]|tRue|[fal,1]|trux"
    .split("|"),
  // Numbers.
  ..."1|-1|10|-0|0.5|1.5e3|1E3|1e+3|1E-3|0e0|0.0|-0.0e-0|123456789012345678901234567890|1e400|-1e-400".split(
    "|",
  ),
  ..."-|+1|01|-01|00|1.|.5|-.5|1.e3|1e|1e+|1E-|1e+-1|1ee3|1e3.5|1.2.3|--1|-a|0x1|1_000|1a|[1a]|[-]|[01]"
    .split("|"),
  ...'[1.]|[.1]|[1e]|[+1]|[1-]|[1-1]|[1e3e3]|[0.1.2]|[-1,-0,0.1,1e1]|[1\u00a0]|1l|٣|[1.0e+1]|{"a":1.}|{"a":-}'
    .split("|"),
  // Strings.
  '"a b"',
  '"é😀\u2028\u2029\u007f\u0080\uffff"',
  '"\ufeff"',
  '"\ud800"',
  '"\udc00\ud800"',
  u`"\"\\\/\b\f\n\r\t"`,
  u`"\u0000\u00e9\uD83D\uDE00"`,
  u`"\ud800"`,
  u`"\udc00\ud800x"`,
  u`"\uABCDabcd\uabcd"`,
  u`"\\"`,
  u`"\\\\\""`,
  '"\t"',
  '"\n"',
  '"\0"',
  '"a\u001f"',
  '"a\u001e',
  u`"\x41"`,
  u`"\a"`,
  u`"\u"`,
  u`"\u12"`,
  u`"\u123"`,
  u`"\u12g4"`,
  u`"\u 123"`,
  u`"\U0041"`,
  u`"\'"`,
  u`"\0"`,
  '"\\',
  '"\\"',
  '"\\u00',
  '"\\\n"',
  '"\\é"',
  '"\\u00é0"',
  '"',
  '"a',
  '"a""b"',
  '["a"b]',
  '["a" "b"]',
  `["it's"]`,
  u`{"\u0061":1}`,
  u`{"\u006":1}`,
  u`{"\x":1}`,
  '{"\n":1}',
  '{"é":1,"😀":2}',
  '{"a\\',
  // Nesting.
  "[".repeat(60) + "]".repeat(60),
  "[".repeat(60) + "]".repeat(59),
  "[".repeat(30) + "}".repeat(30),
  '{"a":'.repeat(30) + "0" + "}".repeat(30),
  '[{"a":[{"b":[]}]}]',
  '[{"a":[{"b":[}]}]',
  // All at once.
  ' { "a" : [ 1 , -2.5e+3 , "x\\ny" , true , false , null , { } , [ ] ] , "é" : { "b" : "" } } ',
];

/** Nothing, everything, or the middle is selected: three ways through the code. */
const queries =
  (): readonly Query[] => [new Query([]), textQuery("$"), textQuery("$..*"), textQuery("$.a", "$[0][0]")];

Deno.test("Tokenizer gives the verdict of JSON.parse when a text is whole or cut anywhere", () => {
  assert.ok(documents.length > 200);
  for (const query of queries()) {
    for (const text of documents) {
      const wanted = isJson(text);
      const messages = new Set<string>();
      for (const chunks of cuttings(text)) {
        const error = thrown(() => record(query, chunks));
        assert.ok(error === undefined || error instanceof JsonSyntaxError, String(error));
        assert.equal(error === undefined, wanted, `${JSON.stringify(chunks)}: ${error?.message}`);
        messages.add(error?.message ?? "");
      }
      assert.equal(messages.size, 1, [...messages].join("\n"));
    }
  }
});

Deno.test("Tokenizer gives the verdict of JSON.parse when any one character is changed, lost or added", () => {
  const units = [..."\0\t\n \"\\,:[]{}-+.01eEuatfnlé\u0080\ud800/'"];
  const texts = [
    u`{"a":[1,-2.5e+3,"x\ny"],"b":{}}`,
    u`[true, false, null, 0, 0.5, 1E-1, {"a\u0041": ""}]`,
    '{"data":{"updates":[{"timestamp":17,"attrs":{"path":[1,2]}}]}}',
  ];
  const query = textQuery("$.a[*]", "$.data.updates[*].timestamp");
  for (const text of texts) {
    for (let at = 0; at <= text.length; at++) {
      const [before, after] = [text.slice(0, at), text.slice(at + 1)];
      const mutations = [
        before,
        before + after,
        ...units.flatMap((unit) => [before + unit + after, before + unit + text.slice(at)]),
      ];
      for (const mutation of mutations) {
        const wanted = isJson(mutation);
        for (const chunks of [[mutation], mutation.split("")]) {
          const error = thrown(() => record(query, chunks));
          assert.equal(error === undefined, wanted, `${JSON.stringify(mutation)}: ${error}`);
        }
      }
    }
  }
});

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

const mistakes: readonly (readonly [text: string, message: string])[] = [
  ["[1\n, 2 x]", 'a comma or a closing bracket must follow, got "x" at offset 7 (line 2, column 5)'],
  ['{"a" 1}', 'a colon must follow the name, got "1" at offset 5 (line 1, column 6)'],
  ["[1,]", 'a value must follow, got "]" at offset 3 (line 1, column 4)'],
  ["[}", 'a value or a closing bracket must follow, got "}" at offset 1 (line 1, column 2)'],
  ['{"a":1,}', 'a name in quotes must follow, got "}" at offset 7 (line 1, column 8)'],
  ["{1", 'a name in quotes or a closing brace must follow, got "1" at offset 1 (line 1, column 2)'],
  ["[]\r\n\r\n]", 'nothing may follow the value, got "]" at offset 6 (line 3, column 1)'],
  ["[-a]", 'a digit must follow, got "a" at offset 2 (line 1, column 3)'],
  ["[01]", 'a comma or a closing bracket must follow, got "1" at offset 2 (line 1, column 3)'],
  ["[trux]", 'a literal must be true, false or null, got "x" at offset 4 (line 1, column 5)'],
  ['["é\n"]', u`a control character must be escaped, got "\n" at offset 4 (line 1, column 5)`],
  [u`["\q"]`, 'a backslash must begin an escape of JSON, got "q" at offset 3 (line 1, column 4)'],
  [u`["\u12x"]`, 'a backslash must begin an escape of JSON, got "x" at offset 6 (line 1, column 7)'],
  ["", "the input ends before a value, cut at offset 0 (line 1, column 1)"],
  [" \n", "the input ends before a value, cut at offset 2 (line 2, column 1)"],
  ['{"a":', "the input ends inside an object, cut at offset 5 (line 1, column 6)"],
  ["[1,", "the input ends inside an array, cut at offset 3 (line 1, column 4)"],
  ["[1", "the input ends inside a number, cut at offset 2 (line 1, column 3)"],
  ["1.", "the input ends inside a number, cut at offset 2 (line 1, column 3)"],
  ['["a\\', "the input ends inside a string, cut at offset 4 (line 1, column 5)"],
  ['{"a', "the input ends inside a name, cut at offset 3 (line 1, column 4)"],
  ["[tru", "the input ends inside a literal, cut at offset 4 (line 1, column 5)"],
];

Deno.test("Tokenizer says what is wrong and where when a text is not JSON", () => {
  for (const [text, message] of mistakes) {
    for (const chunks of cuttings(text)) {
      const error = thrown(() => record(textQuery("$.a"), chunks));
      assert.ok(error instanceof JsonSyntaxError && error instanceof SyntaxError);
      assert.equal(error.message, `Cannot read JSON: ${message}`, JSON.stringify(chunks));
      assert.equal(error.fault === "cut", message.includes("cut at"));
      if (error.fault !== "cut") {
        assert.match(
          message,
          new RegExp(`offset ${error.offset} .line ${error.line}, column ${error.column}.$`),
        );
      }
    }
  }
});

Deno.test("Tokenizer calls every proper beginning of a text cut, and no beginning wrong", () => {
  for (const text of documents.filter((text) => isJson(text))) {
    for (let end = 0; end < text.length; end++) {
      const error = thrown(() => record(new Query([]), [text.slice(0, end)]));
      assert.ok(
        error === undefined ||
          error instanceof JsonSyntaxError && error.fault === "cut" &&
            error.offset === bytesOf(text.slice(0, end)),
        text,
      );
    }
  }
});

Deno.test("Tokenizer throws TypeError when it goes on after it threw or was finalized", () => {
  const tokenizer = new Tokenizer(new Query([]), new Recorder());
  tokenizer.process("[]");
  tokenizer.finalize();
  assert.throws(() => tokenizer.process(" "), TypeError);
  assert.throws(() => tokenizer.finalize(), TypeError);
  const broken = new Tokenizer(new Query([]), new Recorder());
  assert.throws(() => broken.process("]"), JsonSyntaxError);
  assert.throws(() => broken.process("[]"), TypeError);
  assert.throws(() => broken.finalize(), TypeError);
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
    { length: 20_000 },
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
