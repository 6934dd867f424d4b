import assert from "node:assert/strict";
import {
  describeNumber,
  meaningOf,
  numberOf,
  type Reason,
  reasons,
} from "../../../lib/collect/answer/reasons.ts";

Deno.test("describeNumber() says the reason that numberOf() made a number of", () => {
  const all = [...Object.keys(reasons), "http-503", "http-404"] as Reason[];
  for (const reason of all) {
    assert.equal(describeNumber(numberOf(reason)), `${meaningOf(reason)} (${reason})`);
  }
  assert.equal(new Set(all.map(numberOf)).size, all.length);
});
