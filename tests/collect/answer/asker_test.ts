import assert from "node:assert/strict";
import { Asker } from "../../../lib/collect/answer/asker.ts";
import type { Job } from "../../../lib/job/job.ts";
import { http as limits } from "../../../lib/limits.ts";
import { clientOf, HandlerServer } from "../../http/support.ts";
import { jobOf } from "../support.ts";

/** A job with a secret in its URL's query. */
function secretive(url: string): Job {
  const job = jobOf(url);
  const secret = { kind: "text", text: "to%20ken", secret: true } as const;
  return {
    ...job,
    request: { ...job.request, url: [...job.request.url, { kind: "text", text: "?t=" }, secret] },
  };
}

for (
  const [what, etag, kept] of [
    ["as it is", '"abc"', true],
    ["of the longest length", "x".repeat(limits.fieldCharsMax), true],
    ["that is too long", "x".repeat(limits.fieldCharsMax + 1), false],
    ["with a secret in it", '"/1?t=to%20ken"', false],
    ["with a secret in it in another form", '"to+ken"', false],
  ] as const
) {
  Deno.test(`Asker ${kept ? "keeps" : "drops"} a validator ${what}`, async () => {
    await using server = new HandlerServer(() =>
      Response.json({ r: [] }, { headers: { etag, "last-modified": etag } })
    );
    using client = clientOf(server);
    const attempt = await new Asker(secretive(server.url), undefined, client).ask(
      "1",
      () => Promise.resolve(),
    );
    assert.equal(attempt.verdict, "empty");
    const value = kept ? etag : null;
    assert.deepEqual([attempt.etag, attempt.lastModified], [value, value]);
  });
}
