import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type FailedTry,
  noTries,
  RetryPolicy,
  retryTuning,
  type Tries,
} from "../../lib/worker/retry_policy.ts";
import { SharedState } from "../../lib/pace/shared_state.ts";
import { httpLimits } from "../../lib/limits.ts";
import { backoffTuning } from "../../lib/http/retry_delay.ts";
import { circuitBreakerTuning } from "../../lib/pace/circuit_breaker.ts";
import { paceTuning } from "../../lib/pace/pace.ts";
import { retryBudgetTuning } from "../../lib/pace/retry_budget.ts";
import { assertProperty } from "../support/property.ts";

const beginUs = 1e15;

/** A scene with its own clock, in which attempts fail. */
class Scene {
  readonly shared = new SharedState(SharedState.create(8));
  readonly retries: RetryPolicy;
  nowUs = beginUs;

  constructor(attemptsMax = 5) {
    this.retries = new RetryPolicy(this.shared, attemptsMax);
  }

  get chances() {
    return { nowUs: this.nowUs, random: 0.5 };
  }

  fail(tries: Tries, change: Partial<FailedTry> = {}) {
    tries.attempts++;
    const failed = {
      reason: "http-500",
      isRefusal: false,
      retryAfterMs: undefined,
      startedUs: this.nowUs,
    } as const;
    return this.retries.failed(tries, { ...failed, ...change }, this.chances);
  }

  /** Keys that fail one after the other. */
  outage(keys: number = circuitBreakerTuning.failuresMax): void {
    for (let n = 0; n < keys; n++) this.fail(noTries());
  }
}

Deno.test("RetryPolicy tries a key again with growing delays, and then holds its verdict back", () => {
  const scene = new Scene(4);
  const tries = noTries();
  const decisions = [1, 2, 3, 4].map(() => {
    scene.shared.circuitBreaker.succeeded();
    return scene.fail(tries);
  });
  const again = (delayMs: number) => ({ what: "again", delayMs });
  const [base, hold] = [backoffTuning.baseMs / 2, { what: "hold", delayMs: retryTuning.holdMs }];
  assert.deepEqual(decisions, [again(base), again(2 * base), again(4 * base), hold]);
  // Another key succeeds, so this key is at fault.
  scene.shared.circuitBreaker.succeeded();
  assert.equal(scene.retries.held(tries).what, "verdict");
});

Deno.test("RetryPolicy gives a verdict at once on what is final, and takes it for a sign of life", () => {
  const scene = new Scene();
  scene.outage();
  for (const reason of ["http-404", "redirect", "body-too-large"] as const) {
    assert.equal(scene.fail(noTries(), { reason }).what, "verdict");
  }
  assert.equal(scene.shared.circuitBreaker.isDown, false);
  scene.outage();
  assert.equal(scene.fail(noTries(), { reason: "bad-key" }).what, "verdict");
  assert.equal(scene.shared.circuitBreaker.isDown, true);
});

Deno.test("RetryPolicy gives a lonely key its verdict, though nothing else succeeds", () => {
  const scene = new Scene(3);
  const tries = noTries();
  for (let n = 0; n < 3; n++) scene.fail(tries);
  const looks = Array.from({ length: retryTuning.holdsMax }, () => scene.retries.held(tries).what);
  assert.deepEqual(looks, ["hold", "verdict"]);
  assert.equal(scene.shared.circuitBreaker.isDown, false);
});

Deno.test("RetryPolicy never gives a verdict on what fails while the API is down", () => {
  const scene = new Scene(1);
  const tries = noTries();
  assert.equal(scene.fail(tries).what, "hold");
  scene.outage();
  assert.equal(scene.retries.held(tries).what, "ask");
  for (let n = 0; n < 50; n++) assert.equal(scene.fail(tries).what, "again");
  scene.shared.circuitBreaker.succeeded();
  assert.equal(scene.fail(tries).what, "hold");
});

Deno.test("RetryPolicy takes a host that cannot be reached for down, however few the keys", () => {
  const scene = new Scene(5);
  const tries = noTries();
  for (let n = 0; n < 5; n++) assert.equal(scene.fail(tries, { reason: "connect" }).what, "again");
  assert.equal(scene.shared.circuitBreaker.isDown, true);
});

Deno.test("RetryPolicy does not hold refusals against a key, but for ever", () => {
  const scene = new Scene(2);
  const tries = noTries();
  let refusals = 0;
  for (;; refusals++) {
    scene.shared.circuitBreaker.succeeded();
    if (scene.fail(tries, { reason: "http-429", isRefusal: true }).what !== "again") break;
  }
  assert.equal(refusals, retryTuning.refusalsMax + 1);
});

Deno.test("RetryPolicy keeps to the delay of a server that is in trouble, and gives up where it is too long", () => {
  const scene = new Scene();
  assert.deepEqual(scene.fail(noTries(), { retryAfterMs: 7_000 }), { what: "again", delayMs: 7_000 });
  assert.equal(scene.fail(noTries(), { retryAfterMs: 99_999_000 }).what, "verdict");
});

Deno.test("CircuitBreaker lets one request pass now and then while the API is down, and all once it is up", () => {
  const scene = new Scene();
  const { circuitBreaker } = scene.shared;
  scene.outage(circuitBreakerTuning.failuresMax - 1);
  assert.equal(circuitBreaker.tryPass(beginUs), 0);
  scene.outage(1);
  const passedMs: number[] = [];
  for (let ms = 0; ms <= 62_000; ms += 100) {
    while (circuitBreaker.tryPass(beginUs + ms * 1_000) === 0) passedMs.push(ms);
  }
  assert.deepEqual(passedMs, [1_000, 3_000, 7_000, 15_000, 30_000, 45_000, 60_000]);
  assert.equal(circuitBreaker.downMs(beginUs + 62e6), 62_000);
  // Also after the clock was set back.
  assert.equal(circuitBreaker.tryPass(beginUs - 3_600e6), 0);
  circuitBreaker.succeeded();
  assert.deepEqual([circuitBreaker.tryPass(beginUs), circuitBreaker.downMs(beginUs + 62e6)], [0, 0]);
});

Deno.test("CircuitBreaker takes keys that fail for ever for no outage, once another one is answered", () => {
  const scene = new Scene(2);
  const { circuitBreaker } = scene.shared;
  const bad = Array.from({ length: circuitBreakerTuning.failuresMax + 2 }, noTries);
  for (const tries of bad) scene.fail(tries);
  assert.equal(circuitBreaker.isDown, true);
  assert.equal(circuitBreaker.tryPass(beginUs + 1e6), 0);
  circuitBreaker.answeredAgain();
  assert.equal(circuitBreaker.isDown, false);
  // It may have been down for less than a second, so they are asked once more; they are no outage again.
  const decisions = bad.flatMap((tries) => [scene.fail(tries).what, scene.fail(tries).what]);
  assert.equal(circuitBreaker.isDown, false);
  assert.ok(decisions.includes("hold"));
  circuitBreaker.succeeded();
  assert.equal(scene.retries.held(bad[1] ?? noTries()).what, "verdict");
});

Deno.test("CircuitBreaker takes it for an outage when the key that was answered before fails as well at first", () => {
  const scene = new Scene();
  const { circuitBreaker } = scene.shared;
  scene.outage();
  circuitBreaker.tryPass(beginUs + 1e6);
  scene.fail(noTries());
  circuitBreaker.tryPass(beginUs + 3e6);
  circuitBreaker.answeredAgain();
  assert.deepEqual([circuitBreaker.isDown, circuitBreaker.outages], [false, 1]);
  scene.outage();
  assert.equal(circuitBreaker.isDown, true);
});

Deno.test("CircuitBreaker takes twice as many failures for an outage after each false alarm in a row", () => {
  const scene = new Scene();
  const { circuitBreaker } = scene.shared;
  const needed = Array.from({ length: circuitBreakerTuning.falseAlarmsMax + 2 }, () => {
    let failures = 0;
    for (; !circuitBreaker.isDown; failures++) scene.fail(noTries());
    circuitBreaker.tryPass(beginUs + 1e6);
    circuitBreaker.answeredAgain();
    return failures;
  });
  assert.equal(circuitBreaker.outages, 1);
  const most = circuitBreakerTuning.failuresMax * 2 ** circuitBreakerTuning.falseAlarmsMax;
  assert.deepEqual(needed, [10, 20, 40, most, most]);
});

Deno.test("CircuitBreaker takes one key that fails again and again for no outage", () => {
  const scene = new Scene(100);
  const tries = noTries();
  for (let n = 0; n < 90; n++) scene.fail(tries);
  assert.equal(scene.shared.circuitBreaker.isDown, false);
});

Deno.test("CircuitBreaker takes whole answers that the job does not accept for no outage", () => {
  const scene = new Scene(1);
  const looks = Array.from({ length: 50 }, () => {
    const tries = noTries();
    assert.equal(scene.fail(tries, { reason: "missing" }).what, "hold");
    return [scene.retries.held(tries).what, scene.retries.held(tries).what];
  });
  assert.ok(looks.every(([, last]) => last === "verdict"));
  assert.equal(scene.shared.circuitBreaker.isDown, false);
});

Deno.test("RetryBudget goes along with a clock that is set back", () => {
  const { retryBudget } = new SharedState(SharedState.create(1));
  for (let n = 0; n < retryBudgetTuning.burst + 10; n++) retryBudget.reserve(beginUs, 0);
  const backUs = beginUs - 3_600e6;
  assert.equal(retryBudget.reserve(backUs, 0), 10_000);
  assert.equal(retryBudget.reserve(backUs + 20e6, 0), 0);
});

Deno.test("RetryBudget lets a hundred retries happen at once, then a share of the requests", () => {
  assertProperty(fc.property(fc.integer({ min: 0, max: 10_000 }), (perSecond) => {
    const { retryBudget } = new SharedState(SharedState.create(1));
    const atMs = Array.from({ length: 1_000 }, () => retryBudget.reserve(beginUs, perSecond));
    assert.ok(atMs.slice(0, retryBudgetTuning.burst).every((ms) => ms === 0));
    const expected = retryBudgetTuning.perSecondMin + retryBudgetTuning.share * perSecond;
    const within = atMs.filter((ms) => ms <= 10_000).length;
    assert.ok(within <= retryBudgetTuning.burst + 10 * expected + 1, `${within} at ${perSecond}/s`);
  }));
});

/** Microseconds between starts, each at the moment that the pace names. */
function gapsUs(shared: SharedState, fromUs: number, count: number): number[] {
  let nowUs = fromUs;
  let lastUs = NaN;
  const gaps: number[] = [];
  while (gaps.length < count) {
    const waitUs = shared.pace.tryStart(nowUs);
    nowUs += waitUs;
    if (waitUs > 0) continue;
    if (!Number.isNaN(lastUs)) gaps.push(nowUs - lastUs);
    lastUs = nowUs;
  }
  return gaps;
}

Deno.test("Pace pauses all requests for as long as the longest word says, to the moment", () => {
  const { pace } = new SharedState(SharedState.create(1));
  pace.pause(beginUs, 5_000);
  pace.pause(beginUs, 2_000);
  assert.equal(pace.tryStart(beginUs + 1), 5e6 - 1);
  assert.equal(pace.pausedMs(beginUs), 5_000);
  assert.equal(pace.tryStart(beginUs + 5e6), 0);
  pace.pause(beginUs, Infinity);
  assert.ok(pace.pausedMs(beginUs) > httpLimits.retryAfterMaxMs);
});

Deno.test("Pace steps back once for a burst of refusals, and comes back to the job's rate and no further", () => {
  const shared = new SharedState(SharedState.create(1, [{ count: 100, perMs: 1_000 }], beginUs));
  const { pace } = shared;
  const ownUs = pace.intervalUs;
  for (let n = 0; n < 20; n++) pace.stepBack(beginUs + n, beginUs + 1_000);
  assert.equal(pace.intervalUs, 2 * ownUs);
  pace.stepBack(beginUs + 1_001, beginUs + 2_000);
  assert.equal(pace.intervalUs, 4 * ownUs);
  const gaps = gapsUs(shared, beginUs + 2e6, 2_000);
  assert.ok((gaps[0] ?? 0) > 3.5 * ownUs);
  assert.equal(gaps.at(-1), ownUs);
  assert.equal(pace.isSteppedBack, false);
  // From four times the interval it takes twice the time to double.
  const backMs = gaps.slice(0, gaps.indexOf(ownUs)).reduce((a, b) => a + b) / 1_000;
  assert.ok(Math.abs(backMs / paceTuning.doublingMs - 2) < 0.2, `${backMs} ms`);
});

Deno.test("Pace without a rate steps back from what was started lately, and is none again in the end", () => {
  const shared = new SharedState(SharedState.create(1));
  const { pace } = shared;
  pace.measured(500);
  // A single refusal is answered by its pause.
  pace.stepBack(beginUs, beginUs);
  assert.equal(pace.intervalUs, 0);
  pace.stepBack(beginUs, beginUs);
  assert.equal(pace.intervalUs, 4_000);
  gapsUs(shared, beginUs, 200_000);
  assert.equal(pace.intervalUs, 0);
  for (let n = 0; n < 31; n++) pace.stepBack(beginUs + n + 1, beginUs + n + 1);
  assert.equal(pace.intervalUs, paceTuning.stepBackMsMax * 1_000);
});
