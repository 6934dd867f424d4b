/**
 * Holds the stored updates against the simulator's ground truth.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { SimulateOptions } from "../../lib/simulate/simulate_options.ts";
import { truthOf } from "../../lib/simulate/profiles/ripestat/truth.ts";
import { query } from "./database.ts";
import { dayWindow } from "./ripestat_job.ts";

/** Asserts that `keys` keys have the verdict and the rows that the simulator sent, in their order. */
export function assertTruth(db: string, options: SimulateOptions, keys: number): void {
  const fetches = query(db, "SELECT key, verdict, rows, id FROM fetches");
  assert.equal(fetches.length, keys);
  for (const [key, verdict, rows, id] of fetches) {
    const truth = Array.from(truthOf(options, String(key), dayWindow).updates(), (row) => [...row]);
    const stored = query(db, `SELECT ts, type FROM updates WHERE fetch = ${id} ORDER BY row`);
    assert.deepEqual(stored, truth, `rows of ${key}`);
    assert.deepEqual(
      [verdict, rows],
      [truth.length === 0 ? "empty" : "ok", truth.length],
      `verdict of ${key}`,
    );
  }
}
