/**
 * Rows that the scanner makes into cells, against the general way: the same rows, or the same failure, wherever the
 * bytes are cut.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { AnswerCollector } from "../../lib/rows/answer_collector.ts";
import { extractionOf } from "../../lib/rows/extraction.ts";
import type { Extraction } from "../../lib/rows/extraction.ts";
import { UnusableError } from "../../lib/rows/unusable_error.ts";
import type { Column, Window } from "../../lib/job/job.ts";
import { Tokenizer } from "../../lib/json/tokenizer.ts";
import type { CellValue } from "../../lib/rows/row_batch.ts";
import { restOf, rowsOf } from "../support/rows.ts";
import { columnsOf, jobOf } from "../collect/support.ts";
import { assertProperty } from "../support/property.ts";

const types = ["any", "integer", "json", "real", "text", "time"] as const;
const columns: readonly Column[] = columnsOf(Object.fromEntries(types.map((type) => [type, type])));
const day = { startMs: Date.UTC(2026, 10, 20), endMs: Date.UTC(2026, 10, 21) };
const startSeconds = day.startMs / 1_000;

const encoder = new TextEncoder();

/** JSON of scalars around all the bounds of what is simple, and of some containers. */
const integers = ["0", "-0", "7", "-7", "99999999999", "100000000000", "-100000000000"];
const digits = [
  "999999999999999",
  "-999999999999999",
  "1000000000000000",
  "9007199254740993",
  "1".repeat(19),
];
const others = ["1.0", "1e3", "0.5", "-0.0", "true", "false", "null", "[1]", "{}", '{"text": "A"}'];
const strings = [
  "",
  "A",
  "W",
  "é",
  "12",
  "2026-11-20",
  "sixteen bytes ok",
  "seventeen bytes !",
  'a"b',
  "\\",
  "🛰",
];
const times = [-1, 0, 0.5, 86_399, 86_400].map((offset) => String(startSeconds + offset));
const values: Record<typeof types[number], readonly string[]> = {
  any: [...integers, ...digits, ...others, ...strings.map((text) => JSON.stringify(text)), '"\\u0041"'],
  integer: [...integers, ...digits.slice(0, 4), "null", "true", '"12"'],
  json: [...integers, ...others, ...strings.map((text) => JSON.stringify(text))],
  real: [...integers, ...digits.slice(0, 2), "0.5", "-0.0", "1e3", "null"],
  text: [...strings.map((text) => JSON.stringify(text)), '"\\u0041"', "null", "7", "true"],
  time: [...times, ...integers.slice(0, 4), "null", '"2026-11-20T01:00:00Z"'],
};
const unfit = ['"x"', "1.5", "[]", '"a\\u0000"', '"\\ud800"'];

const member = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom(...types).chain((type) => memberOf(type, values[type])) },
  { weight: 1, arbitrary: fc.constantFrom(...types).chain((type) => memberOf(type, unfit)) },
  { weight: 4, arbitrary: memberOf("other", others) },
);
const row = fc.oneof(
  { weight: 12, arbitrary: fc.array(member, { maxLength: 8 }).map((members) => `{${members.join()}}`) },
  { weight: 1, arbitrary: fc.constantFrom("null", "5", '"A"', "[]", '[{"any": 1}]') },
);

/** Most rows need a time to be in a window or not. */
const timedRow = fc.oneof(
  {
    weight: 60,
    arbitrary: fc.tuple(fc.array(member, { maxLength: 8 }), fc.constantFrom(...times)).map((
      [members, time],
    ) => `{${[...members, `"time":${time}`].join()}}`),
  },
  { weight: 1, arbitrary: row },
);

function memberOf(name: string, jsons: readonly string[]) {
  return fc.constantFrom(...jsons).map((json) => `"${name}":${json}`);
}

interface Read {
  readonly rows: readonly (readonly CellValue[])[];
  readonly selected: number;
  readonly kept: number;
}

/** What becomes of the answer in these pieces: its rows, or the value that does not fit. */
function read(extraction: Extraction, pieces: Iterable<Uint8Array>): Read | UnusableError["said"] {
  const collector = new AnswerCollector(extraction);
  const tokenizer = new Tokenizer(extraction.query, collector);
  try {
    for (const piece of pieces) tokenizer.process(piece);
    tokenizer.finalize();
  } catch (error) {
    assert.ok(error instanceof UnusableError, String(error));
    return error.said;
  }
  const rows = restOf(collector);
  return { rows, selected: collector.selected, kept: collector.kept };
}

function questionFor(options: { readonly withinWindow?: string; readonly path?: string }, window?: Window) {
  const extraction = extractionOf(jobOf("http://x", { rows: { columns, ...options } }), window);
  assert.ok(extraction.plan !== undefined);
  return { planned: extraction, general: { ...extraction, plan: undefined } };
}

const ways = {
  "all rows": { ...questionFor({}), row },
  "rows within the window": { ...questionFor({ withinWindow: "time" }, day), row: timedRow },
  "rows that a filter lets through": { ...questionFor({ path: "$.r[?@.any != 7]" }), row },
};

for (const [title, { planned, general, row }] of Object.entries(ways)) {
  Deno.test(`AnswerCollector has the same rows from the scanner as event by event: ${title}`, () => {
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 });
    let whole = 0;
    assertProperty(
      fc.property(fc.array(row, { maxLength: 12 }), cuts, (rows, places) => {
        const bytes = encoder.encode(`{"r": [${rows.join(", ")}], "any": 1}`);
        const ends = [...places.map((place) => Math.floor(place * bytes.length)), bytes.length].sort((a, b) =>
          a - b
        );
        const pieces = ends.map((end, k) => bytes.subarray(ends[k - 1] ?? 0, end));
        const expected = read(general, [bytes]);
        assert.deepEqual(read(planned, [bytes]), expected);
        assert.deepEqual(read(planned, pieces), expected);
        if ("rows" in expected) whole++;
      }),
      { numRuns: 1_000 },
    );
    assert.ok(whole > 300, `${whole} answers without a bad value`);
  });
}

Deno.test("AnswerCollector has the same rows from the scanner wherever the answer is cut", () => {
  const { planned, general } = ways["all rows"];
  const rows = [
    '{"time": 1795132800, "text": "A", "any": 1, "integer": -5, "real": 2}',
    '{"text": "W", "text": "A", "time": 1795132801.5, "json": "A", "any": "sixteen bytes ok"}',
    '{"integer": 9007199254740993, "any": "é", "text": "a\\"b"}',
    '{"other": [1, 2], "text": "A", "any": [1], "time": 1795132802}',
    '{"text": "A", "any": "A", "real": -0, "time": -0}',
    '{"text": null, "integer": 7, "integer": null, "any": "W", "any": 2}',
  ];
  const bytes = encoder.encode(`{"r": [${rows.join()},${rows.join()}]}`);
  const expected = read(general, [bytes]);
  assert.ok("rows" in expected && expected.rows.length === 12);
  for (let at = 0; at <= bytes.length; at++) {
    assert.deepEqual(read(planned, [bytes.subarray(0, at), bytes.subarray(at)]), expected, `cut at ${at}`);
  }
});

Deno.test("AnswerCollector keeps answers apart that are read by turns, and their chunks", () => {
  const { planned } = ways["all rows"];
  const answers = Array.from({ length: 3 }, (_, answer) => ({
    collector: new AnswerCollector(planned),
    text: (n: number) => `text ${n * (answer + 1) % 7}`,
    found: [] as CellValue[],
  }));
  const tokenizers = answers.map(({ collector }) => new Tokenizer(planned.query, collector));
  const pieces = 40;
  const rowsAPiece = 200;
  for (const tokenizer of tokenizers) tokenizer.process(encoder.encode('{"r": [0'));
  for (let piece = 0; piece < pieces; piece++) {
    for (const [index, { collector, text, found }] of answers.entries()) {
      const rows = Array.from(
        { length: rowsAPiece },
        (_, n) => `,{"text": "${text(piece * rowsAPiece + n)}"}`,
      );
      tokenizers[index]!.process(encoder.encode(rows.join("")));
      const chunk = collector.take();
      if (chunk !== undefined) found.push(...rowsOf(chunk.rows).map((row) => row[4] ?? null));
    }
  }
  for (const [index, { collector, text, found }] of answers.entries()) {
    tokenizers[index]!.process(encoder.encode("]}"));
    assert.ok(found.length > 0, "there was a full chunk");
    found.push(...restOf(collector).map((row) => row[4] ?? null));
    const wanted = Array.from({ length: pieces * rowsAPiece }, (_, n) => text(n));
    assert.deepEqual(found, [null, ...wanted]);
  }
});

Deno.test("AnswerCollector has rows from the scanner also after the scanner's memory has grown", () => {
  const name = "x".repeat(40_000);
  const path = `$.z.z["${name}"].z["${name}"]`;
  const extraction = extractionOf(
    jobOf("http://x", { accept: { failIf: [{ path, exists: true }] } }),
    undefined,
  );
  const rows = (first: number) => `"r": [{"v": ${first}}, {"v": "A"}, {"v": ${first + 1}}]`;
  const text = `{${rows(1)}, "z": {"z": {"${name}": {"z": {"${name}": 1}}}}, ${rows(3)}}`;
  const collector = new AnswerCollector(extraction);
  const tokenizer = new Tokenizer(extraction.query, collector);
  tokenizer.process(text);
  tokenizer.finalize();
  assert.ok(collector.refusedBy);
  assert.deepEqual(restOf(collector), [[1n], ["A"], [2n], [3n], ["A"], [4n]]);
});
