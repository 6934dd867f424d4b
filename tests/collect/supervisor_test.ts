/**
 * The supervisor alone, on a clock that each test sets: what a tick calls, and what ends a run.
 *
 * @module
 */

import assert from "node:assert/strict";
import { InterruptedError } from "../../lib/errors.ts";
import { Supervisor } from "../../lib/collect/supervisor.ts";
import { SharedState } from "../../lib/pace/shared_state.ts";
import { numberOf } from "../../lib/rows/failure_reasons.ts";
import { until } from "../support/until.ts";

const MiB = 2 ** 20;
const startUs = 1e15;
const minuteUs = 60e6;

/** A supervisor of parts that only record their calls. */
class Scene {
  nowUs = startUs;
  /** Free bytes on the disk; undefined where unknown. */
  free: number | undefined = 1_000 * MiB;
  diskChecks = 0;
  /** How a file of the database was lost. */
  loss: string | undefined;
  readonly calls: string[] = [];
  readonly shared = new SharedState(SharedState.create(8));
  failure: Error | undefined;

  async start(): Promise<Supervisor> {
    return await Supervisor.start({
      workers: { tick: () => void this.calls.push("workers"), refusal: undefined },
      tuning: {
        tick: (nowUs) => this.#record(`tuning ${nowUs - startUs}`),
        close: () => this.#record("close tuning"),
      },
      quotas: {
        tick: (nowMs) => this.#record(`quotas ${nowMs - startUs / 1_000}`),
        close: (nowMs) => this.#record(`close quotas ${nowMs - startUs / 1_000}`),
      },
      shared: this.shared,
      outageMs: 900_000,
      storage: {
        freeBytes: () => {
          this.diskChecks++;
          return Promise.resolve(this.free);
        },
        loss: () => Promise.resolve(this.loss),
      },
      clock: () => this.nowUs,
    });
  }

  #record(call: string): Promise<void> {
    this.calls.push(call);
    return this.failure === undefined ? Promise.resolve() : Promise.reject(this.failure);
  }

  /** Lets ten keys fail, which opens the circuit breaker. */
  fail(): void {
    for (let n = 0; n < 10; n++) {
      this.shared.circuitBreaker.failed({ weight: 1, why: numberOf("reset") }, this.nowUs);
    }
  }

  /** Waits for two more ticks: the first may have begun before the test changed something. */
  async tick(): Promise<void> {
    const wanted = this.#ticks() + 2;
    await until(() => this.#ticks() >= wanted);
  }

  #ticks(): number {
    return this.calls.filter((call) => call === "workers").length;
  }
}

Deno.test("Supervisor.start() ticks every part before the first request, and closes them at the end", async () => {
  const scene = new Scene();
  {
    await using supervisor = await scene.start();
    assert.deepEqual(scene.calls, ["workers", "tuning 0", "quotas 0"]);
    assert.deepEqual([supervisor.reason, supervisor.signal.aborted], [undefined, false]);
    scene.nowUs += 5_000;
  }
  assert.deepEqual(scene.calls.slice(-2), ["close tuning", "close quotas 5"]);
});

Deno.test("Supervisor ticks again and again until it is closed", async () => {
  const scene = new Scene();
  {
    await using _supervisor = await scene.start();
    await scene.tick();
  }
  const { length } = scene.calls;
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.equal(scene.calls.length, length);
});

Deno.test("Supervisor ends the run when the API has been down for longer than the outage", async () => {
  const scene = new Scene();
  scene.fail();
  scene.nowUs += 15 * minuteUs;
  {
    await using supervisor = await scene.start();
    assert.deepEqual([supervisor.reason, supervisor.signal.aborted], [undefined, false]);
  }
  scene.nowUs += 1_000;
  await using supervisor = await scene.start();
  assert.match(
    supervisor.reason ?? "",
    /^the API is down: no request has succeeded for 15m; the last failure: .*\(reset\)$/,
  );
  assert.equal(supervisor.signal.aborted, true);
});

Deno.test("Supervisor ends the run when the server asks for a pause of more than an hour", async () => {
  const scene = new Scene();
  scene.shared.pace.pause(scene.nowUs, 3_600_000);
  {
    await using supervisor = await scene.start();
    assert.equal(supervisor.reason, undefined);
  }
  scene.shared.pace.pause(scene.nowUs, 7_200_000);
  await using supervisor = await scene.start();
  assert.match(supervisor.reason ?? "", /^the server asks for a pause of 2h: .* 1h$/);
  assert.equal(supervisor.signal.aborted, true);
});

Deno.test("Supervisor ends the run when less than 256 MiB of the disk are free, but not when that is unknown", async () => {
  const scene = new Scene();
  for (const free of [256 * MiB, undefined]) {
    scene.free = free;
    await using supervisor = await scene.start();
    assert.equal(supervisor.reason, undefined);
  }
  scene.free = 256 * MiB - 1;
  await using supervisor = await scene.start();
  assert.match(supervisor.reason ?? "", /^the disk is nearly full: .* free, and 256 MiB must stay free$/);
  assert.equal(supervisor.signal.aborted, true);
});

Deno.test("Supervisor checks the disk once a second, and ends the run in the tick that finds it full", async () => {
  const scene = new Scene();
  await using supervisor = await scene.start();
  scene.free = 0;
  scene.nowUs += 999_999;
  await scene.tick();
  assert.deepEqual([scene.diskChecks, supervisor.reason], [1, undefined]);
  scene.nowUs += 1;
  await until(() => supervisor.signal.aborted);
  assert.match(supervisor.reason ?? "", /^the disk is nearly full: /);
  assert.equal(scene.diskChecks, 2);
});

Deno.test("Supervisor aborts within a second when a file of the database is lost", async () => {
  const scene = new Scene();
  await using supervisor = await scene.start();
  scene.loss = 'The database "a.db" was deleted or moved';
  scene.nowUs += 999_999;
  await scene.tick();
  assert.equal(supervisor.signal.aborted, false);
  scene.nowUs += 1;
  await until(() => supervisor.signal.aborted);
  assert.ok(supervisor.signal.reason instanceof InterruptedError);
  assert.deepEqual([supervisor.signal.reason.message, supervisor.reason], [scene.loss, undefined]);
});

Deno.test("Supervisor aborts with the error when a part fails", async () => {
  const scene = new Scene();
  scene.failure = new Error("disk I/O error");
  const supervisor = await scene.start();
  assert.deepEqual([supervisor.reason, supervisor.signal.reason], [undefined, scene.failure]);
  scene.failure = undefined;
  await supervisor[Symbol.asyncDispose]();
});

Deno.test("Supervisor measures the requests per second over its last ticks", async () => {
  const scene = new Scene();
  const { pace } = scene.shared;
  for (let n = 0; n < 30; n++) pace.tryStart(scene.nowUs);
  await using _supervisor = await scene.start();
  for (let n = 0; n < 50; n++) assert.equal(pace.tryStart(scene.nowUs), 0);
  scene.nowUs += 500_000;
  await scene.tick();
  assert.equal(pace.startsPerSecond, 100);
});
