import assert from "node:assert/strict";
import { AnswerCollector } from "../../lib/rows/answer_collector.ts";
import { unmetText } from "../../lib/rows/demands.ts";
import { extractionOf } from "../../lib/rows/extraction.ts";
import { UnusableError } from "../../lib/rows/unusable_error.ts";
import type { FailRule } from "../../lib/job/job.ts";
import { Tokenizer } from "../../lib/json/tokenizer.ts";
import { TokenizerStream } from "../../lib/json/tokenizer_stream.ts";
import { memoryLimits, outboxLimits } from "../../lib/limits.ts";
import { restOf, rowsOf } from "../support/rows.ts";
import { collected, columnsOf, type JobChange, jobOf } from "../collect/support.ts";

const day = { startMs: Date.UTC(2026, 10, 20), endMs: Date.UTC(2026, 10, 21) };

Deno.test("AnswerCollector keeps a row's values in the order of the columns, and null for what is not there", () => {
  const job = jobOf("http://x", { rows: { columns: columnsOf({ a: "any", b: "any", c: "any" }) } });
  const { collector, rows } = collected(job, '{"r": [{"c": 3, "a": 1}, {}, {"b": null, "a": "x"}, 5, []]}');
  assert.deepEqual(rows, [[1n, null, 3n], [null, null, null], ["x", null, null], [null, null, null], [
    null,
    null,
    null,
  ]]);
  assert.deepEqual([collector.selected, collector.kept], [5, 5]);
});

Deno.test("AnswerCollector takes the last of a name that comes twice, as JSON.parse does", () => {
  assert.deepEqual(collected(jobOf("http://x"), '{"r": [{"v": 1, "v": 2}]}').rows, [[2n]]);
});

Deno.test("AnswerCollector refuses an answer with more rows than the job allows, stored or counted", () => {
  const columns = columnsOf({ v: "time" });
  for (const count of [undefined, { by: "v", everyMs: 60_000 }]) {
    const job = jobOf("http://x", { rows: { columns, max: 2, ...(count && { count }) } });
    assert.equal(collected(job, '{"r": [{"v": 1}, {"v": 2}]}').collector.selected, 2);
    assert.throws(() => collected(job, '{"r": [{"v": 1}, {"v": 2}, {"v": 3}'), { reason: "too-many-rows" });
  }
});

Deno.test("AnswerCollector keeps rows that are values, and paths into them", () => {
  const rows = { columns: [{ name: "v", path: "$", type: "any" as const }] };
  assert.deepEqual(collected(jobOf("http://x", { rows }), '{"r": [1, "a", null, [2]]}').rows, [
    [1n],
    ["a"],
    [null],
    ["[2]"],
  ]);
  const deep = { columns: [{ name: "v", path: "$.a[1].b", type: "any" as const }] };
  assert.deepEqual(collected(jobOf("http://x", { rows: deep }), '{"r": [{"a": [0, {"b": 7}]}]}').rows, [[
    7n,
  ]]);
});

Deno.test("AnswerCollector keeps rows apart that lie within rows", () => {
  const rows = { path: "$..r[*]", columns: columnsOf({ id: "any", name: "any" }) };
  const json = `{"r": [
    {"id": 1, "r": [{"id": 2, "r": [{"name": "c", "id": 3}], "name": "b"}, {"id": 4}], "name": "a"},
    {"name": "e"}
  ]}`;
  assert.deepEqual(collected(jobOf("http://x", { rows }), json).rows, [
    [3n, "c"],
    [2n, "b"],
    [4n, null],
    [1n, "a"],
    [null, "e"],
  ]);
});

Deno.test("AnswerCollector fails for a value that does not fit its column", () => {
  const rows = { columns: columnsOf({ v: "integer" }) };
  for (const value of ["1.5", '"x"', "[]", "99999999999999999999"]) {
    assert.throws(
      () => collected(jobOf("http://x", { rows }), `{"r": [{"v": 1}, {"v": ${value}}]}`),
      (error) => error instanceof UnusableError && error.reason === "bad-value",
    );
  }
});

Deno.test("AnswerCollector keeps only what lies within the window: start ≤ t < end", () => {
  const rows = { columns: columnsOf({ t: "time" }), withinWindow: "t" };
  const start = day.startMs / 1_000;
  const end = day.endMs / 1_000;
  const times = [start - 1, `${start - 1}.999`, start, `${start}.5`, `${end - 1}.999999`, end];
  const json = JSON.stringify({ r: [{}] }).replace("{}", times.map((t) => `{"t": ${t}}`).join());
  const { collector, rows: found } = collected(jobOf("http://x", { rows }), json, day);
  assert.deepEqual(found, [[BigInt(start)], [start + 0.5], [Number(`${end - 1}.999999`)]]);
  assert.deepEqual([collector.selected, collector.kept], [6, 3]);
});

Deno.test("AnswerCollector fails for a row whose time is null or missing, where the window decides about it", () => {
  const time = day.startMs / 1_000;
  for (const count of [undefined, { by: "t", everyMs: 60_000 }]) {
    const rows = { columns: columnsOf({ t: "time", v: "any" }), withinWindow: "t", ...(count && { count }) };
    for (const row of ['{"v": 1}', '{"t": null}', "{}", "5"]) {
      assert.throws(
        () => collected(jobOf("http://x", { rows }), `{"r": [{"t": 1}, {"t": ${time}}, ${row}]}`, day),
        (error) => {
          assert.ok(error instanceof UnusableError);
          assert.deepEqual([error.reason, error.said.what?.split(":")[0]], [
            "bad-value",
            'column "t" of row 2',
          ]);
          return true;
        },
      );
    }
  }
});

Deno.test("AnswerCollector tells the column, the row and the value that does not fit", () => {
  const rows = { columns: columnsOf({ v: "integer", w: "text" }) };
  const cases = [
    ['{"r": [{"v": 1}, {"v": [1,  2]}]}', "v", 1, "[1,  2]"],
    ['{"r": [{"v": 1}, {"w": "x"}, {"w": "\\ud800"}]}', "w", 2, '"\\ud800"'],
    ['{"r": [{"w": [{"a": 1}], "v": 1.5}]}', "v", 0, "1.5"],
  ] as const;
  for (const [json, column, row, value] of cases) {
    assert.throws(() => collected(jobOf("http://x", { rows }), json), (error) => {
      assert.ok(error instanceof UnusableError);
      assert.ok(error.said.what?.startsWith(`column "${column}" of row ${row}: must `), error.said.what);
      assert.ok(error.said.quote instanceof Uint8Array);
      assert.equal(new TextDecoder().decode(error.said.quote), value);
      return true;
    });
  }
});

Deno.test("AnswerCollector fails for U+0000 and a lone surrogate in a long text too, and keeps little of the text", () => {
  const long = "x".repeat(memoryLimits.longTextBytesMin);
  for (const type of ["text", "any"] as const) {
    const job = jobOf("http://x", { rows: { columns: columnsOf({ v: type }) } });
    for (const escape of ["\\u0000", "\\ud800"]) {
      assert.throws(() => collected(job, `{"r": [{"v": "${long}${escape}"}]}`), (error) => {
        assert.ok(error instanceof UnusableError);
        assert.deepEqual([error.reason, error.said.isCut], ["bad-value", true]);
        assert.ok((error.said.quote?.length ?? Infinity) < 5_000);
        return true;
      });
    }
  }
});

/** What is wrong with the shape of an answer, in words; undefined if nothing is. */
function shapeOf(change: JobChange, json: string): string | undefined {
  const { unmet } = collected(jobOf("http://x", change), json).collector;
  return unmet && unmetText(unmet);
}

Deno.test("AnswerCollector finds an answer without the place of the rows, and never calls it empty", () => {
  const rows = { path: "$.items[*]" };
  const wrong: readonly (readonly [string, string])[] = [
    ['{"error": "quota exceeded"}', "nothing"],
    ['{"items": null}', "null"],
    ['{"items": {}}', "an object"],
    ['{"items": "temporarily unavailable"}', "a text"],
    ["null", "nothing"],
    ["42", "nothing"],
    ['"maintenance"', "nothing"],
    ["[]", "nothing"],
    ['{"items": [], "items": 5}', "a number"],
  ];
  for (const [json, found] of wrong) {
    assert.equal(shapeOf({ rows }, json), `$.items must be an array, got ${found}`, json);
  }
  assert.equal(shapeOf({ rows }, '{"items": []}'), undefined);
  assert.equal(shapeOf({ rows }, '{"items": [{"v": 1}]}'), undefined);
});

Deno.test("AnswerCollector takes the path up to its first selector for the place of the rows", () => {
  const places: readonly (readonly [string, string, string])[] = [
    ["$[*]", "[]", "$ must be an array, got an object"],
    ["$[0]", "[]", "$ must be an array, got an object"],
    ["$[?@.a > 1]", "[]", "$ must be an array, got an object"],
    ["$.a[1:3].b[*]", '{"a": []}', "$.a must be an array, got nothing"],
    ['$["a b"].c[*]', '{"a b": {"c": []}}', '$["a b"].c must be an array, got nothing'],
    ['$["a","b"][*]', '{"a": [], "b": []}', '$["a", "b"] must be an array, got nothing'],
  ];
  for (const [path, whole, unmet] of places) {
    assert.equal(shapeOf({ rows: { path } }, whole), undefined, path);
    assert.equal(shapeOf({ rows: { path } }, "{}"), unmet, path);
  }
  const half = shapeOf({ rows: { path: '$["a","b"][*]' } }, '{"a": []}');
  assert.equal(half, '$["a", "b"] must be an array, got nothing');
});

Deno.test("AnswerCollector wants an array or object at a path without a selector, from the scanner or not", () => {
  const columns = columnsOf({ v: "any" });
  for (const path of ["$", "$.data"]) {
    const answer = (json: string) => path === "$" ? json : `{"data": ${json}}`;
    for (const [json, found] of [["null", "null"], ["42", "a number"], ['"x"', "a text"]] as const) {
      assert.equal(
        shapeOf({ rows: { path, columns } }, answer(json)),
        `${path} must be an array or an object, got ${found}`,
      );
    }
    for (const json of ["{}", "[]", '{"v": 1}', '{"v": [1]}']) {
      assert.equal(shapeOf({ rows: { path, columns } }, answer(json)), undefined, json);
    }
  }
  assert.equal(
    shapeOf({ rows: { path: "$.data", columns } }, '{"error": 1}'),
    "$.data must be an array or an object, got nothing",
  );
});

Deno.test("AnswerCollector lets accept.require decide about the place of the rows, and a path with .. has none", () => {
  const require = { path: '$["items"]', type: "object" } as const;
  const change = { rows: { path: "$.items[*]" }, accept: { require } };
  assert.equal(shapeOf(change, '{"items": {"a": {"v": 1}}}'), undefined);
  assert.equal(shapeOf(change, '{"items": []}'), '$["items"] must be an object, got an array');
  const any = { ...change, accept: { require: { ...require, type: "any" as const } } };
  assert.equal(shapeOf(any, '{"items": null}'), undefined);
  assert.equal(shapeOf(any, "{}"), '$["items"] must be there, got nothing');
  assert.equal(shapeOf({ rows: { path: "$..items[*]" } }, "{}"), undefined);
});

Deno.test("AnswerCollector wants what is required, of its kind, besides the place of the rows", () => {
  const require = { path: "$.data.r", type: "array" } as const;
  const change = { accept: { require } };
  assert.equal(shapeOf(change, '{"data": {"r": [], "x": 1}, "r": []}'), undefined);
  assert.equal(shapeOf(change, '{"data": {"r": []}}'), "$.r must be an array, got nothing");
  for (const [json, found] of [["null", "null"], ['{"x": 1}', "an object"], ["true", "true"]] as const) {
    assert.equal(
      shapeOf(change, `{"data": {"r": ${json}}, "r": []}`),
      `$.data.r must be an array, got ${found}`,
    );
  }
});

Deno.test("AnswerCollector compares values with accept.equals: texts decoded, numbers as they are written", () => {
  const path = "$.for";
  const job = jobOf("http://x", { accept: { equals: [{ path, value: [{ kind: "key" }] }] } });
  const extraction = extractionOf(job, undefined);
  const differing = (json: string) => {
    const collector = new AnswerCollector(extraction, ["33"]);
    const tokenizer = new Tokenizer(extraction.query, collector);
    tokenizer.process(json);
    tokenizer.finalize();
    return collector.differing;
  };
  for (const value of ['"33"', "33", '"\\u00333"']) {
    assert.equal(differing(`{"r": [], "for": ${value}}`), undefined, value);
  }
  for (const value of ['"34"', "33.0", "null", "true", '["33"]', '{"a": "33"}', '"33 "']) {
    assert.deepEqual(differing(`{"r": [], "for": ${value}}`), { path, expected: "33", found: value });
  }
  assert.deepEqual(differing('{"r": [], "for": "34", "for": "33"}')?.found, '"34"');
  assert.deepEqual(differing('{"r": [], "for": "33", "for": "34"}')?.found, '"34"');
  assert.deepEqual(differing('{"r": []}'), { path, expected: "33", found: undefined });
});

Deno.test("AnswerCollector reads the count, and only from a number", () => {
  const job = jobOf("http://x", { accept: { count: "$.n" } });
  const counts = [["0", 0], ["2", 2], ["2.0", 2], ['"2"', undefined], ["null", undefined], [
    "[2]",
    undefined,
  ]];
  for (const [raw, expected] of counts) {
    assert.equal(collected(job, `{"r": [], "n": ${raw}}`).collector.count, expected);
  }
  assert.equal(collected(job, "{}").collector.count, undefined);
});

const failRules: readonly (readonly [Omit<FailRule, "path">, readonly string[], readonly string[]])[] = [
  [{ equals: "no" }, ['"no"', '"n\\u006f"'], ['"yes"', '"No"', "null", '["no"]']],
  [{ equals: 1 }, ["1", "1.0", "1e0"], ['"1"', "true", "2"]],
  [{ equals: true }, ["true"], ["false", "1", '"true"']],
  [{ equals: null }, ["null"], ["0", '""', '"null"']],
  [{ startsWith: "main" }, ['"maintenance"', '"main"'], ['"remain"', '"Main"', '""']],
  [{ contains: "err" }, ['"an error"', '{"error": 1}'], ['"fine"', "1"]],
  [{ exists: true }, ["null", "0", "{}", '""'], []],
];

for (const [test, refused, fine] of failRules) {
  Deno.test(`AnswerCollector refuses an answer by ${JSON.stringify(test)}, and no other`, () => {
    const job = jobOf("http://x", { accept: { failIf: [{ path: "$.s", ...test }] } });
    for (const raw of refused) assert.ok(collected(job, `{"s": ${raw}, "r": []}`).collector.refusedBy, raw);
    for (const raw of fine) assert.ok(!collected(job, `{"s": ${raw}, "r": []}`).collector.refusedBy, raw);
    assert.ok(!collected(job, '{"r": [], "t": {"s": null}}').collector.refusedBy);
  });
}

Deno.test("AnswerCollector gives its rows in chunks bounded by values and by characters, and all of them", async () => {
  for (const chars of [1, 500]) {
    const extraction = extractionOf(jobOf("http://x"), undefined);
    const collector = new AnswerCollector(extraction);
    const stream = new TokenizerStream(extraction.query, collector);
    const count = 40_000;
    const text = "x".repeat(chars);
    const chunks = ReadableStream.from((function* () {
      yield '{"r": [';
      for (let n = 0; n < count; n++) yield `{"v": "${text}"}${n < count - 1 ? "," : "]}"}`;
    })());
    const found: number[] = [];
    for await (const { rows } of chunks.pipeThrough(stream)) found.push(rows.rows);
    found.push(restOf(collector).length);
    assert.equal(found.reduce((sum, length) => sum + length), count);
    const most = Math.min(outboxLimits.messageCellsMax, Math.ceil(outboxLimits.messageCharsMax / chars));
    assert.equal(Math.max(...found), most);
  }
});

Deno.test("AnswerCollector keeps a row whole that is open when a chunk is taken", () => {
  const columns = columnsOf({ n: "integer", k: "text", x: "any", o: "integer" });
  const extraction = extractionOf(jobOf("http://x", { rows: { columns } }), undefined);
  const collector = new AnswerCollector(extraction);
  const tokenizer = new Tokenizer(extraction.query, collector);
  const count = 3 * outboxLimits.messageCellsMax / columns.length;
  const big = 2n ** 62n;
  const found: unknown[] = [];
  tokenizer.process('{"r": [');
  for (let n = 0; n < count; n++) {
    // The end of a piece comes within a row, every time.
    tokenizer.process(
      `{"n": ${n}, "k": "${n % 2 === 0 ? "even" : `text ${n}`}", "x": ${n % 3 === 0 ? big : `${n}.5`}`,
    );
    const chunk = collector.take();
    if (chunk !== undefined) found.push(...rowsOf(chunk.rows));
    tokenizer.process(`, "o": 1}${n < count - 1 ? "," : "]}"}`);
  }
  tokenizer.finalize();
  found.push(...restOf(collector));
  const rowOf = (n: number) => [
    BigInt(n),
    n % 2 === 0 ? "even" : `text ${n}`,
    n % 3 === 0 ? big : Number(`${n}.5`),
    1n,
  ];
  assert.deepEqual(found, Array.from({ length: count }, (_, n) => rowOf(n)));
});

Deno.test("AnswerCollector does not keep the answer alive by the texts that it holds", () => {
  const extraction = extractionOf(jobOf("http://x"), undefined);
  const collector = new AnswerCollector(extraction);
  const tokenizer = new Tokenizer(extraction.query, collector);
  tokenizer.process('{"r": [0');
  const before = Deno.memoryUsage().heapUsed;
  // Not one constant text, which would be in memory once.
  for (let n = 0; n < 2_000; n++) {
    tokenizer.process(`,{"w": "${String(n).padEnd(60_000)}", "v": "a text of its own ${n}"}`);
  }
  const kept = Deno.memoryUsage().heapUsed - before;
  assert.equal(collector.kept, 2_001);
  // The pieces have 120 MB.
  assert.ok(kept < 60e6, `${kept} bytes`);
  assert.equal(restOf(collector)[1_999]?.[0], "a text of its own 1998");
});

Deno.test("AnswerCollector counts rows per bucket instead of keeping them", () => {
  const rows = { columns: columnsOf({ t: "time", k: "text" }), count: { by: "t", everyMs: 60_000 } };
  const json =
    '{"r": [{"t": 61, "k": "A"}, {"t": 0, "k": "A"}, {"t": 119.9, "k": "A"}, {"t": 60, "k": "W"}]}';
  const { collector, rows: found } = collected(jobOf("http://x", { rows }), json);
  assert.deepEqual(found, [[0n, "A", 1n], [60n, "A", 2n], [60n, "W", 1n]]);
  assert.deepEqual([collector.selected, collector.kept], [4, 4]);
});
