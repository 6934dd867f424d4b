import assert from "node:assert/strict";
import { incompleteBy } from "../../lib/http/completeness.ts";
import { httpLimits } from "../../lib/limits.ts";

const answerWith = (link: string, status = 200) => ({ status, headers: new Headers({ link }) });

const nextLinks: readonly (readonly [string, string])[] = [
  ['<https://h/?page=2>; rel="next"', "https://h/?page=2"],
  ["<?page=2>;rel=next", "?page=2"],
  ['<https://h/?page=9>; rel="last", <https://h/?page=2>; title="a, b"; rel="NEXT"', "https://h/?page=2"],
  ['</2>; rel="last next"', "/2"],
];

Deno.test("incompleteBy() finds the link to the next page, however it is written", () => {
  for (const [link, uri] of nextLinks) {
    assert.equal(incompleteBy(answerWith(link)), `Link: <${uri}>; rel="next"`, link);
    assert.equal(incompleteBy(answerWith(link), { isOnePageWanted: true }), undefined, link);
  }
});

Deno.test("incompleteBy() finds nothing in other links, nor without a header", () => {
  for (
    const link of [
      '<https://h/next>; rel="prev"',
      '<x>; rel="last"; title="next"',
      "next",
      '<x>; rel="nextish"',
    ]
  ) {
    assert.equal(incompleteBy(answerWith(link)), undefined, link);
  }
  assert.equal(incompleteBy({ status: 200, headers: new Headers() }), undefined);
});

Deno.test("incompleteBy() counts a link that cannot be read as a next page, and bounds its parsing", () => {
  assert.equal(incompleteBy(answerWith("https://h/?page=2; rel=next")), "Link: https://h/?page=2; rel=next");
  const long = `<${"x".repeat(httpLimits.locationCharsMax)}>; rel="prev"`;
  assert.equal(incompleteBy(answerWith(long)), `a Link header of ${long.length} characters`);
});

Deno.test("incompleteBy() finds status 206, also where one page is wanted", () => {
  const partial = { status: 206, headers: new Headers() };
  assert.equal(incompleteBy(partial), "status 206");
  assert.equal(incompleteBy(partial, { isOnePageWanted: true }), "status 206");
});
