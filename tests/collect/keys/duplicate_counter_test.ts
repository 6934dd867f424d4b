/**
 * Counting keys that a list holds more than once, against a `Set`.
 *
 * @module
 */

import { strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { countedKeysMax, DuplicateCounter } from "../../../lib/collect/keys/duplicate_counter.ts";
import { assertProperty } from "../../support/property.ts";

Deno.test("DuplicateCounter counts what a Set leaves out", () => {
  const key = fc.oneof(fc.string({ minLength: 1, maxLength: 3 }), fc.nat({ max: 300 }).map(String));
  assertProperty(
    fc.property(fc.array(fc.array(key, { maxLength: 200 }), { maxLength: 8 }), (blocks) => {
      const counter = new DuplicateCounter();
      for (const block of blocks) counter.add(block);
      strictEqual(counter.duplicates, blocks.flat().length - new Set(blocks.flat()).size);
    }),
    { numRuns: 100 },
  );
});

Deno.test("DuplicateCounter is exact up to a million keys, and says nothing beyond", () => {
  const counter = new DuplicateCounter();
  const block = (start: number) => Array.from({ length: 1_000 }, (_, index) => `k${start + index}`);
  for (let start = 0; start < countedKeysMax - 1_000; start += 1_000) counter.add(block(start));
  strictEqual(counter.duplicates, 0);
  counter.add(block(countedKeysMax - 1_500));
  strictEqual(counter.duplicates, 500);
  counter.add(["one more"]);
  strictEqual(counter.duplicates, undefined);
  counter.add(["k1"]);
  strictEqual(counter.duplicates, undefined);
});
