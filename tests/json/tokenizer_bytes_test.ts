/**
 * The tokenizer on bytes: the same calls as for text wherever the bytes are cut, and the verdict of a strict UTF-8
 * decoder and `JSON.parse` whatever byte is changed. Also texts that share a query, and endless texts.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { JsonLimitError, JsonSyntaxError } from "../../lib/json/json_error.ts";
import { Query } from "../../lib/json/query.ts";
import { Tokenizer } from "../../lib/json/tokenizer.ts";
import { jsonLimits } from "../../lib/limits.ts";
import { isJson, record, Recorder, textQuery, thrown } from "./support.ts";
import { assertProperty } from "../support/property.ts";

const numRuns = 1_000;

const encoder = new TextEncoder();

/** The text by a strict `TextDecoder`; undefined if the bytes are not UTF-8. */
function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const anywhere = textQuery("$..a", "$[1]");

function faultOf(bytes: Uint8Array, size = bytes.length): string | undefined {
  const chunks = Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, k) => bytes.subarray(k * size, (k + 1) * size),
  );
  const error = thrown(() => record(anywhere, chunks));
  assert.ok(error === undefined || error instanceof JsonSyntaxError, String(error));
  return error?.fault;
}

const text = '\ufeff{"a": ["é", "東京", "🛰️", "\\ud83d\\ude00", -1.5e3, true], "né": {"a": null}} ';

/** Every ASCII byte, then the first and the last of each range that UTF-8 has a rule for. */
const telling = [
  ...Array(0x80).keys(),
  ...[0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef],
  ...[0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff],
];

Deno.test("Tokenizer reads bytes as it reads text, whole, one by one, and cut in two anywhere", () => {
  const bytes = encoder.encode(text);
  const { calls } = record(textQuery("$..a", "$.a[*]", "$['né']"), [text]);
  assert.equal(calls.length, 9);
  const cuttings = Array.from(bytes.keys(), (at) => [bytes.subarray(0, at), bytes.subarray(at)]);
  for (const chunks of [[bytes], Array.from(bytes, (byte) => Uint8Array.of(byte)), ...cuttings]) {
    assert.deepEqual(record(textQuery("$..a", "$.a[*]", "$['né']"), chunks).calls, calls);
  }
});

Deno.test("Tokenizer accepts and refuses bytes as a strict decoder and JSON.parse do when any one is changed", () => {
  const original = encoder.encode('\ufeff{"a":["é東🛰","\\ud83d\\u00e9",-1.5e3,true],"é":null} ');
  for (let at = 0; at < original.length; at++) {
    for (const byte of telling) {
      const bytes = original.slice();
      bytes[at] = byte;
      const read = decoded(bytes);
      const fault = faultOf(bytes);
      assert.equal(fault === undefined, read !== undefined && isJson(read), `${byte} at ${at}: ${fault}`);
      assert.equal(faultOf(bytes, 1), fault);
    }
  }
});

Deno.test("Tokenizer accepts exactly the byte sequences in a string that a strict decoder accepts", () => {
  // Bytes near the edges of what UTF-8 allows, in any order, at any place of a 16-byte vector.
  const byte = fc.oneof(
    fc.constantFrom(0x61, ...telling.slice(0x7f)),
    fc.nat({ max: 255 }),
  );
  assertProperty(
    fc.property(
      fc.nat({ max: 40 }),
      fc.array(byte, { maxLength: 8 }),
      fc.nat({ max: 20 }),
      (before, odd, size) => {
        const body = odd.filter((byte) => byte >= 0x20 && byte !== 0x22 && byte !== 0x5c);
        const bytes = Uint8Array.from([0x22, ...Array<number>(before).fill(0x78), ...body, 0x22]);
        const fault = decoded(bytes) === undefined ? "encoding" : undefined;
        assert.equal(faultOf(bytes), fault);
        assert.equal(faultOf(bytes, size + 1), fault);
      },
    ),
    { numRuns },
  );
});

Deno.test("Tokenizer says where bytes cease to be UTF-8, and names a mistake before them first", () => {
  const cases: readonly (readonly [bytes: readonly number[], message: RegExp])[] = [
    [
      [...encoder.encode('["é'), 0xff],
      /^Cannot read JSON: text must be UTF-8, got byte 0xff at offset 4 \(line 1, column 5\)$/,
    ],
    [[...encoder.encode('[\n"'), 0xed, 0xa0, 0x80], /byte 0xed at offset 3 \(line 2, column 2\)$/],
    [[...encoder.encode("[1,,"), 0xff], /a value must follow, got "," at offset 3/],
    [
      [...encoder.encode('["'), 0xe6, 0x9d],
      /^Cannot read JSON: the input ends inside a character, cut at offset 4/,
    ],
    [[0xef, 0xbb, 0x5b], /byte 0xef at offset 0/],
    [[0xef, 0xbb], /the input ends before a value, cut at offset 2/],
  ];
  for (const [bytes, message] of cases) {
    for (const size of [1, 2, 100]) {
      const chunks = Array.from(
        { length: Math.ceil(bytes.length / size) },
        (_, k) => Uint8Array.from(bytes.slice(k * size, (k + 1) * size)),
      );
      assert.match(String((thrown(() => record(new Query([]), chunks)) as Error).message), message);
    }
  }
});

Deno.test("Tokenizer keeps texts apart that share a query, also when its states are rebuilt", () => {
  // A state must know which of the last 12 names were "a": more states than the table has numbers.
  const query = textQuery("$..a" + ".*".repeat(11), "$[1]");
  const texts = Array.from({ length: 6 }, (_, seed) => {
    let random = seed + 1;
    const name = () => (random = random * 48_271 % 2_147_483_647) % 2 === 0 ? "a" : "b";
    const row = () =>
      Array.from({ length: 30 }, name).reduceRight((inner, name) => `{"${name}":${inner}}`, "1");
    return encoder.encode(`[${Array.from({ length: 60 }, row).join()}]`);
  });
  const recorders = texts.map(() => new Recorder());
  const tokenizers = recorders.map((recorder) => new Tokenizer(query, recorder));
  for (let at = 0; at < 20_000; at += 97) {
    for (const [k, tokenizer] of tokenizers.entries()) tokenizer.process(texts[k]!.subarray(at, at + 97));
  }
  for (const [k, tokenizer] of tokenizers.entries()) {
    tokenizer.finalize();
    assert.deepEqual(
      recorders[k]?.calls,
      record(textQuery("$..a" + ".*".repeat(11), "$[1]"), [texts[k]!]).calls,
    );
  }
});

Deno.test("Tokenizer follows names that the scanner has no room for yet, wherever its memory has to grow", () => {
  // The names of each state are written to memory, which grows by 64 KiB at a time: at any of these states.
  const names = Array.from({ length: 100 }, (_, n) => `${n}`.padEnd(1_999, "x"));
  const path = `$${names.map((name) => `["${name}"]`).join("")}`;
  for (const spell of [(name: string) => name, (name: string) => name.replace("x", "\\u0078")]) {
    const text = names.reduceRight((inner, name) => `{"${spell(name)}":${inner}}`, "1");
    assert.deepEqual(record(textQuery(path), [text]).calls, ["text 0 3 1"]);
  }
});

Deno.test("Tokenizer refuses to read two texts at once with one query, and continues the first", () => {
  const query = textQuery("$[*]");
  const errors: unknown[] = [];
  const tokenizer = new Tokenizer(query, {
    enter() {},
    leave() {},
    text: () => errors.push(thrown(() => record(query, ["[1]"]))),
  });
  tokenizer.process("[1,2]");
  tokenizer.finalize();
  assert.ok(errors.length === 2 && errors.every((error) => error instanceof TypeError));
});

/** Feeds `piece` 96 times behind `start`. Returns the error and the growth of memory in bytes. */
function endless(path: string, start: string, piece: Uint8Array): { error: unknown; grownBytes: number } {
  const tokenizer = new Tokenizer(textQuery(path), new Recorder());
  // Memory of this thread only: other tests run in other threads.
  const heldBytes = () => Deno.memoryUsage().heapUsed + Deno.memoryUsage().external;
  const before = heldBytes();
  const error = thrown(() => {
    tokenizer.process(start);
    for (let k = 0; k < 96; k++) tokenizer.process(piece);
  });
  return { error, grownBytes: heldBytes() - before };
}

Deno.test("Tokenizer passes what has no end in constant memory, and refuses it at a limit where it must be kept", () => {
  const megabyte = (character: string) => encoder.encode(character.repeat(1_048_576));
  const cases:
    readonly (readonly [path: string, start: string, character: string, limit: string | undefined])[] = [
      ["$.a", '{"b":"', "x", undefined],
      ["$.a", '{"b":', "7", undefined],
      ["$.a", "", " ", undefined],
      ["$[1]", '["', "é", undefined],
      ["$.b", '{"b":"', "x", "value"],
      ["$.b", '{"b":', "7", "value"],
      ["$.b", '{"', "x", "name"],
      ["$.a", "", "[", "depth"],
    ];
  for (const [path, start, character, limit] of cases) {
    const { error, grownBytes } = endless(path, start, megabyte(character));
    assert.equal(error instanceof JsonLimitError ? error.limit : error, limit, `${path} ${start}`);
    assert.ok(grownBytes < 32 * 1_048_576, `${path} ${start}${character}…: ${grownBytes} bytes`);
  }
  assert.ok(jsonLimits.valueBytesMax <= 8 * 1_048_576);
});
