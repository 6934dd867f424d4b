import assert from "node:assert/strict";
import { AttemptRunner } from "../../lib/worker/attempt.ts";
import type { Job } from "../../lib/job/job.ts";
import { loadJob } from "../../lib/job/load_job.ts";
import { presets } from "../../lib/job/presets.ts";
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

Deno.test("AttemptRunner never calls an answer of another shape empty, without any rule of the job", async () => {
  const bodies = [
    '{"error": "quota exceeded"}',
    '{"r": null}',
    "null",
    "42",
    '"maintenance"',
    "{}",
    '{"r": {}}',
  ];
  for (const body of bodies) {
    const { verdict, reason, detail } = await outcome(() => new Response(body));
    assert.deepEqual([verdict, reason], ["failed", "missing"], body);
    assert.match(detail ?? "", /^\$\.r must be an array, got [a-z ]+: /);
    assert.ok(detail?.endsWith(body), detail);
  }
  assert.equal((await outcome(() => new Response('{"r": []}'))).verdict, "empty");
});

Deno.test("AttemptRunner fails RIPEstat's answers without a list, or about another system, for both presets", async () => {
  const day = { startMs: Date.UTC(2026, 10, 20), endMs: Date.UTC(2026, 10, 21) };
  const answers: readonly (readonly [data: unknown, reason: string | undefined])[] = [
    [{ resource: "3333", updates: [], "nr_updates": 0 }, undefined],
    [{ resource: "3333", updates: null, "nr_updates": 0 }, "missing"],
    [{ resource: "3333", updates: "temporarily unavailable", "nr_updates": 0 }, "missing"],
    [{ resource: "12654", updates: [], "nr_updates": 0 }, "wrong-answer"],
    [{ updates: [], "nr_updates": 0 }, "wrong-answer"],
  ];
  for (const [name, { text }] of Object.entries(presets)) {
    for (const [data, expected] of answers) {
      await using server = new HandlerServer(() => Response.json({ data }));
      using client = clientOf(server);
      const job = loadJob(text, { file: name, set: { host: server.url }, env: () => "x", secret: () => "y" });
      const attempt = await new AttemptRunner(job, { window: day, client })
        .ask([{ key: "3333" }], () => Promise.resolve());
      const found = attempt.verdict === "failed" ? attempt.reason : attempt.verdict;
      assert.equal(found, expected ?? "empty", `${name}: ${JSON.stringify(data)}`);
    }
  }
});

Deno.test("AttemptRunner says nothing of a failure whose detail is not wanted", async () => {
  await using server = new HandlerServer(() => new Response("no", { status: 403 }));
  using client = clientOf(server);
  const runner = new AttemptRunner(jobOf(server.url), {
    window: undefined,
    client,
    isDetailWanted: () => false,
  });
  const attempt = await runner.ask([{ key: "1" }], () => Promise.resolve());
  assert.ok(attempt.verdict === "failed");
  assert.deepEqual([attempt.reason, attempt.detail], ["http-403", undefined]);
});
