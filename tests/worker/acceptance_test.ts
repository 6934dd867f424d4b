import assert from "node:assert/strict";
import { judge, type Seen } from "../../lib/worker/acceptance.ts";

const good: Seen = { selected: 3, kept: 2, required: true, count: 3, refused: false };
const plain = { isCounted: true, isControl: false };

const table: readonly (readonly [string, Partial<Seen>, Partial<typeof plain>, string])[] = [
  ["rows that are counted right", {}, {}, "ok"],
  ["rows without a count", { count: undefined }, { isCounted: false }, "ok"],
  ["rows with a wrong count that the job does not check", { count: 7 }, { isCounted: false }, "ok"],
  ["no rows", { selected: 0, kept: 0, count: 0 }, {}, "empty"],
  ["rows of which none is kept", { kept: 0 }, {}, "empty"],
  ["no rows of a control key", { selected: 0, kept: 0, count: 0 }, { isControl: true }, "control-empty"],
  ["rows of a control key", {}, { isControl: true }, "ok"],
  ["a count of one too many", { count: 4 }, {}, "wrong-count"],
  ["a count of rows that are not there", { selected: 0, kept: 0 }, {}, "wrong-count"],
  ["no count", { count: undefined }, {}, "wrong-count"],
  ["no count of no rows", { selected: 0, kept: 0, count: undefined }, {}, "wrong-count"],
  ["a missing node", { required: false }, {}, "missing"],
  ["a missing node and no rows", { required: false, selected: 0, kept: 0, count: 0 }, {}, "missing"],
  ["a refusal with rows", { refused: true }, {}, "refused"],
  [
    "a refusal in spite of everything",
    { refused: true, required: false, count: 9 },
    { isControl: true },
    "refused",
  ],
];

for (const [name, seen, acceptance, expected] of table) {
  Deno.test(`judge() finds ${expected} in ${name}`, () => {
    const judgement = judge({ ...good, ...seen }, { ...plain, ...acceptance });
    assert.equal(judgement.verdict === "failed" ? judgement.reason : judgement.verdict, expected);
  });
}
