import assert from "node:assert/strict";
import fc from "fast-check";
import { hasRateHeaders, rateLimitInfo } from "../../lib/http/rate_headers.ts";
import { httpLimits } from "../../lib/limits.ts";
import { assertProperty } from "../support/property.ts";

const nowMs = Date.parse("2026-11-06T08:49:00Z");
const epochS = nowMs / 1_000;

type Fields = Readonly<Record<string, string>>;

function words(status: number, fields: Fields) {
  const { isRefusal, pauseMs } = rateLimitInfo(status, new Headers(fields), nowMs);
  return [isRefusal, pauseMs];
}

const told: readonly (readonly [number, Fields, boolean, number | undefined])[] = [
  [200, {}, false, undefined],
  [429, {}, true, undefined],
  [503, {}, false, undefined],
  [403, {}, false, undefined],
  [404, { "retry-after": "5" }, false, undefined],
  // Retry-After: seconds, or a date in three forms.
  [429, { "retry-after": "7" }, true, 7_000],
  [503, { "retry-after": "0" }, true, 0],
  [403, { "retry-after": "60" }, true, 60_000],
  [503, { "retry-after": "Fri, 06 Nov 2026 08:50:00 GMT" }, true, 60_000],
  [503, { "retry-after": "soon" }, false, undefined],
  // Retry-After takes precedence.
  [429, { "retry-after": "7", "ratelimit": '"a";r=0;t=99', "x-ratelimit-reset": "50" }, true, 7_000],
  // RateLimit and RateLimit-Policy.
  [200, { "ratelimit": '"default";r=50;t=30' }, false, undefined],
  [200, { "ratelimit": '"default";r=0;t=30' }, false, 30_000],
  [200, { "ratelimit": "default;t=30;r=0" }, false, 30_000],
  [200, { "ratelimit": '"burst";r=0;t=5, "day";r=90;t=3600' }, false, 5_000],
  [429, { "ratelimit": '"burst";r=9;t=5, "day";r=0;t=3600' }, true, 3_600_000],
  [200, { "ratelimit": '"burst";r=0;t=5,"day";r=0;t=60' }, false, 60_000],
  [200, { "ratelimit": '"a,b;r=7";r=0;t=4;pk=:dGVzdA==:' }, false, 4_000],
  [
    200,
    { "ratelimit": '"p";r=0', "ratelimit-policy": '"q";q=9;w=1, "p";q=10;w=60;qu="requests"' },
    false,
    60_000,
  ],
  [200, { "ratelimit": '"p";r=0' }, false, undefined],
  [403, { "ratelimit": '"p";r=0;t=10' }, true, 10_000],
  [403, { "ratelimit": '"p";r=3;t=10' }, false, undefined],
  [503, { "ratelimit": '"p";r=0;t=10' }, true, 10_000],
  [429, { "ratelimit": '"p";t=10' }, true, 10_000],
  [200, { "ratelimit": "limit=100, remaining=0, reset=50" }, false, 50_000],
  [200, { "ratelimit": "limit=100, remaining=3, reset=50" }, false, undefined],
  // The older fields, and those without a standard.
  [
    200,
    { "ratelimit-limit": "100, 100;w=60", "ratelimit-remaining": "0", "ratelimit-reset": "50" },
    false,
    50_000,
  ],
  [200, { "x-ratelimit-remaining": "1", "x-ratelimit-reset": "50" }, false, undefined],
  [200, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(epochS + 20) }, false, 20_000],
  [200, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(nowMs + 1_500) }, false, 1_500],
  [200, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": `${nowMs + 1_500}250` }, false, 1_501],
  [200, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": `${nowMs + 1_500}000000` }, false, 1_500],
  [200, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(epochS - 20) }, false, 0],
  [200, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-11-06T08:49:20Z" }, false, 20_000],
  [200, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-11-06T10:49:20.5+02:00" }, false, 20_500],
  [200, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-11-06 08:49:20 UTC" }, false, 20_000],
  [200, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-11-06T08:48:00" }, false, 0],
  [429, { "ratelimit-reset": "Fri, 06 Nov 2026 08:50:00 GMT" }, true, 60_000],
  [200, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-13-41T08:50:00Z" }, false, undefined],
  [200, { "ratelimit": `limit=100, remaining=0, reset=${epochS + 30}` }, false, 30_000],
  [429, { "retry-after": "2, 7.2" }, true, 8_000],
  [200, { "x-rate-limit-remaining": "0", "x-rate-limit-reset": "1.5" }, false, 1_500],
  [403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(epochS + 20) }, true, 20_000],
  [403, { "x-ratelimit-remaining": "4", "x-ratelimit-reset": "20" }, false, undefined],
  [429, { "x-ratelimit-reset": "20" }, true, 20_000],
  [429, { "x-ratelimit-remaining": "4", "x-ratelimit-reset": "20" }, true, undefined],
  [200, { "x-ratelimit-remaining": "none", "x-ratelimit-reset": "20" }, false, undefined],
];

for (const [status, fields, isRefusal, pauseMs] of told) {
  Deno.test(`rateLimitInfo() reads ${status} ${JSON.stringify(fields)}`, () => {
    assert.deepEqual(words(status, fields), [isRefusal, pauseMs]);
  });
}

Deno.test("rateLimitInfo() accepts any text and gives no negative pause", () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[a-z0-9;=," \\:]{0,60}$/));
  const fields = fc.record({
    "retry-after": text,
    "ratelimit": text,
    "ratelimit-policy": text,
    "x-ratelimit-remaining": text,
    "x-ratelimit-reset": text,
  }, { requiredKeys: [] });
  assertProperty(fc.property(fc.constantFrom(200, 403, 429, 503), fields, (status, fields) => {
    const named: Fields = fields;
    const { pauseMs } = rateLimitInfo(status, { get: (name) => named[name] ?? null }, nowMs);
    return pauseMs === undefined || pauseMs >= 0;
  }));
});

Deno.test("rateLimitInfo() ignores a field that is too long", () => {
  const digits = (length: number) => "1".padStart(length, "0");
  assert.deepEqual(words(429, { "retry-after": digits(httpLimits.fieldCharsMax) }), [true, 1_000]);
  assert.deepEqual(words(429, { "retry-after": digits(httpLimits.fieldCharsMax + 1) }), [true, undefined]);
  const padding = "x".repeat(httpLimits.fieldCharsMax);
  assert.deepEqual(words(200, { ratelimit: `"a";r=0;t=99;pk="${padding}"` }), [false, undefined]);
});

Deno.test("rateLimitInfo() gives Retry-After for any status, and undefined without one", () => {
  const told = (status: number, fields: Fields) =>
    rateLimitInfo(status, new Headers(fields), nowMs).retryAfterMs;
  for (const status of [200, 403, 404, 429, 500, 503]) {
    assert.equal(told(status, { "retry-after": "7", "x-ratelimit-remaining": "0" }), 7_000);
    assert.equal(told(status, { "retry-after": "soon" }), undefined);
    assert.equal(told(status, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "5" }), undefined);
  }
});

Deno.test("hasRateHeaders() knows every form", () => {
  for (
    const name of ["RateLimit", "RateLimit-Remaining", "X-RateLimit-Remaining", "X-Rate-Limit-Remaining"]
  ) {
    assert.ok(hasRateHeaders(new Headers({ [name]: "1" })));
  }
  assert.ok(!hasRateHeaders(new Headers({ "retry-after": "1", "content-type": "text/plain" })));
});
