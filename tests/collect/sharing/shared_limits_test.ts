/**
 * Limits that several runs share: never more slots than the strictest limit allows, and never more starts per span.
 *
 * @module
 */

import assert from "node:assert/strict";
import { SharedLimits } from "../../../lib/collect/sharing/shared_limits.ts";
import type { Job, Rate } from "../../../lib/job/job.ts";
import { SharedState } from "../../../lib/pace/shared_state.ts";
import { Dice } from "../../support/dice.ts";
import { TempFolder } from "../../support/temp.ts";

const beginUs = 1.7e15;
const tickUs = 250_000;

/** One run that shares. Its requests take a while, and it has as many as it may or as it wants. */
class Run {
  readonly shared: SharedState;
  limits!: SharedLimits;
  readonly #scene: Scene;
  /** When each request ends. */
  #ends: number[] = [];
  starts = 0;
  /** Requests that it can use at once. */
  demand = Infinity;

  private constructor(scene: Scene, limits: Job["limits"]) {
    this.#scene = scene;
    this.shared = new SharedState(SharedState.create(limits.inFlight, limits.rates, scene.nowUs));
    this.shared.admit(0);
    // The job's own quotas are counted elsewhere.
    this.shared.pace.grant(2 ** 40);
  }

  static async join(scene: Scene, limits: Job["limits"]): Promise<Run> {
    const run = new Run(scene, limits);
    run.limits = await SharedLimits.open("api", limits, {
      shared: run.shared,
      folder: scene.folder.path,
      clock: () => scene.nowUs,
    });
    scene.runs.push(run);
    return run;
  }

  get inFlight(): number {
    return this.#ends.length;
  }

  work(): void {
    const ended = this.#ends.filter((us) => us <= this.#scene.nowUs).length;
    for (let n = 0; n < ended; n++) this.shared.release(0);
    this.#ends = this.#ends.filter((us) => us > this.#scene.nowUs);
    while (this.inFlight < this.demand && this.shared.tryAcquire(0)) {
      if (this.shared.pace.tryStart(this.#scene.nowUs) > 0) {
        this.shared.release(0);
        break;
      }
      this.starts++;
      this.#scene.startsUs.push(this.#scene.trueUs);
      this.#ends.push(this.#scene.nowUs + this.#scene.requestUs());
    }
  }

  async leave(): Promise<void> {
    for (const _ of this.#ends) this.shared.release(0);
    this.#ends = [];
    this.#scene.runs.splice(this.#scene.runs.indexOf(this), 1);
    await this.limits[Symbol.asyncDispose]();
  }
}

class Scene implements AsyncDisposable {
  readonly folder = new TempFolder();
  readonly runs: Run[] = [];
  readonly startsUs: number[] = [];
  trueUs = beginUs;
  /** How far the clock was set. */
  offUs = 0;
  mostInFlight = 0;
  requestUs: () => number = () => 100_000;

  get nowUs(): number {
    return this.trueUs + this.offUs;
  }

  /** Lets `us` pass in steps, with a tick of each run every 250 ms. */
  async pass(us: number, stepUs = 5_000): Promise<void> {
    for (const endUs = this.trueUs + us; this.trueUs < endUs; this.trueUs += stepUs) {
      for (const [index, run] of this.runs.entries()) {
        if ((this.trueUs - beginUs + index * 35_000) % tickUs < stepUs) await run.limits.tick();
        run.work();
        this.look();
      }
    }
  }

  look(): void {
    this.mostInFlight = Math.max(this.mostInFlight, this.runs.reduce((sum, run) => sum + run.inFlight, 0));
  }

  assertHeld({ count, perMs }: Rate): void {
    for (const [index, startUs] of this.startsUs.entries()) {
      const after = this.startsUs[index + count];
      assert.ok(
        after === undefined || after - startUs >= perMs * 1_000,
        `${count + 1} starts from ${startUs}`,
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const run of [...this.runs]) await run.leave();
    this.folder[Symbol.dispose]();
  }
}

Deno.test("SharedLimits gives a run that is alone all slots and the whole rate", async () => {
  await using scene = new Scene();
  const rate = { count: 20, perMs: 1_000 };
  const run = await Run.join(scene, { inFlight: 8, rates: [rate] });
  await scene.pass(10e6);
  assert.ok(run.starts >= 0.97 * 9 * 20, `${run.starts}`);
  scene.assertHeld(rate);
});

Deno.test("SharedLimits divides slots and rate, and gives one run what the other leaves", async () => {
  await using scene = new Scene();
  const rate = { count: 40, perMs: 1_000 };
  const limits = { inFlight: 8, rates: [rate] };
  const a = await Run.join(scene, limits);
  const b = await Run.join(scene, limits);
  await scene.pass(5e6);
  [a.starts, b.starts] = [0, 0];
  await scene.pass(10e6);
  assert.ok(Math.abs(a.starts - b.starts) <= 12, `${a.starts} and ${b.starts}`);
  assert.ok(a.starts + b.starts >= 0.95 * 400, `${a.starts} and ${b.starts}`);
  b.demand = 1;
  scene.requestUs = () => 500_000;
  await scene.pass(10e6);
  [a.starts, b.starts] = [0, 0];
  await scene.pass(10e6);
  // A request of 500 ms in each slot: 120 starts in 6 slots, 20 in one.
  assert.deepEqual([a.shared.inFlightMax, b.shared.inFlightMax], [6, 2]);
  assert.ok(a.starts >= 110 && b.starts >= 18, `${a.starts} and ${b.starts}`);
  await b.leave();
  await scene.pass(3e6);
  assert.equal(a.shared.inFlightMax, 8);
  scene.assertHeld(rate);
  assert.ok(scene.mostInFlight <= 8);
});

Deno.test("SharedLimits never exceeds slots, rate or quota, whatever the runs do", async () => {
  let starts = 0;
  for (let seed = 1; seed <= 5; seed++) {
    const dice = new Dice(seed);
    await using scene = new Scene();
    const rate = { count: 1 + dice.below(40), perMs: 1_000 };
    const quota = { count: 5 + dice.below(300), perMs: 60_000 };
    const rates = seed % 2 === 0 ? [rate] : [rate, quota];
    const limits: Job["limits"] = { inFlight: 1 + dice.below(9), rates };
    scene.requestUs = () => 1_000 + dice.below(dice.below(10) === 0 ? 3e6 : 200_000);
    for (let step = 0; step < 20; step++) {
      const chance = dice.below(10);
      if (scene.runs.length < 4 && chance < 3) await Run.join(scene, limits);
      else if (scene.runs.length > 1 && chance === 3) {
        await scene.runs[dice.below(scene.runs.length)]?.leave();
      } else if (chance === 4) { for (const run of scene.runs) run.demand = dice.below(10); }
      else if (chance === 5) scene.offUs -= dice.below(2) === 0 ? 300_000 : 3_600e6;
      await scene.pass(dice.below(3e6), 1_000 + dice.below(8_000));
    }
    assert.ok(scene.mostInFlight <= limits.inFlight, `seed ${seed}: ${scene.mostInFlight} in flight`);
    scene.assertHeld(rate);
    if (rates.includes(quota)) scene.assertHeld(quota);
    starts += scene.startsUs.length;
  }
  // The order of the holders differs from time to time, and with it what they reach.
  assert.ok(starts > 100, `${starts} starts`);
});
