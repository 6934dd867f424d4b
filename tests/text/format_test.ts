import assert from "node:assert/strict";
import { counted, formatRate } from "../../lib/text/format.ts";

Deno.test("formatRate() writes a rate as a job file does", () => {
  const rates = [[50, 1_000], [100, 60_000], [10_000, 3_600_000], [5, 86_400_000], [7, 30_000]] as const;
  const texts = rates.map(([count, perMs]) => formatRate({ count, perMs }));
  assert.deepEqual(texts, ["50/s", "100/min", "10,000/h", "5/day", "7 per 30s"]);
});

Deno.test("counted() gives a noun its plural", () => {
  assert.deepEqual([0, 1, 2, 1e6].map((count) => counted(count, "row")), [
    "0 rows",
    "1 row",
    "2 rows",
    "1M rows",
  ]);
});
