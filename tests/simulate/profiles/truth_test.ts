/**
 * The simulator's answers equal its truth, in every format and framing. All other tests rely on this.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { Day, dayS } from "../../../lib/simulate/profiles/ripestat/history.ts";
import type { SimulateOptions } from "../../../lib/simulate/simulate_options.ts";
import { truthOf } from "../../../lib/simulate/profiles/ripestat/truth.ts";
import { day, storedRows, type UpdatesAnswer, updatesTarget, withSimulator } from "../support.ts";
import { assertProperty } from "../../support/property.ts";

const keys = ["12654", "3333", "1", "2", "64500"];
const sizes = { "3333": 2_500, AS1: 1, "2": 0, "7": 300 };

for (const envelope of ["a", "b"] as const) {
  for (const unix of [true, false]) {
    for (const framing of ["auto", "length", "chunked"] as const) {
      Deno.test(`truthOf() equals the answer when the envelope is ${envelope}, times ${unix ? "unix" : "ISO"}, framing ${framing}`, async () => {
        const options: SimulateOptions = { framing, ripestat: { envelope, asns: 50, sizes } };
        await withSimulator(options, async ({ url }) => {
          for (const key of keys) {
            const text = await (await fetch(url + updatesTarget(key, { unix }))).text();
            const answer: UpdatesAnswer = JSON.parse(text);
            assert.equal(JSON.stringify(answer, null, envelope === "a" ? 4 : undefined), text);
            assert.deepEqual(storedRows(answer), [...truthOf(options, key, day).updates()]);
            assert.equal(answer.data.updates?.length, answer.data.nr_updates);
          }
        });
      });
    }
  }
}

for (const pieces of [1, 7, 1_000, 65_536]) {
  Deno.test(`truthOf() equals the answer when pieces have ${pieces} bytes`, async () => {
    for (const framing of ["length", "chunked"] as const) {
      const options: SimulateOptions = { pieces, framing, ripestat: { sizes: { "3": 12, "7": 300 } } };
      const key = pieces === 1 ? "3" : "7";
      await withSimulator(options, async ({ url }) => {
        const answer: UpdatesAnswer = await (await fetch(url + updatesTarget(key))).json();
        assert.deepEqual(storedRows(answer), [...truthOf(options, key, day).updates()]);
      });
    }
  });
}

Deno.test("truthOf() counts its rows", () => {
  for (const key of keys) {
    const truth = truthOf({ ripestat: { sizes } }, key, day);
    const types = [...truth.updates()].map(([, type]) => type);
    assert.equal(types.length, truth.count);
    assert.equal(types.filter((type) => type === "A").length, truth.announcements);
    assert.equal(types.filter((type) => type === "W").length, truth.withdrawals);
  }
});

Deno.test("truthOf() gives the same rows when a window is split", () => {
  const options: SimulateOptions = { ripestat: { sizes: { "3333": 700 } } };
  const spanMs = 3 * 86_400_000;
  const whole = [
    ...truthOf(options, "3333", { startMs: day.startMs, endMs: day.startMs + spanMs }).updates(),
  ];
  assert.equal(whole.length, 2_100);
  assertProperty(fc.property(fc.array(fc.integer({ min: 0, max: spanMs }), { maxLength: 6 }), (cuts) => {
    const edges = [0, ...cuts.sort((a, b) => a - b), spanMs].map((edge) => day.startMs + edge);
    const parts = edges.slice(1).flatMap((endMs, i) => [
      ...truthOf(options, "3333", { startMs: edges[i]!, endMs }).updates(),
    ]);
    assert.deepEqual(parts, whole);
  }));
});

Deno.test("truthOf() follows from the seed", () => {
  const sums = [1, 1, 2].map((seed) => truthOf({ seed }, "12654", day).sha256());
  assert.equal(sums[0], sums[1]);
  assert.notEqual(sums[0], sums[2]);
});

Deno.test("truthOf() throws when the key is not an AS number", () => {
  assert.throws(() => truthOf({}, "140.78.0.0/16", day), {
    name: "UsageError",
    message: 'Cannot tell the truth about "140.78.0.0/16": the key must be an AS number such as 3333',
  });
});

Deno.test("Day.secondOf() is monotonic and stays within the day", () => {
  const days = fc.record({ hash: fc.integer(), day: fc.integer({ min: 12_000, max: 30_000 }) });
  assertProperty(
    fc.property(days, fc.integer({ min: 1, max: 3_000 }), fc.boolean(), ({ hash, day }, count, sharp) => {
      const times = new Day(hash, { day, count, sharp });
      let last = day * dayS;
      for (let number = 0; number < count; number++) {
        const second = times.secondOf(number);
        assert.ok(second >= last && second < (day + 1) * dayS);
        last = second;
      }
      if (sharp) assert.equal(times.secondOf(0), day * dayS);
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

Deno.test("/truth/bgp-updates streams the rows, or sums them with summary=1", async () => {
  const options: SimulateOptions = { ripestat: { sizes: { "3333": 10_000 } } };
  await withSimulator(options, async ({ url }) => {
    const target = `${url}/truth/bgp-updates?resource=AS3333&starttime=2025-06-09&endtime=2025-06-10`;
    const lines = await (await fetch(target)).text();
    const summary = await (await fetch(`${target}&summary=1`)).json();
    const truth = truthOf(options, "3333", day);
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
