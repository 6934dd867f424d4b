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
