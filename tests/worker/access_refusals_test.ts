/**
 * Keys that were refused for want of access, and what other answers say of them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { nowUs } from "../../lib/pace/clock.ts";
import { SharedState } from "../../lib/pace/shared_state.ts";
import { AccessRefusals } from "../../lib/worker/access_refusals.ts";
import { firstTask } from "../../lib/worker/request_task.ts";

const refused = {
  verdict: "failed",
  reason: "http-401",
  detail: undefined,
  status: 401,
  bytes: 0,
  isRefusal: false,
  retryAfterMs: undefined,
} as const;

Deno.test("AccessRefusals.settle() fails a key only when a request that started after its refusal succeeds", async () => {
  const shared = new SharedState(SharedState.create(4, [], nowUs()));
  const failed: string[] = [];
  const refusals = new AccessRefusals({
    shared,
    fail: ({ keys: [{ key }] }) => Promise.resolve(void failed.push(key)),
    again: () => assert.fail("no outage"),
    tell: () => assert.fail("the run has answers"),
  });
  const earlierUs = nowUs();
  shared.circuitBreaker.succeeded(earlierUs);
  await refusals.add(firstTask({ sequence: 0, key: "a" }), refused, { hasProbe: true });
  // Answers may overtake one another: this one was asked before the refused key.
  shared.circuitBreaker.succeeded(earlierUs + 1);
  await refusals.settle();
  assert.deepEqual(failed, []);
  shared.circuitBreaker.succeeded(nowUs() + 1_000);
  await refusals.settle();
  assert.deepEqual(failed, ["a"]);
});
