import assert from "node:assert/strict";
import { SharedState } from "../../lib/pace/shared_state.ts";
import { Progress, pulseOf } from "../../lib/collect/progress.ts";

const none = { ok: 0, empty: 0, unchanged: 0, failed: 0, rows: 0, bytes: 0, attempts: 0 };

Deno.test("pulseOf() is there while requests are in flight or the run comes further, and not else", () => {
  const shared = new SharedState(SharedState.create(2, [], 0));
  const progress = new Progress(none, { shared, auto: undefined });
  const pulse = pulseOf(progress);
  assert.deepEqual([pulse(), pulse()], [true, false]);
  shared.admit(0);
  shared.divide(1);
  assert.ok(shared.tryAcquire(0));
  assert.deepEqual([pulse(), pulse()], [true, true]);
  shared.release(0);
  assert.equal(pulse(), false);
  shared.addBytes(1);
  assert.deepEqual([pulse(), pulse()], [true, false]);
});

Deno.test("pulseOf() is there while the API is down", () => {
  const shared = new SharedState(SharedState.create(2, [], 0));
  const pulse = pulseOf(new Progress(none, { shared, auto: undefined }));
  pulse();
  for (let failure = 0; failure < 20; failure++) {
    shared.circuitBreaker.failed({ weight: 1, why: 0 }, 1_000_000);
  }
  assert.equal(shared.circuitBreaker.isDown, true);
  assert.deepEqual([pulse(), pulse()], [true, true]);
});
