import assert from "node:assert/strict";
import { parsePath } from "../../lib/json/path/path_parser.ts";
import { ValueKind } from "../../lib/json/value.ts";
import { judge, type Seen } from "../../lib/worker/acceptance.ts";

const good: Seen = {
  selected: 3,
  kept: 2,
  unmet: undefined,
  differing: undefined,
  count: 3,
  refusedBy: undefined,
};
const demand = { path: parsePath("$.r"), type: "array", nodesMin: 1 } as const;
const unmet = { demand, found: undefined };
const differing = { path: "$.for", expected: "1", found: '"2"' };
const refusedBy = { path: "$.s", equals: "no" };
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
  ["a missing node", { unmet }, {}, "missing"],
  ["a missing node and no rows", { unmet, selected: 0, kept: 0, count: 0 }, {}, "missing"],
  ["an answer about another key", { differing }, {}, "wrong-answer"],
  ["an answer about another key, and without rows", { differing, unmet }, {}, "missing"],
  ["a refusal with rows", { refusedBy }, {}, "refused"],
  [
    "a refusal in spite of everything",
    { refusedBy, unmet, differing, count: 9 },
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

Deno.test("judge() says what was wanted and what was found", () => {
  const said = (change: Partial<Seen>) => {
    const judgement = judge({ ...good, ...change }, plain);
    return judgement.verdict === "failed" ? judgement.said : undefined;
  };
  assert.deepEqual(said({ unmet: { demand, found: ValueKind.null } }), {
    what: "$.r must be an array, got null",
  });
  assert.deepEqual(said({ differing }), { what: "$.for must be 1, got", quote: '"2"', isCut: false });
  assert.deepEqual(said({ differing: { ...differing, found: undefined } }), {
    what: "$.for must be 1, got nothing",
  });
  assert.deepEqual(said({ count: 4 }), { what: "accept.count is 4, the number of rows 3" });
  assert.deepEqual(said({ refusedBy }), { what: '$.s equals "no"' });
  assert.deepEqual(said({ refusedBy: { path: "$.s", startsWith: "main" } }), {
    what: '$.s starts with "main"',
  });
  assert.deepEqual(said({ refusedBy: { path: "$.s", exists: true } }), { what: "$.s is there" });
});
