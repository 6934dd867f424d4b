import assert from "node:assert/strict";
import { SharedNumbers } from "../../../lib/pace/shared_numbers.ts";
import { Feedback, feedbackCount } from "../../../lib/pace/feedback.ts";
import type { Job } from "../../../lib/job/job.ts";
import { aimdTuning } from "../../../lib/collect/tuning/aimd.ts";
import { rateTuning } from "../../../lib/collect/tuning/rate_tuner.ts";
import { paceTuning } from "../../../lib/pace/pace.ts";
import { bucket, dice, LearnedStore, places, play, type Second, type Server } from "./tuning_scene.ts";

const rateAuto = { inFlight: 100, rates: [], auto: { rate: true, inFlight: false } } as const;
const inFlightAuto = { inFlight: 1_000, rates: [], auto: { rate: false, inFlight: true } } as const;
const bothAuto = { inFlight: 1_000, rates: [], auto: { rate: true, inFlight: true } } as const;

/** Answers, refusals, and mean answers per second, of the seconds `from` to `to` (exclusive). */
function sumOf(seconds: readonly Second[], from = 0, to: number = seconds.length) {
  const part = seconds.slice(from, to);
  const [answers, refusals] = [part.map((s) => s.answers), part.map((s) => s.refusals)]
    .map((numbers) => numbers.reduce((a, b) => a + b, 0));
  return { answers: answers ?? 0, refusals: refusals ?? 0, perSecond: (answers ?? 0) / part.length };
}

/** Asserts that at least the share `used` of `allowed` answers per second came, and that under 1 % were refused. */
function assertFound(
  seconds: readonly Second[],
  { from = 0, to, allowed, used }: { from?: number; to?: number; allowed: number; used: number },
): void {
  const { perSecond, answers, refusals } = sumOf(seconds, from, to);
  assert.ok(perSecond >= used * allowed, `${perSecond.toFixed(1)} of ${allowed} a second`);
  assert.ok(refusals < 0.01 * answers, `${refusals} refusals, ${answers} answers`);
}

function slotsAt(seconds: readonly Second[], second: number): number {
  return seconds[second]?.slots ?? NaN;
}

function rateAt(seconds: readonly Second[], second: number): number {
  return seconds[second]?.rate ?? NaN;
}

for (const burst of [2, 20, 100]) {
  Deno.test(`Tuning finds a rate of 100/s within a minute where the server forgives bursts of ${burst}`, async () => {
    const seconds = await play(rateAuto, bucket(() => 100, { burst, tookMs: () => 5 }), { seconds: 180 });
    // From nothing, in the first minute; then for minutes.
    assertFound(seconds, { to: 60, allowed: 100, used: 0.83 });
    assertFound(seconds, { from: 60, allowed: 100, used: 0.9 });
    assert.ok(sumOf(seconds, 120).refusals <= 4, JSON.stringify(sumOf(seconds, 120)));
  });
}

Deno.test("Tuning finds a rate whose refusals come late, with answers that take 0 to 8 s", async () => {
  const random = dice(1);
  const server = bucket(() => 50, { burst: 5, tookMs: () => 8_000 * random() });
  assertFound(await play({ ...rateAuto, inFlight: 1_000 }, server, { seconds: 180 }), {
    from: 60,
    allowed: 50,
    used: 0.9,
  });
});

Deno.test("Tuning finds a rate of one request in two seconds", async () => {
  const seconds = await play(rateAuto, bucket(() => 0.5, { burst: 1, tookMs: () => 50 }), { seconds: 400 });
  const { perSecond, refusals } = sumOf(seconds, 60);
  assert.ok(perSecond > 0.4, `${perSecond} a second`);
  assert.ok(refusals < 12, `${refusals} refusals`);
});

Deno.test("Tuning follows a rate limit that falls and rises in mid-run", async () => {
  const falls = bucket((ms) => ms < 60_000 ? 100 : 30, { burst: 2, tookMs: () => 5 });
  const fallen = await play(rateAuto, falls, { seconds: 150 });
  assertFound(fallen, { from: 75, allowed: 30, used: 0.85 });
  const rises = bucket((ms) => ms < 60_000 ? 100 : 300, { burst: 2, tookMs: () => 5 });
  const risen = await play(rateAuto, rises, { seconds: 200 });
  assertFound(risen, { from: 120, allowed: 300, used: 0.85 });
});

Deno.test("Tuning never goes beyond the job's own rate, whatever the server allows", async () => {
  const rates = [{ count: 50, perMs: 1_000 }];
  const seconds = await play({ ...rateAuto, rates }, bucket(() => 1e6, { burst: 9, tookMs: () => 5 }), {
    seconds: 60,
  });
  assert.ok(seconds.every(({ answers }) => answers <= 50), JSON.stringify(seconds));
  assertFound(seconds, { from: 10, allowed: 50, used: 0.97 });
});

Deno.test("Tuning does not raise a rate that is not in use", async () => {
  // Two at once, for 100 ms each: 20 a second, whatever the rate.
  const server: Server = () => ({ isRefused: false, tookMs: 100 });
  const seconds = await play({ ...rateAuto, inFlight: 2 }, server, { seconds: 120 });
  assert.ok(rateAt(seconds, 119) <= rateTuning.slack * 20, JSON.stringify(seconds.at(-1)));
  assert.ok(sumOf(seconds, 10).perSecond > 19.5, JSON.stringify(sumOf(seconds, 10)));
});

Deno.test("Tuning steps down once for a burst of refusals, and not during the pause after it", async () => {
  let refusals = 0;
  // In the 21st second the server refuses eight in a row, and asks for half a minute.
  const server: Server = (ms) =>
    ms >= 20_000 && refusals < 8
      ? { isRefused: ++refusals > 0, tookMs: 150 }
      : { isRefused: false, tookMs: 20 };
  const rates = [{ count: 80, perMs: 1_000 }];
  const seconds = await play({ ...rateAuto, rates }, server, { seconds: 60, retryAfterMs: 30_000 });
  assert.equal(sumOf(seconds, 0, 30).refusals, 8);
  assert.equal(sumOf(seconds, 22, 49).answers, 0);
  const before = rateAt(seconds, 19);
  for (const second of [25, 35, 49]) assert.ok(Math.abs(rateAt(seconds, second) / before - 0.5) < 0.01);
  assert.ok(rateAt(seconds, 58) > 0.8 * before);
});

Deno.test("Tuning steps down once during an outage, even if the server names a delay", async () => {
  // So slow to say so that enough requests are under way for it to be taken for down.
  const isDown = (ms: number) => ms >= 20_000 && ms < 140_000;
  const server: Server = (ms) => ({ isRefused: isDown(ms), tookMs: 400 });
  const rates = [{ count: 80, perMs: 1_000 }];
  const seconds = await play({ ...rateAuto, rates }, server, { seconds: 160 });
  const [before, after] = [rateAt(seconds, 19), rateAt(seconds, 139)];
  assert.ok(Math.abs(after / before - 1 / aimdTuning.slowStart) < 0.01, `${before} before, ${after} after`);
  // Those under way, and one that asks for its health now and then.
  assert.ok(sumOf(seconds, 25, 140).refusals >= 7);
});

Deno.test("Feedback counts a refusal only if its request was started after the last step down", () => {
  const feedback = new Feedback(
    new SharedNumbers(new BigInt64Array(new SharedArrayBuffer(feedbackCount * 8))),
  );
  feedback.refused(5);
  feedback.steppedDown(10);
  feedback.refused(9);
  feedback.refused(10);
  assert.equal(feedback.read().refusals, 1);
  feedback.refused(11);
  feedback.answered(1.5);
  feedback.answered(2);
  assert.deepEqual(feedback.read(), { answers: 2, latencyMs: 3.5, refusals: 2 });
});

for (const [name, tookMs] of serviceTimes(1)) {
  Deno.test(`Tuning finds how many places a server has where answers take ${name}`, async () => {
    const seconds = await play(inFlightAuto, places(() => 16, tookMs), { seconds: 150 });
    assertFound(seconds, { from: 60, allowed: 400, used: 0.95 });
    const slots = seconds.slice(60).map((second) => second.slots);
    assert.ok(Math.max(...slots) <= 28, `up to ${Math.max(...slots)} in flight`);
  });
}

/** Named ways to take 40 ms on average. */
function serviceTimes(seed: number): readonly (readonly [string, () => number])[] {
  const random = dice(seed);
  return [
    ["40 ms", () => 40],
    ["0 to 80 ms", () => 80 * random()],
    ["40 ms, exponentially distributed", () => -40 * Math.log(1 - random())],
  ];
}

Deno.test("Tuning follows places that become fewer and more", async () => {
  const random = dice(2);
  const tookMs = () => 80 * random();
  const fewer = await play(inFlightAuto, places((ms) => ms < 60_000 ? 48 : 16, tookMs), { seconds: 180 });
  assertFound(fewer, { from: 20, to: 60, allowed: 1_200, used: 0.93 });
  assertFound(fewer, { from: 65, allowed: 400, used: 0.9 });
  assert.ok(slotsAt(fewer, 120) <= 28, `${slotsAt(fewer, 120)} in flight`);
  const more = await play(inFlightAuto, places((ms) => ms < 60_000 ? 16 : 48, tookMs), { seconds: 240 });
  assertFound(more, { from: 150, allowed: 1_200, used: 0.93 });
});

Deno.test("Tuning keeps a server busy that becomes three times slower on its own", async () => {
  // A search that came before stayed at 1 in flight with the second seed.
  for (const seed of [1, 2, 3]) {
    const random = dice(seed);
    const service = (ms: number) => (ms < 60_000 ? 80 : 240) * random();
    const seconds = await play(inFlightAuto, places(() => 16, service), { seconds: 200 });
    assertFound(seconds, { from: 100, allowed: 400 / 3, used: 0.92 });
    assert.ok(slotsAt(seconds, 199) <= 32, `${slotsAt(seconds, 199)} in flight`);
  }
});

Deno.test("Tuning keeps its slots when a server becomes faster", async () => {
  const random = dice(4);
  const service = (ms: number) => (ms < 60_000 ? 240 : 80) * random();
  const seconds = await play(inFlightAuto, places(() => 16, service), { seconds: 240 });
  assertFound(seconds, { from: 100, allowed: 400, used: 0.93 });
  assert.ok(slotsAt(seconds, 239) <= 28, `${slotsAt(seconds, 239)} in flight`);
});

Deno.test("Tuning uses as much in flight as it may where a server never gets slower", async () => {
  const server: Server = () => ({ isRefused: false, tookMs: 40 });
  const seconds = await play({ ...inFlightAuto, inFlight: 200 }, server, { seconds: 30 });
  assert.equal(slotsAt(seconds, 29), 200);
  assertFound(seconds, { from: 10, allowed: 5_000, used: 0.97 });
});

Deno.test("Tuning lowers the requests in flight after refusals if it does not tune the rate", async () => {
  const random = dice(5);
  const server = bucket(() => 100, { burst: 20, tookMs: () => 400 * random() });
  const seconds = await play(inFlightAuto, server, { seconds: 120 });
  assertFound(seconds, { from: 20, allowed: 100, used: 0.8 });
});

Deno.test("Tuning finds the rate and the places together", async () => {
  const random = dice(6);
  const strict = bucket(() => 100, { burst: 2, tookMs: () => 400 * random() });
  const paced = await play(bothAuto, strict, { seconds: 180 });
  assertFound(paced, { from: 30, allowed: 100, used: 0.88 });
  assert.ok(slotsAt(paced, 179) <= 64, `${slotsAt(paced, 179)} in flight`);
  const small = await play(bothAuto, places(() => 16, () => 80 * random()), { seconds: 180 });
  assertFound(small, { from: 30, allowed: 400, used: 0.93 });
  assert.ok(slotsAt(small, 179) <= 28, `${slotsAt(small, 179)} in flight`);
});

Deno.test("Tuning starts just below what the last run found", async () => {
  const store = new LearnedStore();
  const server = () => bucket(() => 100, { burst: 2, tookMs: () => 20 });
  await play(bothAuto, server(), { seconds: 60, store });
  const [next] = await play(bothAuto, server(), { seconds: 1, store });
  assert.ok(next !== undefined && next.rate > 80 && next.rate < 100, JSON.stringify(next));
  const again = await play(bothAuto, server(), { seconds: 60, store });
  assertFound(again, { allowed: 100, used: 0.9 });

  const queue = new LearnedStore();
  const small = () => places(() => 16, () => 40);
  await play(inFlightAuto, small(), { seconds: 60, store: queue });
  assertFound(await play(inFlightAuto, small(), { seconds: 3, store: queue }), { allowed: 400, used: 0.85 });
});

Deno.test("Tuning changes and stores nothing without an automatic limit", async () => {
  const store = new LearnedStore();
  const limits: Job["limits"] = { inFlight: 7, rates: [{ count: 50, perMs: 1_000 }] };
  const seconds = await play(limits, bucket(() => 1, { burst: 1, tookMs: () => 5 }), { seconds: 9, store });
  assert.ok(seconds.every(({ slots, rate }) => slots === 7 && Math.abs(rate - 50 / paceTuning.margin) < 0.1));
  assert.equal(store.kept.size, 0);
});
