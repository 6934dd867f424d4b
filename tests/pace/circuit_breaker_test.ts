/**
 * The circuit breaker alone, on a clock that each test sets.
 *
 * @module
 */

import assert from "node:assert/strict";
import { CircuitBreaker, circuitBreakerCount } from "../../lib/pace/circuit_breaker.ts";
import { SharedNumbers } from "../../lib/pace/shared_numbers.ts";

const startUs = 1e15;
const secondUs = 1e6;

/** Failures in a row that open the breaker. */
const streak = 10;

function numbersOf(): SharedNumbers {
  return new SharedNumbers(new BigInt64Array(new SharedArrayBuffer(circuitBreakerCount * 8)));
}

/** Lets `count` keys fail for reason 7. */
function fail(breaker: CircuitBreaker, count: number, nowUs = startUs): void {
  for (let n = 0; n < count; n++) breaker.failed({ weight: 1, why: 7 }, nowUs);
}

/** Seconds from one probe to the next, while every probe fails. */
function probeGaps(breaker: CircuitBreaker, count: number): number[] {
  let nowUs = startUs;
  return Array.from({ length: count }, () => {
    const waitUs = breaker.tryPass(nowUs);
    nowUs += waitUs;
    assert.equal(breaker.tryPass(nowUs), 0);
    return waitUs / secondUs;
  });
}

Deno.test("CircuitBreaker passes every request while it is closed", () => {
  const breaker = new CircuitBreaker(numbersOf());
  fail(breaker, streak - 1);
  for (let n = 0; n < 100; n++) assert.equal(breaker.tryPass(startUs), 0);
  assert.deepEqual([breaker.isDown, breaker.outages, breaker.downMs(startUs)], [false, 0, 0]);
});

Deno.test("CircuitBreaker opens when ten keys have failed since the last success, over several views", () => {
  const numbers = numbersOf();
  const [a, b] = [new CircuitBreaker(numbers), new CircuitBreaker(numbers)];
  fail(a, streak - 1);
  a.succeeded();
  fail(a, 4);
  fail(b, 5);
  assert.deepEqual([a.isDown, b.isDown], [false, false]);
  b.failed({ weight: 1, why: 9 }, startUs);
  assert.deepEqual([a.isDown, a.outages, a.lastFailure, a.successes], [true, 1, 9, 1]);
  assert.equal(a.downMs(startUs + 3 * secondUs), 3_000);
});

Deno.test("CircuitBreaker counts a failure by its weight", () => {
  const breaker = new CircuitBreaker(numbersOf());
  for (let n = 0; n < 100; n++) breaker.failed({ weight: 0, why: 3 }, startUs);
  assert.deepEqual([breaker.isDown, breaker.lastFailure], [false, 3]);
  for (let n = 0; n < streak / 2; n++) {
    assert.equal(breaker.isDown, false);
    breaker.failed({ weight: 2, why: 4 }, startUs);
  }
  assert.equal(breaker.isDown, true);
});

Deno.test("CircuitBreaker lets one probe pass after 1 s, 2 s, 4 s, 8 s, and then every 15 s", () => {
  const breaker = new CircuitBreaker(numbersOf());
  fail(breaker, streak);
  assert.deepEqual(probeGaps(breaker, 7), [1, 2, 4, 8, 15, 15, 15]);
  assert.equal(breaker.outages, 1);
});

Deno.test("CircuitBreaker keeps its waits and counts one outage when keys fail while it is open", () => {
  const breaker = new CircuitBreaker(numbersOf());
  fail(breaker, streak);
  probeGaps(breaker, 2);
  fail(breaker, streak, startUs + 3 * secondUs);
  assert.equal(breaker.tryPass(startUs + 3 * secondUs), 4 * secondUs);
  assert.deepEqual([breaker.outages, breaker.downMs(startUs + 3 * secondUs)], [1, 3_000]);
});

Deno.test("CircuitBreaker lets one of two threads probe at a time", () => {
  const numbers = numbersOf();
  const [a, b] = [new CircuitBreaker(numbers), new CircuitBreaker(numbers)];
  fail(a, streak);
  const probeUs = startUs + secondUs;
  assert.equal(b.tryPass(probeUs - 1), 1);
  assert.equal(b.tryPass(probeUs), 0);
  assert.equal(a.tryPass(probeUs), 2 * secondUs);
});

Deno.test("CircuitBreaker probes at once when the clock is set back by more than its longest wait", () => {
  const breaker = new CircuitBreaker(numbersOf());
  fail(breaker, streak);
  const backUs = startUs - 3_600 * secondUs;
  assert.equal(breaker.tryPass(backUs), 0);
  assert.equal(breaker.tryPass(backUs), 2 * secondUs);
  assert.equal(breaker.downMs(backUs), 0);
});

Deno.test("CircuitBreaker closes at the first success, and opens again with short waits", () => {
  const breaker = new CircuitBreaker(numbersOf());
  fail(breaker, streak);
  probeGaps(breaker, 4);
  breaker.succeeded();
  assert.deepEqual([breaker.isDown, breaker.tryPass(startUs), breaker.downMs(startUs)], [false, 0, 0]);
  fail(breaker, streak - 1);
  assert.equal(breaker.isDown, false);
  fail(breaker, 1);
  assert.deepEqual([breaker.isDown, breaker.outages, breaker.tryPass(startUs)], [true, 2, secondUs]);
});

/** Failures that open a breaker that is closed. */
function failuresToOpen(breaker: CircuitBreaker): number {
  let count = 0;
  for (; !breaker.isDown; count++) fail(breaker, 1);
  return count;
}

/** Opens a breaker, sends one probe, and answers a key that was answered before. */
function falseAlarm(breaker: CircuitBreaker): void {
  failuresToOpen(breaker);
  breaker.tryPass(startUs + secondUs);
  breaker.answeredAgain();
}

Deno.test("CircuitBreaker.answeredAgain() doubles the failures that open it, three times at most", () => {
  const breaker = new CircuitBreaker(numbersOf());
  const counts = Array.from({ length: 6 }, () => {
    const count = failuresToOpen(breaker);
    breaker.tryPass(startUs + secondUs);
    breaker.answeredAgain();
    return count;
  });
  assert.deepEqual(counts, [10, 20, 40, 80, 80, 80]);
});

Deno.test("CircuitBreaker.answeredAgain() takes an outage back when it is the second false alarm in a row", () => {
  const breaker = new CircuitBreaker(numbersOf());
  falseAlarm(breaker);
  assert.equal(breaker.outages, 1);
  falseAlarm(breaker);
  assert.deepEqual([breaker.outages, breaker.isDown], [1, false]);
});

Deno.test("CircuitBreaker.answeredAgain() after several probes ends an outage that was real", () => {
  const breaker = new CircuitBreaker(numbersOf());
  falseAlarm(breaker);
  failuresToOpen(breaker);
  probeGaps(breaker, 3);
  breaker.answeredAgain();
  assert.deepEqual([breaker.outages, failuresToOpen(breaker)], [2, streak]);
});

Deno.test("CircuitBreaker.answeredAgain() changes nothing while the breaker is closed", () => {
  const breaker = new CircuitBreaker(numbersOf());
  breaker.answeredAgain();
  assert.deepEqual([breaker.successes, breaker.outages], [0, 0]);
  assert.equal(failuresToOpen(breaker), streak);
});

Deno.test("CircuitBreaker.refused() ends a run whose first 20 answers are refusals, once", () => {
  const breaker = new CircuitBreaker(numbersOf());
  const ends = Array.from({ length: 22 }, () => breaker.refused({ why: 401, hasProbe: false }, startUs));
  assert.deepEqual(ends.flatMap((ends, index) => ends ? [index + 1] : []), [20]);
  assert.equal(breaker.isDown, false);
  assert.ok(breaker.tryPass(startUs) > 0);
});

Deno.test("CircuitBreaker.refused() opens after ten refusals in a row once a key was answered", () => {
  const breaker = new CircuitBreaker(numbersOf());
  const refuse = (count: number) => {
    for (let n = 0; n < count; n++) {
      assert.equal(breaker.refused({ why: 401, hasProbe: false }, startUs), false);
    }
    return breaker.isDown;
  };
  breaker.succeeded();
  assert.equal(refuse(9), false);
  breaker.succeeded();
  assert.deepEqual([refuse(9), refuse(1)], [false, true]);
  assert.equal(breaker.probeRefused(401), false);
  // The probe is answered: twice as many open it next time.
  breaker.tryPass(startUs + 2e6);
  breaker.answeredAgain();
  assert.deepEqual([refuse(19), refuse(1)], [false, true]);
});

Deno.test("CircuitBreaker.probeRefused() ends a start without any other answer", () => {
  const breaker = new CircuitBreaker(numbersOf());
  for (let n = 0; n < 10; n++) breaker.refused({ why: 403, hasProbe: true }, startUs);
  assert.equal(breaker.isDown, true);
  assert.deepEqual([breaker.probeRefused(403), breaker.probeRefused(403)], [true, false]);
});
