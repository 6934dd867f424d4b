/**
 * The grammar of paths: valid, wrong and unsupported ones.
 *
 * @module
 */

import assert from "node:assert/strict";
import { jsonLimits } from "../../../lib/limits.ts";
import { parsePath, PathSyntaxError, UnsupportedPathError } from "../../../lib/json/path/path_parser.ts";
import type { Segment, Selector } from "../../../lib/json/path/path_types.ts";

const name = (text: string): Selector => ({ kind: "name", name: text });
const index = (value: number): Selector => ({ kind: "index", index: value });
const wildcard: Selector = { kind: "wildcard" };
const child = (...selectors: Selector[]): Segment => ({ descendant: false, selectors });
const below = (...selectors: Selector[]): Segment => ({ descendant: true, selectors });
const slice = (start: number, end?: number, step = 1): Selector => ({
  kind: "slice",
  start,
  ...(end !== undefined && { end }),
  step,
});

const valid: readonly (readonly [path: string, segments: readonly Segment[], singular: boolean])[] = [
  ["$", [], true],
  ["$.a", [child(name("a"))], true],
  ["$.a.b", [child(name("a")), child(name("b"))], true],
  ["$._a1", [child(name("_a1"))], true],
  ["$.größe", [child(name("größe"))], true],
  ["$.名.\u{1f600}x", [child(name("名")), child(name("\u{1f600}x"))], true],
  ["$.\u0080", [child(name("\u0080"))], true],
  ["$['a']", [child(name("a"))], true],
  ['$["a"]', [child(name("a"))], true],
  ["$['']", [child(name(""))], true],
  ["$['a.b[0]']", [child(name("a.b[0]"))], true],
  [`$['"']`, [child(name('"'))], true],
  [`$["'"]`, [child(name("'"))], true],
  [String.raw`$['\'']`, [child(name("'"))], true],
  [String.raw`$["\""]`, [child(name('"'))], true],
  [String.raw`$["\b\f\n\r\t\/\\"]`, [child(name("\b\f\n\r\t/\\"))], true],
  [String.raw`$["\u0041\u00e9\u00E9\uFFFF\u0000"]`, [child(name("Aéé\uffff\0"))], true],
  [String.raw`$['\uD83D\uDE00\ud83d\ude00']`, [child(name("😀😀"))], true],
  ["$['😀é\u007f']", [child(name("😀é\u007f"))], true],
  ["$.*", [child(wildcard)], false],
  ["$[*]", [child(wildcard)], false],
  ["$[0]", [child(index(0))], true],
  ["$[10]", [child(index(10))], true],
  ["$[9007199254740991]", [child(index(9007199254740991))], true],
  ["$[:]", [child(slice(0))], false],
  ["$[::]", [child(slice(0))], false],
  ["$[1:]", [child(slice(1))], false],
  ["$[:2]", [child(slice(0, 2))], false],
  ["$[1:2]", [child(slice(1, 2))], false],
  ["$[1:9:3]", [child(slice(1, 9, 3))], false],
  ["$[::2]", [child(slice(0, undefined, 2))], false],
  ["$[5:1]", [child(slice(5, 1))], false],
  ["$[::0]", [child(slice(0, undefined, 0))], false],
  ["$[ 1 : 9 : 3 ]", [child(slice(1, 9, 3))], false],
  ["$[1 :\t9\n:\r]", [child(slice(1, 9))], false],
  ["$['a','b']", [child(name("a"), name("b"))], false],
  ["$[ 'a' , 0 , * , 1:2 ]", [child(name("a"), index(0), wildcard, slice(1, 2))], false],
  ["$['a','a']", [child(name("a"), name("a"))], false],
  ["$..a", [below(name("a"))], false],
  ["$..*", [below(wildcard)], false],
  ["$..[0]", [below(index(0))], false],
  ["$..['a', 'b']", [below(name("a"), name("b"))], false],
  ["$.a..b[*]", [child(name("a")), below(name("b")), child(wildcard)], false],
  ["$ .a", [child(name("a"))], true],
  ["$ \t\n\r['a'] [0]", [child(name("a")), child(index(0))], true],
  ["$.data ..b", [child(name("data")), below(name("b"))], false],
];

Deno.test("parsePath() reads every form of RFC 9535 when it can be followed in one pass", () => {
  for (const [text, segments, singular] of valid) {
    assert.deepEqual(parsePath(text), { text, segments, singular });
  }
});

const wrong: readonly (readonly [path: string, character: number])[] = [
  ["", 1],
  ["a", 1],
  [" $", 1],
  ["@.a", 1],
  ["$a", 2],
  ["$ ", 2],
  ["$.a ", 4],
  ["$.", 3],
  ["$..", 4],
  ["$...a", 4],
  ["$. a", 3],
  ["$.. a", 4],
  ["$.1", 3],
  ["$.-a", 3],
  ["$.a-b", 4],
  ["$.'a'", 3],
  ["$.\ud800", 3],
  ["$[", 3],
  ["$.a[", 5],
  ["$[]", 3],
  ["$[ ]", 4],
  ["$[a]", 3],
  ["$['a'", 6],
  ["$['a", 5],
  ["$['a\"]", 7],
  ["$['a',]", 7],
  ["$['a' 'b']", 7],
  ["$[,'a']", 3],
  ["$['\u0001']", 4],
  ["$['\ud800']", 4],
  [String.raw`$['\"']`, 4],
  [String.raw`$["\'"]`, 4],
  [String.raw`$['\x']`, 4],
  [String.raw`$['\u12']`, 4],
  [String.raw`$['\U0041']`, 4],
  [String.raw`$['\ud800']`, 4],
  [String.raw`$['\udc00']`, 4],
  [String.raw`$['\ud800\ud800']`, 4],
  [String.raw`$['\ud800x']`, 4],
  ["$['a\\", 5],
  ["$[01]", 3],
  ["$[-0]", 3],
  ["$[-01]", 3],
  ["$[00]", 3],
  ["$[+1]", 3],
  ["$[1.0]", 4],
  ["$[1e3]", 4],
  ["$[0x1]", 4],
  ["$[9007199254740992]", 3],
  ["$[1:2:3:4]", 8],
  ["$[1:a]", 5],
  ["$[1 2]", 5],
  ["$[0", 4],
  ["$[*", 4],
  ["$[**]", 4],
  ["$.**", 4],
  ["$.a]", 4],
  ["$.a.", 5],
  ["$$", 2],
  ["$(a)", 2],
];

Deno.test("parsePath() throws PathSyntaxError with its place when a path is wrong", () => {
  for (const [path, character] of wrong) {
    assert.throws(() => parsePath(path), (error) => {
      assert.ok(error instanceof PathSyntaxError && !(error instanceof UnsupportedPathError), path);
      assert.ok(error instanceof SyntaxError);
      assert.deepEqual([error.path, error.offset + 1], [path, character], `${path}: ${error.message}`);
      assert.match(error.message, /^Cannot read the path ".*": .+, at character \d+$/, path);
      return true;
    });
  }
});

const unsupported: readonly (readonly [path: string, reason: RegExp, character: number])[] = [
  ["$[-1]", /an index below zero needs the whole document/, 3],
  ["$[-9:]", /a slice|an index/, 3],
  ["$[:-1]", /the end of a slice below zero needs the whole document/, 4],
  ["$[::-1]", /the step of a slice below zero needs the whole document/, 5],
  ["$..[0, ?(@.b > 1)]", /a filter must stand alone in its bracket/, 8],
  ["$[?@.a, 1]", /a filter must stand alone in its bracket/, 3],
  ["$.a[?@.b == $.c]", /\$ in a filter needs the whole document/, 13],
  ["$.a[?@[?$]]", /\$ in a filter needs the whole document/, 9],
  ["$.a[?@[-1]][-1]", /an index below zero needs the whole document/, 13],
];

Deno.test("parsePath() refuses by name when one pass cannot follow a path", () => {
  for (const [path, reason, character] of unsupported) {
    assert.throws(() => parsePath(path), (error) => {
      assert.ok(error instanceof UnsupportedPathError, path);
      assert.match(error.message, reason);
      assert.equal(error.offset + 1, character);
      return true;
    });
  }
});

Deno.test("parsePath() reads filters and calls within each other up to a bound, and refuses more by name", () => {
  const nested = (open: string, middle: string, close: string) => (depth: number) =>
    `$[?${open.repeat(depth)}${middle}${close.repeat(depth)}]`;
  const nests = [nested("(", "@.a", ")"), nested("@[?", "@.a", "]"), nested("!(", "@.a", ")")];
  const calls = (depth: number) => `$[?${"length(".repeat(depth)}@.a${")".repeat(depth)} == 1]`;
  for (const nest of [...nests, calls]) {
    // The filter itself is the first level.
    parsePath(nest(jsonLimits.filterDepthMax - 1));
    for (const depth of [jsonLimits.filterDepthMax, 20_000]) {
      assert.throws(() => parsePath(nest(depth)), (error) => {
        assert.ok(error instanceof UnsupportedPathError);
        assert.match(
          error.message,
          /: filters and calls must nest at most 64 deep, at character \d+$/,
        );
        return error.message.length < 400;
      });
    }
  }
});

Deno.test("parsePath() says what is wrong and where when a bracket is open", () => {
  assert.throws(() => parsePath("$.a["), {
    name: "PathSyntaxError",
    message: 'Cannot read the path "$.a[": a bracket is not closed, at character 5',
  });
});
