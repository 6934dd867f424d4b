import assert from "node:assert/strict";
import process from "node:process";
import { Naps } from "../../lib/simulate/naps.ts";

Deno.test("Naps sleeps for any time from none on, without a warning of the platform's", async () => {
  const warnings: Error[] = [];
  const listen = (warning: Error) => warnings.push(warning);
  process.on("warning", listen);
  const naps = new Naps();
  // The first ones teach it how late timers are: the next ones would begin before now.
  for (let round = 0; round < 40; round++) await naps.sleep(1);
  for (const ms of [0, 0.1, 1, 3]) await naps.sleep(ms);
  process.off("warning", listen);
  assert.deepEqual(warnings, []);
});

Deno.test("Naps wakes all who sleep, and leaves no timer behind", async () => {
  const naps = new Naps();
  const sleeping = [60_000, 3_600_000].map((ms) => naps.sleep(ms));
  naps.wakeAll();
  await Promise.all(sleeping);
  naps.wakeAll();
});
