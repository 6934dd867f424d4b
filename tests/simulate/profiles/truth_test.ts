/**
 * The promise behind every other: what the practice API says is what it calls true, in every form and framing.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { Day, DAY_S } from "../../../lib/simulate/profiles/ripestat/history.ts";
import type { SimulateOptions } from "../../../lib/simulate/engine/options.ts";
import { truthOf } from "../../../lib/simulate/profiles/ripestat/truth.ts";
import { DAY, storedRows, type UpdatesAnswer, updatesTarget, withSimulator } from "../support.ts";
import { assertProperty } from "../../support/property.ts";

const KEYS = ["12654", "3333", "1", "2", "64500"];
const SIZES = { "3333": 2_500, AS1: 1, "2": 0, "7": 300 };

for (const envelope of ["a", "b"] as const) {
  for (const unix of [true, false]) {
    for (const framing of ["auto", "length", "chunked"] as const) {
      Deno.test(`truthOf() equals the answer when it is ${envelope}, ${unix ? "unix" : "ISO"}, ${framing}`, async () => {
        const options: SimulateOptions = { envelope, framing, asns: 50, sizes: SIZES };
        await withSimulator(options, async ({ url }) => {
          for (const key of KEYS) {
            const text = await (await fetch(url + updatesTarget(key, { unix }))).text();
            const answer: UpdatesAnswer = JSON.parse(text);
            assert.equal(JSON.stringify(answer, null, envelope === "a" ? 4 : undefined), text);
            assert.deepEqual(storedRows(answer), [...truthOf(options, key, DAY).updates()]);
            assert.equal(answer.data.updates?.length, answer.data.nr_updates);
          }
        });
      });
    }
  }
}

for (const pieces of [1, 7, 1_000, 65_536]) {
  Deno.test(`truthOf() equals the answer when it comes in pieces of ${pieces} bytes`, async () => {
    for (const framing of ["length", "chunked"] as const) {
      const options: SimulateOptions = { pieces, framing, sizes: { "3": 12, "7": 300 } };
      const key = pieces === 1 ? "3" : "7";
      await withSimulator(options, async ({ url }) => {
        const answer: UpdatesAnswer = await (await fetch(url + updatesTarget(key))).json();
        assert.deepEqual(storedRows(answer), [...truthOf(options, key, DAY).updates()]);
      });
    }
  });
}

Deno.test("truthOf() counts what it tells", () => {
  for (const key of KEYS) {
    const truth = truthOf({ sizes: SIZES }, key, DAY);
    const types = [...truth.updates()].map(([, type]) => type);
    assert.equal(types.length, truth.count);
    assert.equal(types.filter((type) => type === "A").length, truth.announcements);
    assert.equal(types.filter((type) => type === "W").length, truth.withdrawals);
  }
});

Deno.test("truthOf() tells the same of a window whether it is asked whole or in parts", () => {
  const options: SimulateOptions = { sizes: { "3333": 700 } };
  const spanMs = 3 * 86_400_000;
  const whole = [
    ...truthOf(options, "3333", { startMs: DAY.startMs, endMs: DAY.startMs + spanMs }).updates(),
  ];
  assert.equal(whole.length, 2_100);
  assertProperty(fc.property(fc.array(fc.integer({ min: 0, max: spanMs }), { maxLength: 6 }), (cuts) => {
    const edges = [0, ...cuts.sort((a, b) => a - b), spanMs].map((edge) => DAY.startMs + edge);
    const parts = edges.slice(1).flatMap((endMs, i) => [
      ...truthOf(options, "3333", { startMs: edges[i]!, endMs }).updates(),
    ]);
    assert.deepEqual(parts, whole);
  }));
});

Deno.test("truthOf() depends on the seed", () => {
  const told = [1, 1, 2].map((seed) => truthOf({ seed }, "12654", DAY).sha256());
  assert.equal(told[0], told[1]);
  assert.notEqual(told[0], told[2]);
});

Deno.test("truthOf() throws when the key is no AS number", () => {
  assert.throws(() => truthOf({}, "140.78.0.0/16", DAY), {
    name: "UsageError",
    message: 'Cannot tell the truth about "140.78.0.0/16" as it must be an AS number',
  });
});

Deno.test("Day.secondOf() never falls and stays within the day", () => {
  const days = fc.record({ hash: fc.integer(), day: fc.integer({ min: 12_000, max: 30_000 }) });
  assertProperty(
    fc.property(days, fc.integer({ min: 1, max: 3_000 }), fc.boolean(), ({ hash, day }, count, sharp) => {
      const times = new Day(hash, { day, count, sharp });
      let last = day * DAY_S;
      for (let number = 0; number < count; number++) {
        const second = times.secondOf(number);
        assert.ok(second >= last && second < (day + 1) * DAY_S);
        last = second;
      }
      if (sharp) assert.equal(times.secondOf(0), day * DAY_S);
    }),
  );
});

Deno.test("Day.firstFrom() finds the first update at or after a second", () => {
  const days = fc.record({ hash: fc.integer(), count: fc.integer({ min: 1, max: 500 }), near: fc.nat(499) });
  assertProperty(fc.property(days, fc.integer({ min: -1, max: 1 }), ({ hash, count, near }, offset) => {
    const times = new Day(hash, { day: 20_000, count, sharp: false });
    const second = times.secondOf(near % count) + offset;
    const first = times.firstFrom(second);
    if (first > 0) assert.ok(times.secondOf(first - 1) < second);
    if (first < count) assert.ok(times.secondOf(first) >= second);
  }));
});

Deno.test("/truth/bgp-updates streams the rows and sums them up when asked to", async () => {
  const options: SimulateOptions = { sizes: { "3333": 10_000 } };
  await withSimulator(options, async ({ url }) => {
    const target = `${url}/truth/bgp-updates?resource=AS3333&starttime=2025-06-09&endtime=2025-06-10`;
    const lines = await (await fetch(target)).text();
    const summary = await (await fetch(`${target}&summary=1`)).json();
    const truth = truthOf(options, "3333", DAY);
    assert.equal(lines, [...truth.updates()].map((row) => `${JSON.stringify(row)}\n`).join(""));
    assert.deepEqual(summary, {
      updates: 10_000,
      announcements: truth.announcements,
      withdrawals: truth.withdrawals,
      sha256: createHash("sha256").update(lines).digest("hex"),
    });
    const bad = await fetch(`${url}/truth/bgp-updates?resource=AS3333`);
    assert.equal(bad.status, 400);
    assert.match((await bad.json()).message, /starttime/);
  });
});
