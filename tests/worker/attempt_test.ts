import assert from "node:assert/strict";
import { AttemptRunner } from "../../lib/worker/attempt.ts";
import type { Job } from "../../lib/job/job.ts";
import { httpLimits } from "../../lib/limits.ts";
import { clientOf, HandlerServer } from "../http/support.ts";
import { jobOf } from "../collect/support.ts";

/** A job with a secret in its URL's query. */
function secretive(url: string): Job {
  const job = jobOf(url);
  const secret = { kind: "text", text: "to%20ken", secret: "TOKEN" } as const;
  return {
    ...job,
    request: { ...job.request, url: [...job.request.url, { kind: "text", text: "?t=" }, secret] },
  };
}

for (
  const [what, etag, kept] of [
    ["as it is", '"abc"', true],
    ["of the longest length", "x".repeat(httpLimits.fieldCharsMax), true],
    ["that is too long", "x".repeat(httpLimits.fieldCharsMax + 1), false],
    ["with a secret in it", '"/1?t=to%20ken"', false],
    ["with a secret in it in another form", '"to+ken"', false],
  ] as const
) {
  Deno.test(`AttemptRunner ${kept ? "keeps" : "drops"} a validator ${what}`, async () => {
    await using server = new HandlerServer(() =>
      Response.json({ r: [] }, { headers: { etag, "last-modified": etag } })
    );
    using client = clientOf(server);
    const attempt = await new AttemptRunner(secretive(server.url), { window: undefined, client }).ask(
      [{ key: "1" }],
      () => Promise.resolve(),
    );
    assert.equal(attempt.verdict, "empty");
    const value = kept ? etag : null;
    assert.deepEqual([attempt.etag, attempt.lastModified], [value, value]);
  });
}

/** What comes of asking a server that answers with `response`. */
async function outcome(response: () => Response, change: Partial<Job> = {}) {
  await using server = new HandlerServer(response);
  using client = clientOf(server);
  const job = { ...secretive(server.url), ...change };
  const attempt = await new AttemptRunner(job, { window: undefined, client })
    .ask([{ key: "1" }], () => Promise.resolve());
  assert.ok(attempt.verdict !== "dropped");
  const { verdict, status } = attempt;
  return attempt.verdict === "failed"
    ? { verdict, status, reason: attempt.reason, detail: attempt.detail, retryAfterMs: attempt.retryAfterMs }
    : { verdict, status };
}

const rows = '{"r": [{"v": 1}]}';
const linked = { headers: { link: '<https://h/?page=2&t=to+ken>; rel="next"' } };

Deno.test("AttemptRunner fails with 202 and its Retry-After, and shows what was said", async () => {
  const headers = { "retry-after": "7" };
  assert.deepEqual(await outcome(() => new Response("{}", { status: 202, headers })), {
    verdict: "failed",
    status: 202,
    reason: "http-202",
    detail: "{}",
    retryAfterMs: 7_000,
  });
});

Deno.test("AttemptRunner calls 204 empty, but not for a control key", async () => {
  const nothing = () => new Response(null, { status: 204 });
  assert.deepEqual(await outcome(nothing), { verdict: "empty", status: 204 });
  const { verdict, ...failed } = await outcome(nothing, { control: ["1"] });
  assert.deepEqual([verdict, failed.reason, failed.detail], ["failed", "control-empty", "status 204"]);
});

Deno.test("AttemptRunner fails an answer that is one part of several, with the sign of it and no secret", async () => {
  const next = await outcome(() => new Response(rows, linked));
  assert.deepEqual([next.reason, next.detail], ["incomplete", 'Link: <https://h/?page=2&t=***>; rel="next"']);
  const part = await outcome(() => new Response(rows, { status: 206 }));
  assert.deepEqual([part.reason, part.detail], ["incomplete", "status 206"]);
});

Deno.test("AttemptRunner takes the first page where the job wants no other, but no status 206", async () => {
  const paging = { paging: { style: "none" } } as const;
  assert.equal((await outcome(() => new Response(rows, linked), paging)).verdict, "ok");
  assert.equal((await outcome(() => new Response(rows, { status: 206 }), paging)).reason, "incomplete");
});

Deno.test("AttemptRunner tells what a server said: in a refusal, in no JSON, and in a value", async () => {
  const details: readonly (readonly [string, number, string])[] = [
    ['{"error": "quota of to ken\nexceeded"}', 403, '{"error": "quota of *** exceeded"}'],
    ["", 500, ""],
    [
      "<html>\n<h1>Sign in, to%20ken</h1>",
      200,
      'a value must follow, got "<" at offset 0 (line 1, column 1): <html> <h1>Sign in, ***</h1>',
    ],
    ['{"r": [', 200, 'the input ends inside an array, cut at offset 7 (line 1, column 8): {"r": ['],
    [
      '{"r": [{"v": "to ken\\u0000"}]}',
      200,
      'column "v" of row 0: must hold no U+0000 and no lone surrogate, got "***\\u0000"',
    ],
  ];
  for (const [body, status, detail] of details) {
    assert.equal((await outcome(() => new Response(body, { status }))).detail ?? "", detail);
  }
});
