/**
 * The decision of exit codes.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { CollectResult } from "../../lib/collect/collect.ts";
import {
  exitCodeOfError,
  exitCodeOfRun,
  exitMeanings,
  runCoverage,
  worstOf,
} from "../../lib/command/exit_code.ts";
import { InterruptedError, StaleRunError, UsageError } from "../../lib/errors.ts";

const finished: CollectResult = {
  state: "finished",
  reason: null,
  controlFailure: null,
  isLimited: false,
  counts: { ok: 90, empty: 8, unchanged: 1, failed: 1, rows: 0, bytes: 0, attempts: 100 },
  keys: 100,
  pending: 0,
  duplicates: 0,
};

Deno.test("exitCodeOfRun() tells success, low coverage, an interruption and a broken control key apart", () => {
  const interrupted = { ...finished, state: "interrupted" } as const;
  const table: readonly (readonly [CollectResult, minCoverage: number, exit: number])[] = [
    [finished, 0.99, 0],
    [finished, 0.991, 3],
    [interrupted, 0.99, 75],
    [interrupted, 1, 75],
    [{ ...interrupted, isLimited: true }, 0.99, 0],
    [{ ...interrupted, isLimited: true }, 1, 3],
    [{ ...interrupted, controlFailure: "lasting" }, 0, 3],
    [{ ...interrupted, controlFailure: "passing" }, 1, 75],
    [{ ...finished, keys: undefined }, 0, 0],
    [{ ...finished, keys: undefined }, 0.01, 3],
  ];
  for (const [result, minCoverage, exit] of table) {
    assert.equal(exitCodeOfRun(result, minCoverage), exit, JSON.stringify([result, minCoverage]));
  }
  assert.equal(runCoverage(finished), 0.99);
});

Deno.test("exitCodeOfError() tells errors of the user, passing causes and others apart", () => {
  assert.equal(exitCodeOfError(new UsageError("x")), 2);
  assert.equal(exitCodeOfError(new StaleRunError("x")), 2);
  assert.equal(exitCodeOfError(new InterruptedError("x")), 75);
  assert.equal(exitCodeOfError(new TypeError("x")), 1);
  assert.equal(exitCodeOfError("x"), 1);
  assert.deepEqual(Object.keys(exitMeanings), ["0", "1", "2", "3", "75"]);
});

Deno.test("worstOf() puts what only a person repairs before what the next start does", () => {
  assert.equal(worstOf([]), 0);
  assert.equal(worstOf([0, 75, 0]), 75);
  assert.equal(worstOf([3, 75]), 3);
  assert.equal(worstOf([75, 3, 2]), 2);
  assert.equal(worstOf([2, 1]), 1);
});
