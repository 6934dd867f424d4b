/**
 * Random documents, paths and cuts: the tokenizer selects what a plain walk over the parsed document selects.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { parsePath } from "../../lib/json/path/path_parser.ts";
import { Query } from "../../lib/json/query.ts";
import { Tokenizer } from "../../lib/json/tokenizer.ts";
import { isJson, nodesOf, record, thrown } from "./support.ts";
import { assertProperty, codePoint } from "../support/property.ts";

const numRuns = 500;

const names = [
  "a",
  "b",
  "",
  "é",
  "😀",
  "a b",
  "it's",
  'q"',
  "back\\slash",
  "\n",
  "\u0000",
  "\ud800",
  "0",
  "toString",
];
const name = fc.oneof(fc.constantFrom(...names), fc.string({ unit: codePoint, maxLength: 4 }));

const { document } = fc.letrec<{ document: unknown }>((tie) => ({
  document: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      name,
    ),
    fc.array(tie("document"), { maxLength: 4 }),
    fc.dictionary(name.filter((text) => text !== "__proto__"), tie("document"), { maxKeys: 4 }),
  ),
}));

const number = fc.nat({ max: 4 }).map(String);
const selector = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(...names.filter((text) => text !== "\ud800")).map((text) =>
      JSON.stringify(text)
    ),
  },
  { weight: 2, arbitrary: fc.constant("*") },
  number,
  fc.tuple(fc.option(number, { nil: "" }), fc.option(number, { nil: "" }), fc.option(number, { nil: "" }))
    .map((parts) => parts.join(":")),
);
const segment = fc.tuple(fc.constantFrom("", "", ".."), fc.array(selector, { minLength: 1, maxLength: 3 }))
  .map(([dots, selectors]) => `${dots}[${selectors.join(",")}]`);
const path = fc.array(segment, { maxLength: 4 }).map((segments) => parsePath(`$${segments.join("")}`));

/** Spellings of the same document: compact, pretty, all escaped. */
const spelling = fc.constantFrom(
  (value: unknown) => JSON.stringify(value),
  (value: unknown) => JSON.stringify(value, null, 4),
  (value: unknown) => JSON.stringify(value, null, "\r\n\t "),
  (value: unknown) =>
    JSON.stringify(value).replaceAll(
      /[\u0080-\uffff]/g,
      (unit) => "\\u" + unit.charCodeAt(0).toString(16).padStart(4, "0"),
    ),
);

function cut(text: string, places: readonly number[]): string[] {
  const ends = [...places.map((place) => Math.floor(place * text.length)), text.length].sort((a, b) => a - b);
  return ends.map((end, k) => text.slice(ends[k - 1] ?? 0, end));
}

/** Cuts the bytes of the text, also within a character. */
function cutBytes(text: string, places: readonly number[]): Uint8Array[] {
  const bytes = new TextEncoder().encode(text);
  const ends = [...places.map((place) => Math.floor(place * bytes.length)), bytes.length].sort((a, b) =>
    a - b
  );
  return ends.map((end, k) => bytes.subarray(ends[k - 1] ?? 0, end));
}

const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });

Deno.test("Tokenizer selects what a walk over the parsed document selects when paths and cuts are random", () => {
  const paths = fc.array(path, { minLength: 1, maxLength: 4 });
  assertProperty(
    fc.property(document, spelling, paths, cuts, (value, spell, wanted, places) => {
      const text = spell(value);
      const query = new Query(wanted.map((path) => ({ path, take: "text" as const })));
      const recorder = record(query, cut(text, places));
      wanted.forEach((path, index) => {
        const found = recorder.texts.filter((text) => text.index === index);
        const values = found.map(({ raw }) => JSON.stringify(JSON.parse(raw))).sort();
        const expected = nodesOf(path, JSON.parse(text)).map((node) => JSON.stringify(node)).sort();
        assert.deepEqual(values, expected, path.text);
        for (const { raw } of found) assert.ok(text.includes(raw));
      });
      assert.deepEqual(record(query, text.split("")).calls, recorder.calls);
      assert.deepEqual(record(query, cutBytes(text, places)).calls, recorder.calls);
    }),
    { numRuns },
  );
});

Deno.test("Tokenizer gives numbers, strings and words as lines to a handler that takes them, in the order of all", () => {
  assertProperty(
    fc.property(document, spelling, path, cuts, (value, spell, path, places) => {
      const text = spell(value);
      const query = new Query([{ path, take: "text" }]);
      let given = "";
      const tokenizer = new Tokenizer(query, {
        enter() {},
        leave() {},
        text: (_index, _kind, raw) => given += `${raw}\n`,
        lines: (lines) => given += new TextDecoder().decode(lines),
      });
      for (const chunk of cutBytes(text, places)) tokenizer.process(chunk);
      tokenizer.finalize();
      assert.equal(given, record(query, [text]).texts.map(({ raw }) => `${raw}\n`).join(""));
    }),
    { numRuns },
  );
});

Deno.test("Tokenizer tells where nodes begin and end when they are visited, as for their texts", () => {
  assertProperty(
    fc.property(document, spelling, path, cuts, (value, spell, path, places) => {
      const text = spell(value);
      const query = new Query([{ path, take: "visit" }, { path, take: "text" }, { path, take: "visit" }]);
      const open: number[] = [];
      let texts = 0;
      for (const call of record(query, cut(text, places)).calls) {
        const [verb, wanted] = call.split(" ", 2);
        if (verb === "enter") open.push(Number(wanted));
        else if (verb === "leave") assert.equal(open.pop(), Number(wanted));
        else texts++, assert.deepEqual(open.slice(-2), [0, 2]);
      }
      assert.deepEqual(open, []);
      assert.equal(texts, nodesOf(path, JSON.parse(text)).length);
    }),
    { numRuns: numRuns / 2 },
  );
});

Deno.test("Tokenizer accepts and refuses as JSON.parse does when a document is damaged anywhere", () => {
  const damage = fc.tuple(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.nat({ max: 2 }),
    fc.string({ unit: "binary-ascii", maxLength: 2 }),
  );
  assertProperty(
    fc.property(document, spelling, damage, cuts, (value, spell, [place, lost, added], places) => {
      const text = spell(value);
      const at = Math.floor(place * text.length);
      const damaged = text.slice(0, at) + added + text.slice(at + lost);
      const query = new Query([{ path: parsePath("$..a"), take: "text" }]);
      const wanted = isJson(damaged);
      assert.equal(thrown(() => record(query, cut(damaged, places))) === undefined, wanted);
    }),
    { numRuns: numRuns * 2 },
  );
});
