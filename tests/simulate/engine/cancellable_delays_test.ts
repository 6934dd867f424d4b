import assert from "node:assert/strict";
import process from "node:process";
import { CancellableDelays } from "../../../lib/simulate/engine/cancellable_delays.ts";

Deno.test("CancellableDelays.sleep() causes no warning of the platform when the delay is zero or shorter than its lateness", async () => {
  const warnings: Error[] = [];
  const listen = (warning: Error) => warnings.push(warning);
  process.on("warning", listen);
  const delays = new CancellableDelays();
  // These delays measure the lateness of timers. The next ones are shorter than it.
  for (let round = 0; round < 40; round++) await delays.sleep(1);
  for (const ms of [0, 0.1, 1, 3]) await delays.sleep(ms);
  process.off("warning", listen);
  assert.deepEqual(warnings, []);
});

Deno.test("CancellableDelays.wakeAll() ends all delays and leaves no timer behind", async () => {
  const delays = new CancellableDelays();
  const sleeping = [60_000, 3_600_000].map((ms) => delays.sleep(ms));
  delays.wakeAll();
  await Promise.all(sleeping);
  delays.wakeAll();
});
