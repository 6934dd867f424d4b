/**
 * `decodeText()` at the edges of every type.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeText, ValueKind } from "../../lib/json/value.ts";
import { assertProperty, codePoint } from "../support/property.ts";

const numbers: readonly (readonly [raw: string, value: unknown])[] = [
  ["0", 0],
  ["-0", 0],
  ["-1", -1],
  ["1749479400", 1749479400],
  ["9007199254740991", 9007199254740991],
  ["-9007199254740991", -9007199254740991],
  ["9007199254740992", 9007199254740992n],
  ["9007199254740993", 9007199254740993n],
  ["-9007199254740993", -9007199254740993n],
  ["9223372036854775807", 9223372036854775807n],
  ["-9223372036854775808", -9223372036854775808n],
  ["9223372036854775808", "9223372036854775808"],
  ["-9223372036854775809", "-9223372036854775809"],
  ["1".repeat(400), "1".repeat(400)],
  ["1.0", 1],
  ["0.1", 0.1],
  ["-0.0", -0],
  ["1e3", 1000],
  ["1E+3", 1000],
  ["9007199254740993.0", 9007199254740992],
  ["1e308", 1e308],
  ["1e400", "1e400"],
  ["-1.5E400", "-1.5E400"],
  ["1e-400", 0],
];

Deno.test("decodeText() loses no digit of an integer when the text is a number", () => {
  for (const [raw, value] of numbers) assert.deepStrictEqual(decodeText(ValueKind.number, raw), value, raw);
});

Deno.test("decodeText() decodes as JSON.parse does when the text is a string", () => {
  for (const raw of ['""', '"a"', '"\\n"', '"\\ud83d\\ude00"', '"\\ud800"', '"é\\u00e9\\/"', '"\\\\"']) {
    assert.equal(decodeText(ValueKind.string, raw), JSON.parse(raw));
  }
  assertProperty(fc.property(fc.string({ unit: codePoint }), (text) => {
    assert.equal(decodeText(ValueKind.string, JSON.stringify(text)), text);
  }));
});

Deno.test("decodeText() gives literals as values, containers as they stand", () => {
  assert.equal(decodeText(ValueKind.true, "true"), true);
  assert.equal(decodeText(ValueKind.false, "false"), false);
  assert.equal(decodeText(ValueKind.null, "null"), null);
  assert.equal(decodeText(ValueKind.object, '{ "a" : 1.0 }'), '{ "a" : 1.0 }');
  assert.equal(decodeText(ValueKind.array, "[ ]"), "[ ]");
});
