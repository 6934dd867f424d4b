import assert from "node:assert/strict";
import fc from "fast-check";
import {
  convert,
  type Converted,
  convertRaw,
  longTextOf,
  timeSeconds,
  unfit,
} from "../../lib/rows/convert.ts";
import { memoryLimits } from "../../lib/limits.ts";
import { RawText } from "../../lib/json/raw_text.ts";
import type { ColumnType } from "../../lib/job/job.ts";
import { ValueKind } from "../../lib/json/value.ts";
import { assertProperty, codePoint } from "../support/property.ts";

function kindOf(raw: string): ValueKind {
  const kinds: Readonly<Record<string, ValueKind>> = {
    "{": ValueKind.object,
    "[": ValueKind.array,
    '"': ValueKind.string,
    t: ValueKind.true,
    f: ValueKind.false,
    n: ValueKind.null,
  };
  return kinds[raw.charAt(0)] ?? ValueKind.number;
}

function converted(type: ColumnType, raw: string): Converted | typeof unfit {
  return convert(kindOf(raw), raw, type);
}

const table: Readonly<Record<ColumnType, readonly (readonly [string, Converted | typeof unfit])[]>> = {
  any: [
    ["1", 1n],
    ["-0", 0n],
    ["1.0", 1],
    ["1e3", 1_000],
    ["0.1", 0.1],
    ["9007199254740993", 9007199254740993n],
    ["-9223372036854775808", -(2n ** 63n)],
    ["9223372036854775808", "9223372036854775808"],
    ["1e999", "1e999"],
    ["true", 1n],
    ["false", 0n],
    ["null", null],
    ['"1"', "1"],
    ['"\\u00e4\\n"', "ä\n"],
    ["[1, 2]", "[1, 2]"],
  ],
  json: [["null", "null"], ["1.00", "1.00"], ['{"a": 1}', '{"a": 1}'], ['"a"', '"a"'], ["true", "true"]],
  text: [
    ["null", null],
    ['"a\\"b"', 'a"b'],
    ['""', ""],
    ["12345678901234567890", "12345678901234567890"],
    ["1.0", "1.0"],
    ["true", "true"],
    ["[1]", "[1]"],
  ],
  integer: [
    ["0", 0],
    ["-0", 0],
    ["9007199254740991", 9007199254740991],
    ["9007199254740993", 9007199254740993n],
    ["9223372036854775807", 2n ** 63n - 1n],
    ["9223372036854775808", unfit],
    ["-9223372036854775809", unfit],
    ["1.0", unfit],
    ["1e3", unfit],
    ["true", 1n],
    ["false", 0n],
    ["null", null],
    ['"12"', 12],
    ['"-9007199254740993"', -9007199254740993n],
    ['""', unfit],
    ['"-"', unfit],
    ['"1x"', unfit],
    ['" 1"', unfit],
    ['"99999999999999999999"', unfit],
    ["[1]", unfit],
    ["{}", unfit],
  ],
  real: [
    ["1", 1],
    ["1.5", 1.5],
    ["-2.5e-3", -0.0025],
    ["9007199254740992", 9007199254740992],
    ["9007199254740993", unfit],
    ["18042987254463230", 18042987254463232],
    ["10000000000000000000000", 1e22],
    ["10000000000000000000001", unfit],
    ["1e999", unfit],
    ["-1e999", unfit],
    ["null", null],
    ["true", unfit],
    ['"1"', unfit],
  ],
  time: [
    ["0", 0],
    ["-0", 0],
    ["1763596800", 1763596800],
    ["1763596800.5", 1763596800.5],
    ["1763596800.000", 1763596800],
    ["99999999999", 99999999999],
    ["100000000000", 100000000],
    ["1763596800500", 1763596800.5],
    ["-1763596800500", -1763596800.5],
    ["1763596800500000", unfit],
    ["1763596800500000000", unfit],
    ["1e999", unfit],
    ["1e300", unfit],
    ["null", null],
    ["true", unfit],
    ["[]", unfit],
    ['"2025-11-20"', 1763596800],
    ['"2025-11-20T00:00"', 1763596800],
    ['"2025-11-20 00:00:01"', 1763596801],
    ['"2025-11-20T00:00:01Z"', 1763596801],
    ['"2025-11-20T01:00:00+01:00"', 1763596800],
    ['"2025-11-19T23:30:00-0030"', 1763596800],
    ['"2025-11-20T00:00:00.25"', 1763596800.25],
    ['"2025-11-20T00:00:00.123456Z"', 1763596800.123456],
    ['"1969-12-31T23:59:59.75Z"', -0.25],
    ['"2025-02-29"', unfit],
    ['"2025-02-30T00:00:00Z"', unfit],
    ['"2025-13-01"', unfit],
    ['"2025-11-20T25:00:00Z"', unfit],
    ['"2025-11-20T00:61:00Z"', unfit],
    ['"2025-11-20T00:00.5Z"', unfit],
    ['"2025-11-20T00:00:00 CET"', unfit],
    ['"20 Nov 2025"', unfit],
    ['"1763596800"', unfit],
    ['""', unfit],
  ],
};

for (const [type, cases] of Object.entries(table)) {
  for (const [raw, expected] of cases) {
    Deno.test(`convert() makes ${String(expected)} (${typeof expected}) of ${raw} in a ${type} column`, () => {
      // Strict equality tells 1 from 1n, and 0 from -0.
      assert.deepEqual([converted(type as ColumnType, raw)], [expected]);
    });
  }
}

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

Deno.test("convert() loses no digit of any integer, in a column of any type that takes it", () => {
  assertProperty(fc.property(fc.oneof(int64, fc.bigInt()), (value) => {
    const raw = String(value);
    for (const type of ["any", "integer", "text", "json"] as const) {
      const found = converted(type, raw);
      if (found === unfit) {
        assert.ok(type === "integer" && BigInt.asIntN(64, value) !== value, type);
      } else {
        assert.equal(BigInt(found ?? "null"), value);
      }
    }
  }));
});

Deno.test("convert() keeps every double and every text as it is", () => {
  assertProperty(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
    const raw = JSON.stringify(value);
    const real = converted("real", raw);
    assert.equal(real, Number(raw));
    assert.equal(Number(converted("any", raw)), Number(raw) + 0);
  }));
  assertProperty(fc.property(fc.string({ unit: codePoint }), (value) => {
    const kept = value.includes("\0") ? unfit : value;
    assert.equal(converted("text", JSON.stringify(value)), kept);
    assert.equal(converted("any", JSON.stringify(value)), kept);
  }));
});

Deno.test("convert() refuses a lone surrogate and U+0000 in a text, and keeps both as escapes in JSON", () => {
  for (const raw of ['"\\ud800"', '"a\\uDFFFb"', '"\\ude00\\ud83d"', '"a\\u0000b"', '"\\u0000"']) {
    assert.equal(converted("text", raw), unfit, raw);
    assert.equal(converted("any", raw), unfit, raw);
    assert.equal(converted("json", raw), raw);
    assert.equal(converted("any", `[${raw}]`), `[${raw}]`);
    assert.equal(converted("text", `{"n":${raw}}`), `{"n":${raw}}`);
  }
  for (const raw of ['"\\ud83d\\ude00"', '"\\\\u0000"', '"\\\\ud800"', '"\\u0001"']) {
    assert.equal(converted("text", raw), JSON.parse(raw));
    assert.equal(converted("any", raw), JSON.parse(raw));
  }
});

Deno.test("convert() never makes anything but a finite number, a 64-bit integer, a text or null", () => {
  const types = Object.keys(table) as ColumnType[];
  assertProperty(
    fc.property(
      fc.oneof(fc.json(), int64.map(String), fc.stringMatching(/^-?[1-9]\d{0,30}(\.\d+)?(e\d{1,3})?$/)),
      (raw) => {
        for (const type of types) {
          const found = converted(type, raw);
          if (typeof found === "number") assert.ok(Number.isFinite(found));
          else if (typeof found === "bigint") assert.equal(BigInt.asIntN(64, found), found);
          else assert.ok(found === null || found === unfit || typeof found === "string");
        }
      },
    ),
  );
});

Deno.test("timeSeconds() reads what toISOString() wrote, to the millisecond", () => {
  const date = fc.date({ min: new Date("0000-01-01"), max: new Date("9999-12-31"), noInvalidDate: true });
  assertProperty(fc.property(date, (at) => {
    assert.equal(timeSeconds(ValueKind.string, JSON.stringify(at.toISOString())), at.getTime() / 1_000);
  }));
});

Deno.test("convertRaw() gives what convert() gives, also of what it has seen before", () => {
  const numbers =
    "0 -0 1 -1 999999999999999 -999999999999999 1000000000000000 9007199254740993 1.5 1e3 1.0 -1.5e-3";
  const times = "1749479400 1749479400000 99999999999 100000000000";
  const texts = [
    "",
    "a",
    "abcdef",
    "abcdefg",
    "a\nb",
    "é",
    "12",
    "-7",
    "2025-06-09",
    "~~~~~~",
    "a b",
    "\u{1f600}",
  ];
  const raws = [
    ...numbers.split(" "),
    ...times.split(" "),
    ...texts.map((text) => JSON.stringify(text)),
    '"\\u0041"',
  ];
  const raw = new RawText();
  for (const text of [...raws, ...raws]) {
    const bytes = new TextEncoder().encode(`[${text}]`);
    raw.set(bytes, 1, bytes.length - 1);
    for (const type of ["any", "integer", "real", "text", "time", "json"] as const) {
      assert.ok(
        Object.is(convertRaw(kindOf(text), raw, type), convert(kindOf(text), text, type)),
        `${text} ${type}`,
      );
    }
  }
});

Deno.test("longTextOf() has the text that convert() makes, and leaves short, bad and other values to it", () => {
  const long = "x".repeat(memoryLimits.longTextBytesMin);
  const cases: readonly (readonly [kind: ValueKind, raw: string])[] = [
    [ValueKind.string, `"${long}"`],
    [ValueKind.string, `"${long}€\\n\\u20ac"`],
    [ValueKind.string, `"${long}\\ud800"`],
    [ValueKind.string, `"${long}\\u0000"`],
    [ValueKind.string, '"short"'],
    [ValueKind.number, "1".repeat(long.length)],
    [ValueKind.number, `1.${"0".repeat(long.length)}`],
    [ValueKind.array, `["${long}"]`],
    [ValueKind.object, `{"a":"${long}\\n"}`],
  ];
  let longTexts = 0;
  for (const [kind, json] of cases) {
    for (const type of ["text", "any", "json", "integer", "real", "time"] as const) {
      const bytes = new TextEncoder().encode(` ${json} `);
      const raw = new RawText();
      raw.set(bytes, 1, bytes.length - 1);
      const found = longTextOf(kind, raw, type);
      const expected = convert(kind, json, type);
      if (found === undefined) {
        assert.ok(typeof expected !== "string" || json.length < long.length, `${type} ${json.slice(-20)}`);
      } else {
        assert.equal(new TextDecoder().decode(found), expected);
        longTexts++;
      }
    }
  }
  assert.ok(longTexts > 15, String(longTexts));
});
