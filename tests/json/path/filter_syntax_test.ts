/**
 * The syntax of filters: which are refused, at which character, and the tree of a valid one.
 *
 * @module
 */

import assert from "node:assert/strict";
import { parsePath, PathSyntaxError } from "../../../lib/json/path/path_parser.ts";
import { thrown } from "../support.ts";

const wrong: readonly (readonly [path: string, reason: RegExp, character: number])[] = [
  ["$[?]", /a path that begins with @, a literal or a function must follow/, 4],
  ["$[?", /a literal or a function must follow/, 4],
  ["$[?@.a", /a bracket is not closed/, 7],
  ["$[?@.a == ]", /a literal or a function must follow/, 11],
  ["$[?@.a = 1]", /a comma or a closing bracket must follow/, 8],
  ["$[?@.a === 1]", /a literal or a function must follow/, 10],
  ["$[?(@.a]", /a parenthesis is not closed/, 8],
  ["$[?@.a &&]", /a literal or a function must follow/, 10],
  ["$[?@.a & @.b]", /a comma or a closing bracket must follow/, 8],
  ["$[?@.a and @.b]", /a comma or a closing bracket must follow/, 8],
  ["$[?1]", /a literal must be compared/, 4],
  ["$[?!'a']", /a literal must be compared/, 5],
  ["$[?true]", /a literal must be compared/, 4],
  ["$[?True == 1]", /a literal or a function must follow/, 4],
  ["$[?truer == 1]", /a literal or a function must follow/, 4],
  ["$[?!@.a == 1]", /a comma or a closing bracket must follow/, 9],
  ["$[?@.* == 1]", /a path that may select several values has no value/, 4],
  ["$[?1 == @..a]", /a path that may select several values has no value/, 9],
  ["$[?@['a','b'] == 1]", /several values/, 4],
  ["$[?@[0:1] == 1]", /several values/, 4],
  ["$[?1 == (@.a)]", /a literal or a function must follow/, 9],
  ["$[?@ == 01]", /a comma or a closing bracket must follow/, 10],
  ["$[?@ == 1.]", /a comma or a closing bracket must follow/, 10],
  ["$[?@ == .5]", /a literal or a function must follow/, 9],
  ["$[?@ == [1]]", /a literal or a function must follow/, 9],
  ["$[?@ == 'a]", /a quote is not closed/, 12],
  ["$[?@ == '\\x']", /an escape is not known/, 10],
  ["$[?@[01]]", /leading or negative zero/, 6],
  ["$[?length(@.a)]", /the result of length\(\) must be compared/, 4],
  ["$[?count(@.*)]", /the result of count\(\) must be compared/, 4],
  ["$[?value(@.*)]", /the result of value\(\) must be compared/, 4],
  ["$[?length(@.*) < 3]", /several values/, 11],
  ["$[?length(@.a, 1) < 3]", /length\(\) takes one argument/, 4],
  ["$[?length() < 3]", /length\(\) takes one argument/, 4],
  ["$[?length (@) < 3]", /a literal or a function must follow/, 4],
  ["$[?count(1) > 2]", /count\(\) takes a path/, 10],
  ["$[?count(length(@)) > 2]", /count\(\) takes a path/, 10],
  ["$[?value('a') == 1]", /value\(\) takes a path/, 10],
  ["$[?match(@.a)]", /match\(\) takes two arguments/, 4],
  ["$[?match(@.*, 'a')]", /several values/, 10],
  ["$[?match(@.a, 'a') == true]", /the result of match\(\) has no value/, 4],
  ["$[?true != search(@.a, 'a')]", /the result of search\(\) has no value/, 12],
  ["$[?length(match(@.a, 'a')) == 1]", /the result of match\(\) has no value/, 11],
  ["$[?sum(@.*) > 1]", /the function sum\(\) is not known/, 4],
  ["$[?match(@.a 'a')]", /a comma or a closing parenthesis must follow/, 14],
  ["$?@.a", /a dot or a bracket must follow/, 2],
  ["$.?@.a", /a name or \* must follow the dot/, 3],
];

Deno.test("parsePath() throws PathSyntaxError with its place when a filter is wrong or not well-typed", () => {
  for (const [path, reason, character] of wrong) {
    const error = thrown(() => parsePath(path));
    assert.ok(error instanceof PathSyntaxError && error.name === "PathSyntaxError", path);
    assert.match(error.message, reason, path);
    assert.equal(error.offset + 1, character, `${path}: ${error.message}`);
  }
});

Deno.test("parsePath() gives a filter as a selector of a path that is not singular", () => {
  const { segments, singular } = parsePath("$[?@.a == 1]");
  assert.equal(singular, false);
  assert.deepEqual(segments, [{
    descendant: false,
    selectors: [{
      kind: "filter",
      expression: {
        kind: "compare",
        operator: "==",
        left: {
          kind: "nodes",
          segments: [{ descendant: false, selectors: [{ kind: "name", name: "a" }] }],
          singular: true,
        },
        right: { kind: "literal", value: 1 },
      },
    }],
  }]);
});
