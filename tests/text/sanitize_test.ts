import assert from "node:assert/strict";
import fc from "fast-check";
import { sanitize, sanitizedJson, sanitizeLine } from "../../lib/text/sanitize.ts";
import { assertProperty, codePoint } from "../support/property.ts";

const table: readonly (readonly [what: string, text: string, shown: string])[] = [
  ["plain text", "AS3333 – Größe 名 😀", "AS3333 – Größe 名 😀"],
  ["colours", "\x1b[31mred\x1b[0m", "␛[31mred␛[0m"],
  ["a cleared screen, eight-bit", "\x9b2J", "\ufffd2J"],
  ["a link (OSC 8)", "\x1b]8;;http://h\x07x\x1b]8;;\x1b\\", "␛]8;;http://h␇x␛]8;;␛\\"],
  ["a title, eight-bit (OSC)", "\x9d0;title\x9c", "\ufffd0;title\ufffd"],
  ["what overwrites a line", "good\rbad\b\x7f", "good␍bad␈\ufffd"],
  ["a line feed, a tab, a NUL", "a\n\t\0", "a␊␉␀"],
  ["line separators", "a\u2028b\u2029c\x85d", "a\ufffdb\ufffdc\ufffdd"],
  ["text turned around", "\u202etxt.exe\u2066\u200f\u061c", "\ufffdtxt.exe\ufffd\ufffd\ufffd"],
  ["what is invisible", "a\u200b\u2060\ufeff\u00ad\u3164\u{e0041}", "a\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd"],
  ["joined emoji and letters", "👨‍👩‍👧 ❤️ نمی‌خواهم", "👨‍👩‍👧 ❤️ نمی‌خواهم"],
  ["half of a surrogate pair", "a\ud800b", "a\ufffdb"],
  ["a pile of marks", `e${"\u0301".repeat(300)}x`, `e${"\u0301".repeat(8)}\ufffdx`],
  ["letters with marks", "ệ ที่", "ệ ที่"],
];

for (const [what, text, shown] of table) {
  Deno.test(`sanitizeLine() makes sanitize: ${what}`, () => assert.equal(sanitizeLine(text, 1_000), shown));
}

Deno.test("sanitizeLine() cuts", () => {
  assert.equal(sanitizeLine("x".repeat(200)), "x".repeat(200));
  assert.equal(sanitizeLine("x".repeat(201)), `${"x".repeat(199)}…`);
  assert.equal(sanitizeLine("abcdef", 4), "abc…");
  // Not even half an emoji is left.
  assert.equal(sanitizeLine("ab😀def", 4), "ab\ufffd…");
});

const anyText = fc.string({ unit: codePoint });

Deno.test("sanitizeLine() and sanitize() let no text steer a terminal", () => {
  const steering = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
  assertProperty(fc.property(anyText, (text) => {
    assert.doesNotMatch(sanitizeLine(text), steering);
    assert.doesNotMatch(sanitize(text).replaceAll(/[\n\t]/g, ""), steering);
  }));
});

Deno.test("sanitize() keeps lines and columns", () => {
  assert.equal(sanitize("a\tb\nc\r\x1b"), "a\tb\nc␍␛");
});

Deno.test("sanitizedJson() gives a value back as it was, and shows nothing harmful", () => {
  assertProperty(
    fc.property(fc.dictionary(anyText.filter((name) => name !== "__proto__"), anyText), (value) => {
      const json = sanitizedJson(value);
      assert.equal(sanitize(json), json);
      assert.deepEqual({ ...JSON.parse(json) }, { ...value });
    }),
  );
  const pile = `e${"\u0301".repeat(20)}`;
  assert.deepEqual([JSON.parse(sanitizedJson(pile)), sanitize(sanitizedJson(pile))], [
    pile,
    sanitizedJson(pile),
  ]);
  assert.equal(sanitizedJson("\x9b\u202e\u{e0041}é"), String.raw`"\u009b\u202e\udb40\udc41é"`);
});
