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

Deno.test("incompleteBy() finds the link to the next page, however it is written", async () => {
  for (const [link, uri] of nextLinks) {
    assert.equal(await incompleteBy(answerWith(link)), `Link: <${uri}>; rel="next"`, link);
    assert.equal(await incompleteBy(answerWith(link), { isOnePageWanted: true }), undefined, link);
  }
});

Deno.test("incompleteBy() finds nothing in other links, nor without a header", async () => {
  for (
    const link of [
      '<https://h/next>; rel="prev"',
      '<x>; rel="last"; title="next"',
      "next",
      '<x>; rel="nextish"',
    ]
  ) {
    assert.equal(await incompleteBy(answerWith(link)), undefined, link);
  }
  assert.equal(await incompleteBy({ status: 200, headers: new Headers() }), undefined);
});

Deno.test("incompleteBy() counts a link that cannot be read as a next page, and bounds its parsing", async () => {
  assert.equal(
    await incompleteBy(answerWith("https://h/?page=2; rel=next")),
    "Link: https://h/?page=2; rel=next",
  );
  const long = `<${"x".repeat(httpLimits.locationCharsMax)}>; rel="prev"`;
  assert.equal(await incompleteBy(answerWith(long)), `a Link header of ${long.length} characters`);
});

Deno.test("incompleteBy() finds status 206, also where one page is wanted", async () => {
  const partial = { status: 206, headers: new Headers() };
  assert.equal(await incompleteBy(partial), "status 206");
  assert.equal(await incompleteBy(partial, { isOnePageWanted: true }), "status 206");
});
