/**
 * The automaton by itself: the number of its states stays bounded.
 *
 * @module
 */

import assert from "node:assert/strict";
import { parsePath } from "../../lib/json/path/path_parser.ts";
import { statesMax } from "../../lib/json/automaton.ts";
import { Query } from "../../lib/json/query.ts";
import { record, textQuery } from "./support.ts";

Deno.test("Query remembers nothing more when a document has names that no path has", () => {
  const query = textQuery("$..a[*].b", "$.*.c");
  const members = (from: number) =>
    Array.from({ length: 5_000 }, (_, i) => `"n${from + i}":{"a":[{"b":1}]}`).join();
  record(query, [`{${members(0)}}`]);
  const size = query.size;
  record(query, [`{${members(5_000)}}`]);
  assert.equal(query.size, size);
  assert.ok(size < 20, `${size} states`);
});

Deno.test("Query remembers nothing more when an array is long", () => {
  const query = textQuery("$[::3]", "$[5]", "$[100:200:7].a");
  record(query, [JSON.stringify(Array.from({ length: 10_000 }, (_, a) => ({ a })))]);
  assert.ok(query.size < 20, `${query.size} states`);
});

Deno.test("Query forgets its states and still finds all when descendants need too many", () => {
  // A state must know which of the last 14 names were "a": 2^14 states.
  const query = textQuery("$..a" + ".*".repeat(13));
  let random = 1;
  let expected = 0;
  const rows: string[] = [];
  for (let row = 0; row < 400; row++) {
    const names = Array.from(
      { length: 40 },
      () => (random = random * 48_271 % 2_147_483_647) % 2 === 0 ? "a" : "b",
    );
    for (let k = 0; k + 13 < names.length; k++) if (names[k] === "a") expected++;
    rows.push(names.reduceRight((inner, name) => `{"${name}":${inner}}`, "1"));
  }
  const { texts } = record(query, [`[${rows.join()}]`]);
  assert.equal(texts.length, expected);
  assert.ok(query.size <= statesMax, `${query.size} states`);
});

Deno.test("Query tells all elements apart when more selectors count them than a mask holds", () => {
  const indexes = Array.from({ length: 40 }, (_, i) => i * 2);
  const { texts } = record(textQuery(`$[${indexes.join()}]`), [
    JSON.stringify(Array.from({ length: 100 }, (_, i) => i)),
  ]);
  assert.deepEqual(texts.map(({ raw }) => Number(raw)), indexes);
});

Deno.test("Query knows that nothing can match when no path leads on", () => {
  const { start } = textQuery("$.a.b", "$.c[0]");
  assert.equal(start.barren, false);
  assert.equal(start.member("x").barren, true);
  assert.equal(start.member("x").selected, false);
  assert.equal(start.member("a").barren, false);
  assert.equal(start.member("a").member("b").barren, true);
  assert.equal(start.member("a").member("b").selected, true);
  assert.equal(start.element(0).barren, true);
  assert.equal(start.member("c").element(0).selected, true);
  assert.equal(start.member("c").element(1).selected, false);
});

Deno.test("Query throws RangeError when within does not name an earlier path", () => {
  for (const within of [0, 1, -1, 0.5, Number.NaN]) {
    assert.throws(
      () => new Query([{ path: parsePath("$.a"), take: "text", within }]),
      /must name an earlier path/,
    );
  }
});

Deno.test("Query counts from another path's nodes when a path is within it", () => {
  const query = new Query([
    { path: parsePath("$.rows[*]"), take: "visit" },
    { path: parsePath("$.a"), take: "text", within: 0 },
    { path: parsePath("$"), take: "text", within: 1 },
    { path: parsePath("$[0]"), take: "text", within: 2 },
  ]);
  const { calls } = record(query, ['{"a":9,"rows":[{"a":[1]},{"b":2},3]}']);
  assert.deepEqual(calls, [
    "enter 0 0",
    "text 3 3 1",
    "text 1 1 [1]",
    "text 2 1 [1]",
    "leave 0",
    "enter 0 0",
    "leave 0",
    "enter 0 3",
    "leave 0",
  ]);
});
