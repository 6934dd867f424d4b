import assert from "node:assert/strict";
import {
  describeNumber,
  type FailureReason,
  failureReasons,
  meaningOf,
  numberOf,
} from "../../lib/rows/failure_reasons.ts";

Deno.test("describeNumber() says the reason that numberOf() made a number of", () => {
  const all = [...Object.keys(failureReasons), "http-503", "http-404"] as FailureReason[];
  for (const reason of all) {
    assert.equal(describeNumber(numberOf(reason)), `${meaningOf(reason)} (${reason})`);
  }
  assert.equal(new Set(all.map(numberOf)).size, all.length);
});
