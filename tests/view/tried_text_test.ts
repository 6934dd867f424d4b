import assert from "node:assert/strict";
import { TableSample, triedLines } from "../../lib/view/tried_text.ts";
import { chunkOf } from "../support/rows.ts";

const good = {
  verdict: "ok",
  status: 200,
  bytes: 70,
  kept: 7,
  rows: [],
  etag: null,
  lastModified: null,
} as const;

function sampleOf(name: string, rows: Parameters<typeof chunkOf>[0]): TableSample {
  const sample = new TableSample(name, (text) => text.replaceAll("s3cret", "***"));
  sample.add(chunkOf(rows));
  return sample;
}

Deno.test("triedLines() shows five rows of the only table, without secrets and control characters", () => {
  const rows = [[1n, "s3cret\x07"], ...Array.from({ length: 6 }, () => [2n, null])];
  const lines = triedLines("1\x07", { attempt: good, samples: [sampleOf("t", rows)] });
  assert.deepEqual(lines, ["1␇: ok, 7 rows, 70 B", '  1  "***\\u0007"', ...Array(4).fill("  2  null")]);
});

Deno.test("triedLines() shows the rows of several tables under the names of the tables", () => {
  const samples = [sampleOf("issues", [[1n]]), sampleOf("labels", [])];
  assert.deepEqual(triedLines("k", { attempt: good, samples }).slice(1), [
    "  issues",
    "    1",
    "  labels: no rows",
  ]);
});

Deno.test("triedLines() tells why an answer failed and what the server said, and an answer without content", () => {
  const failed = {
    verdict: "failed",
    reason: "http-403",
    isRefusal: false,
    retryAfterMs: undefined,
  } as const;
  assert.deepEqual(
    triedLines("k", {
      attempt: { ...failed, status: 403, bytes: 9, detail: '{"error":"quota"}' },
      samples: [],
    }),
    ['k: failed: the server answered 403 (http-403): {"error":"quota"}'],
  );
  const empty = { ...good, verdict: "empty", status: 204, bytes: 0, kept: 0 } as const;
  assert.deepEqual(
    triedLines("k", { attempt: empty, samples: [] }),
    ["k: empty (status 204, no content), 0 rows, 0 B"],
  );
});
