/**
 * The diagnosis of what limits a run.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type BottleneckFacts, bottleneckOf, waitsOf } from "../../lib/collect/bottleneck.ts";

interface Scene {
  readonly slot?: number;
  readonly pace?: number;
  readonly server?: number;
  readonly store?: number;
  readonly answer?: number;
  readonly retry?: number;
  readonly inFlight?: number;
  readonly isDown?: boolean;
  readonly elapsedMs?: number;
  readonly cpuMs?: number;
}

/** A run of 1 s with 10 slots. */
function facts(
  { inFlight = 9, isDown = false, elapsedMs = 1_000, cpuMs = 0, ...waits }: Scene,
): BottleneckFacts {
  const waited: Readonly<Record<string, number>> = { ...waits };
  return { elapsedMs, cpuMs, isDown, inFlight, inFlightMax: 10, waitedMs: (what) => waited[what] ?? 0 };
}

const table: readonly (readonly [Scene, expected: string | undefined])[] = [
  [{}, "short"],
  // The start of the program takes CPU time too.
  [{ cpuMs: 900 }, "short"],
  [{ elapsedMs: 2_000, cpuMs: 1_401 }, "CPU"],
  [{ elapsedMs: 2_000, cpuMs: 1_400 }, "server"],
  [{ elapsedMs: 2_000, cpuMs: 3_800, inFlight: 4 }, "CPU"],
  // 2 s of CPU time in 70 s are no limit of the machine.
  [{ elapsedMs: 70_000, cpuMs: 2_000, inFlight: 0, answer: 60_000 }, "server"],
  [{ elapsedMs: 70_000, cpuMs: 2_000, inFlight: 0, answer: 10_000 }, undefined],
  [{ elapsedMs: 70_000, cpuMs: 2_000, inFlight: 9 }, "server"],
  [{ elapsedMs: 6_000, inFlight: 0, answer: 3_700, retry: 15_000 }, "retries"],
  [{ elapsedMs: 6_000, inFlight: 0, answer: 37_000, retry: 15_000 }, "server"],
  [{ elapsedMs: 1_999 }, "short"],
  [{ elapsedMs: 2_000 }, "server"],
  [{ inFlight: 10 }, "in_flight"],
  [{ slot: 300 }, "short"],
  [{ slot: 301 }, "in_flight"],
  [{ pace: 301 }, "rate"],
  [{ pace: 400, slot: 401 }, "in_flight"],
  [{ pace: 401, slot: 401 }, "rate"],
  [{ pace: 900, slot: 900, store: 301 }, "disk"],
  [{ pace: 900, slot: 900, store: 301, server: 301 }, "refusals"],
  [{ server: 900, isDown: true }, "down"],
  [{ elapsedMs: 0, isDown: true }, undefined],
];

Deno.test("bottleneckOf() names what requests waited for longest, server and disk first", () => {
  for (const [scene, expected] of table) {
    assert.equal(bottleneckOf(facts(scene)), expected, JSON.stringify(scene));
  }
});

Deno.test("bottleneckOf() looks at the time since an earlier reading only", () => {
  const before = waitsOf(facts({ pace: 900 }));
  assert.equal(bottleneckOf(facts({ pace: 900, elapsedMs: 2_000 })), "rate");
  assert.equal(bottleneckOf(facts({ pace: 900, elapsedMs: 2_000 }), before), "server");
  const busy = { pace: 900, elapsedMs: 2_000, cpuMs: 800 };
  assert.equal(bottleneckOf(facts(busy), before), "CPU");
  assert.equal(bottleneckOf(facts(busy), waitsOf(facts({ pace: 900, cpuMs: 200 }))), "server");
  assert.equal(bottleneckOf(facts({ pace: 900, store: 400, elapsedMs: 2_000 }), before), "disk");
  assert.equal(bottleneckOf(facts({ pace: 900 }), before), undefined);
});
