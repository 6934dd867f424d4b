/**
 * Parts of a document in which nothing can be selected are read in blocks of 64 bytes. The verdict on them, at every
 * place of a block, must equal that of reading token by token.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { messageOf } from "../../lib/errors.ts";
import type { Query } from "../../lib/json/query.ts";
import { isJson, record, textQuery, thrown } from "./support.ts";
import { assertProperty } from "../support/property.ts";

const blockBytes = 64;

/** Neither selects anything; the second must compare every name, so it reads token by token. */
const barren = textQuery("$.nowhere");
const searched = textQuery("$..nowhere");

type Chunks = readonly (string | Uint8Array)[];

/** The message of the error when chunks are read for a query; undefined if they are accepted. */
function verdict(query: Query, chunks: Chunks): string | undefined {
  const error = thrown(() => record(query, chunks));
  return error === undefined ? undefined : messageOf(error);
}

/** The verdicts of the two ways of reading. */
function verdicts(chunks: Chunks): readonly (string | undefined)[] {
  return [verdict(barren, chunks), verdict(searched, chunks)];
}

/** Valid and invalid contents of an array. */
const insides = [
  '1,-2,3.5e+7,0,-0,0.1,1E9,true,false,null,"",[],{}',
  '{"a":{"b":[{},[[]],{"c":"d"}]},"e":""},[ ]  ,\r\n\t{ \n }',
  '"\\"","\\\\","\\\\\\"","\\u00e9\\n\\/","[{,:}]","é😀"',
  "01",
  "-",
  "-01",
  "00",
  "0x",
  "1.",
  "1.e1",
  ".5",
  "1e",
  "1e+",
  "+1",
  "1-2",
  "1 2",
  "tru",
  "truefalse",
  "nulll",
  "x",
  '"a" "b"',
  '"a""b"',
  '1"a"',
  '"a"1',
  "[1]2",
  "2[1]",
  "{}{}",
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  "{,}",
  '{"a" 1}',
  '{"a"::1}',
  '{"a":1 "b":2}',
  "{1:2}",
  '{"a":"b":"c"}',
  "{[]:1}",
  "[,]",
  "[1,,2]",
  "1,",
  ",1",
  '"a":1',
  "[}",
  "{]",
  "[1}",
  '{"a":1]',
  "{ ]",
  "]",
  "}",
  '"\\x"',
  '"\\u12g4"',
  '"\\u123"',
  '"a\tb"',
  '"\n"',
  "1\u00002",
  "\u0000",
  "1\u0001",
  "\\",
  '\\"a"',
  '"\\',
  '"',
];

Deno.test("Tokenizer gives barren text the same verdict at every place of a block, cut or whole", () => {
  for (const inside of insides) {
    for (let padding = 0; padding < blockBytes; padding++) {
      // A block that begins inside a string or a number is as good as any other at every fourth place.
      const tokens = [`"${"x".repeat(padding)}",`, `${"7".repeat(padding + 1)},`];
      for (const pad of [" ".repeat(padding), ...padding % 4 === 0 ? tokens : []]) {
        const text = `{"a":[${pad}${inside}],"b":1}`;
        const [found, expected] = verdicts([text]);
        assert.equal(found, expected, text);
        assert.equal(found === undefined, isJson(text), text);
        const at = padding * text.length / blockBytes | 0;
        assert.equal(verdict(barren, [text.slice(0, at), text.slice(at)]), expected, `${text} cut at ${at}`);
      }
    }
  }
});

Deno.test("Tokenizer finds the same mistake at the same place in barren text when damage and cuts are random", () => {
  const spelling = fc.constantFrom(undefined, 1, "\r\n\t ");
  const damage = fc.option(fc.tuple(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.nat({ max: 2 }),
    fc.oneof(fc.constantFrom(...'[]{},:"\\0-. \n'), fc.string({ unit: "binary-ascii", maxLength: 2 })),
  ));
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 });
  assertProperty(
    fc.property(fc.json({ maxDepth: 6 }), spelling, damage, cuts, (json, space, damaged, places) => {
      let text = JSON.stringify({ a: [JSON.parse(json), JSON.parse(json)], b: json }, null, space);
      const [place, lost, added] = damaged ?? [0, 0, ""];
      const at = Math.floor(place * text.length);
      text = text.slice(0, at) + added + text.slice(at + lost);
      const bytes = new TextEncoder().encode(text);
      const ends = [...places.map((place) => Math.floor(place * bytes.length)), bytes.length].sort((a, b) =>
        a - b
      );
      const [found, expected] = verdicts(ends.map((end, k) => bytes.subarray(ends[k - 1] ?? 0, end)));
      assert.equal(found, expected);
      assert.equal(found === undefined, isJson(text));
      assert.equal(verdict(barren, [text]), expected);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("Tokenizer keeps the limit of depth in barren text, and finds the way out of it, at every place of a block", () => {
  for (let padding = 0; padding < blockBytes; padding++) {
    for (const depth of [1, 63, 64, 65, 510, 511, 512]) {
      const [open, close] = [
        '[{"k":'.repeat(depth / 2) + "[".repeat(depth % 2),
        "]".repeat(depth % 2) + "}]".repeat(depth / 2),
      ];
      const text = `{"a":${" ".repeat(padding)}${open}${depth % 2 ? "" : 1}${close},"nowhere":1}`;
      assert.equal(...verdicts([text]) as [string, string], text);
    }
  }
});
