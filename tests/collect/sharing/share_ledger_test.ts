/**
 * The ledger of a shared limit: strictest limits, what a dead holder leaves, and a ledger that was lost.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fairShares } from "../../../lib/collect/sharing/fair_shares.ts";
import {
  advance,
  emptyLedger,
  type HolderFacts,
  type Ledger,
  parseLedger,
  withoutHolder,
} from "../../../lib/collect/sharing/share_ledger.ts";
import { leasesOf, planTurns, turnsBetween, type TurnSpan } from "../../../lib/collect/sharing/turn_plan.ts";

const nowUs = 1.7e15;

function facts(id: string, change: Partial<HolderFacts> = {}): HolderFacts {
  return {
    id,
    inFlight: 8,
    rates: [],
    wantSlots: 8,
    wantTurns: 16,
    started: 0,
    pausedUntilUs: 0,
    shrink: (slots) => slots,
    pace: () => {},
    ...change,
  };
}

/** Advances as one holder after another, and returns the last allowance. */
function after(ledger: Ledger, holders: readonly HolderFacts[], alive: readonly string[], us = nowUs) {
  let allowance;
  for (const holder of holders) {
    ({ ledger, allowance } = advance(ledger, holder, { nowUs: us, alive: new Set(alive) }));
  }
  return { ledger, allowance };
}

Deno.test("advance() gives a second holder slots only when the first has freed them", () => {
  const [a, b] = [facts("a"), facts("b")];
  const first = after(emptyLedger, [a], ["a"]);
  assert.equal(first.allowance?.slots, 8);
  const second = after(first.ledger, [b], ["a", "b"]);
  assert.equal(second.allowance?.slots, 0);
  // Six requests are still in flight, so two slots are free.
  const busy = after(second.ledger, [facts("a", { shrink: () => 6 }), b], ["a", "b"]);
  assert.equal(busy.allowance?.slots, 2);
  assert.equal(after(busy.ledger, [a, b], ["a", "b"]).allowance?.slots, 4);
  assert.equal(after(busy.ledger, [b], ["b"]).allowance?.slots, 8);
});

Deno.test("advance() keeps to the strictest limit of the live holders", () => {
  const strict = facts("b", { inFlight: 2, rates: [{ count: 10, perMs: 1_000 }] });
  const both = after(emptyLedger, [facts("a"), strict, facts("a")], ["a", "b"]);
  assert.equal(both.allowance?.slots, 1);
  assert.deepEqual(both.allowance?.leases?.map(({ intervalUs }) => intervalUs), [101_000]);
  const alone = after(both.ledger, [facts("a")], ["a"]);
  assert.deepEqual([alone.allowance?.slots, alone.allowance?.leases], [8, undefined]);
});

Deno.test("advance() leases no turn while another holder does not know of the rate", () => {
  const paced = facts("b", { rates: [{ count: 10, perMs: 1_000 }] });
  const second = after(emptyLedger, [facts("a"), paced], ["a", "b"]);
  assert.deepEqual(second.allowance?.leases, []);
  const third = after(second.ledger, [facts("a"), paced], ["a", "b"]);
  assert.equal(third.allowance?.leases?.length, 1);
});

Deno.test("advance() grants the starts of a quota once, and counts those of a dead holder", () => {
  const rates = [{ count: 10, perMs: 60_000 }];
  const quota = (id: string, started = 0) => facts(id, { rates, started });
  const first = after(emptyLedger, [quota("a")], ["a"]);
  assert.equal(first.allowance?.granted, 1);
  const burst = [{ count: 1_000, perMs: 1_000 }, ...rates];
  const many = (id: string, started = 0) => facts(id, { rates: burst, started });
  const a = after(emptyLedger, [many("a")], ["a"]);
  assert.equal(a.allowance?.granted, 10);
  const b = after(a.ledger, [many("b")], ["a", "b"]);
  assert.equal(b.allowance?.granted, 0);
  assert.equal(after(b.ledger, [many("a", 4), many("b")], ["a", "b"]).allowance?.granted, 0);
  assert.equal(after(b.ledger, [many("b")], ["b"]).allowance?.granted, 0);
  const left = withoutHolder(b.ledger, { id: "a", started: 4, nowUs });
  assert.equal(after(left, [many("b")], ["b"]).allowance?.granted, 6);
  assert.equal(after(left, [many("b")], ["b"], nowUs + 61e6).allowance?.granted, 10);
});

Deno.test("advance() grants nothing while a live holder has no entry, as after a ledger was lost", () => {
  const a = after(emptyLedger, [facts("a")], ["a"]);
  assert.notEqual(parseLedger(JSON.stringify(a.ledger)), undefined);
  for (const text of ["", "{}", JSON.stringify(a.ledger).slice(0, 60), '{"holders":{"a":{}}}', "null"]) {
    assert.equal(parseLedger(text), undefined, text);
  }
  const lost = after(emptyLedger, [facts("b")], ["a", "b"]);
  assert.equal(lost.allowance?.slots, 0);
  // The first holder enters itself with what it holds.
  const back = after(lost.ledger, [facts("a", { shrink: () => 8 }), facts("b")], ["a", "b"]);
  assert.equal(back.allowance?.slots, 0);
});

Deno.test("fairShares() divides evenly, by wishes first, and in another order with another first holder", () => {
  const shares = (total: number, wants: readonly number[], first = 0) =>
    [
      ...fairShares(total, wants.map((want, index) => ({ id: `${index}`, want })), first).entries(),
    ].toSorted().map(([, share]) => share);
  assert.deepEqual(shares(8, [8]), [8]);
  assert.deepEqual(shares(8, [8, 8]), [4, 4]);
  assert.deepEqual(shares(8, [1, 8]), [1, 7]);
  assert.deepEqual(shares(8, [1, 1]), [4, 4]);
  assert.deepEqual([shares(3, [8, 8]), shares(3, [8, 8], 1)], [[2, 1], [1, 2]]);
  assert.deepEqual([shares(1, [8, 8]), shares(1, [8, 8], 1)], [[1, 0], [0, 1]]);
});

Deno.test("advance() has all holders wait when the server asked one of them to, for an hour at most", () => {
  const paused = (us: number) =>
    after(emptyLedger, [facts("a", { pausedUntilUs: nowUs + us })], ["a"]).ledger;
  const seen = (ledger: Ledger, us = nowUs) =>
    (after(ledger, [facts("b")], ["a", "b"], us).allowance?.pausedUntilUs ?? NaN) - nowUs;
  assert.equal(seen(paused(60e6)), 60e6);
  assert.equal(seen(paused(60e6), nowUs + 61e6), -nowUs);
  assert.equal(seen(paused(3_601e6)), -nowUs);
  // The clock was set back by a day.
  assert.equal(seen(paused(60e6), nowUs - 86_400e6), -nowUs);
});

Deno.test("planTurns() reaches the first turn of a slow rate, and gives the next one to another holder", () => {
  const plan = (spans: readonly TurnSpan[], us: number) =>
    planTurns(spans, {
      intervalUs: 10e6,
      lateUs: 3_000,
      claims: [{ id: "a", want: 16 }, { id: "b", want: 16 }],
      nowUs: us,
    });
  let spans: readonly TurnSpan[] = [];
  for (let us = nowUs; us < nowUs + 60e6; us += 250_000) spans = plan(spans, us);
  const turnsOf = (id: string) => turnsBetween(leasesOf(spans, { id, nowUs: 0 }), nowUs, nowUs + 60e6);
  assert.deepEqual(spans.map(({ startUs, count }) => [startUs - nowUs, count]), [[1e6, 6]]);
  assert.deepEqual([turnsOf("a"), turnsOf("b")], [3, 3]);
  // A clock that is set back by an hour: the plan begins again.
  const back = nowUs - 3_600e6;
  assert.deepEqual(plan(spans, back).map(({ startUs }) => startUs - back), [1e6]);
});
