/**
 * The tokenizer against `JSON.parse`: the same verdict on every text, wherever it is cut. Then the places of mistakes.
 *
 * @module
 */

import assert from "node:assert/strict";
import { JsonSyntaxError } from "../../lib/json/json_error.ts";
import { Query } from "../../lib/json/query.ts";
import { Tokenizer } from "../../lib/json/tokenizer.ts";
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
