/**
 * Random filters select what plain functions select.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { parsePath } from "../../../lib/json/path/path_parser.ts";
import { Query, type QueryPath } from "../../../lib/json/query.ts";
import { nodesOf, record, type Test } from "../support.ts";
import { assertProperty } from "../../support/property.ts";

const { document } = fc.letrec<{ document: unknown }>((tie) => ({
  document: fc.oneof(
    { maxDepth: 5 },
    fc.oneof(fc.nat({ max: 3 }), fc.constantFrom(null, true, "a", "b", "\ufffe", "\ud83d\ude00")),
    fc.array(tie("document"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom("a", "b", "c"), tie("document"), { maxKeys: 3 }),
  ),
}));

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? new Map(Object.entries(value)).get(name)
    : undefined;

/** A filter as text and as a function. */
const { filter } = fc.letrec<{ filter: readonly [text: string, test: Test] }>((tie) => {
  const name = fc.constantFrom("a", "b", "c");
  return {
    filter: fc.oneof(
      { maxDepth: 3 },
      name.map((name) => [`@.${name}`, (value: unknown) => memberOf(value, name) !== undefined] as const),
      fc.tuple(name, fc.nat({ max: 3 })).map(([name, number]) =>
        [`@.${name} == ${number}`, (value: unknown) => memberOf(value, name) === number] as const
      ),
      fc.nat({ max: 3 }).map((number) =>
        [`@ < ${number}`, (value: unknown) => typeof value === "number" && value < number] as const
      ),
      fc.constant(
        [
          "@[-1]",
          (value: unknown) => Array.isArray(value) && value.length > 0,
        ] as const,
      ),
      fc.tuple(tie("filter"), tie("filter")).map(([a, b]) =>
        [`(${a[0]}) && (${b[0]})`, (value: unknown) => a[1](value) && b[1](value)] as const
      ),
      fc.tuple(tie("filter"), tie("filter")).map(([a, b]) =>
        [`${a[0]} || ${b[0]}`, (value: unknown) => a[1](value) || b[1](value)] as const
      ),
      tie("filter").map(([text, test]) => [`!(${text})`, (value: unknown) => !test(value)] as const),
      tie("filter").map(([text, test]) =>
        [
          `@[?${text}]`,
          (value: unknown) => typeof value === "object" && value !== null && Object.values(value).some(test),
        ] as const
      ),
    ),
  };
});

const step = fc.tuple(
  fc.constantFrom("", "", ".."),
  fc.oneof(
    fc.constantFrom("*", "'a'", "'b','c'", "0", "1:").map((text) => [text, undefined] as const),
    filter.map(([text, test]) => [`?${text}`, test] as const),
  ),
).map(([dots, [text, test]]) => ({ text: `${dots}[${text}]`, test }));

Deno.test("Tokenizer selects by filters what plain functions select when documents, paths and cuts are random", () => {
  const paths = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 });
  assertProperty(
    fc.property(document, paths, (value, wanted) => {
      const text = JSON.stringify(value);
      const read = wanted.map((steps) => parsePath(`$${steps.map(({ text }) => text).join("")}`));
      const query = new Query(
        read.flatMap((path): QueryPath[] => [{ path, take: "text" }, { path, take: "visit" }]),
      );
      const recorder = record(query, [text]);
      read.forEach((path, index) => {
        const tests = wanted[index]!.flatMap(({ test }) => test ?? []);
        const expected = nodesOf(path, value, tests).map((node) => JSON.stringify(node)).sort();
        const found = recorder.texts.filter((text) => text.index === 2 * index).map(({ raw }) => raw).sort();
        assert.deepEqual(found, expected, path.text);
      });
      const open: string[] = [];
      for (const call of recorder.calls) {
        const [verb, index] = call.split(" ", 2);
        if (verb === "enter") open.push(index!);
        else if (verb === "leave") assert.equal(open.pop(), index);
      }
      assert.deepEqual(open, []);
      assert.deepEqual(record(query, text.split("")).calls, recorder.calls);
    }),
    { numRuns: 700 },
  );
});
