import assert from "node:assert/strict";
import { FailureDetails } from "../../lib/worker/failure_details.ts";

Deno.test("FailureDetails wants the first five of each reason", () => {
  const details = new FailureDetails();
  for (let count = 0; count < 5; count++) {
    assert.ok(details.isWanted("http-403"));
    details.told("http-403");
  }
  assert.ok(!details.isWanted("http-403"));
  assert.ok(details.isWanted("http-500"), "another reason");
});
