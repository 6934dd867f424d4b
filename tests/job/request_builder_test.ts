/**
 * URLs and headers of requests: no key, however hostile, changes more than its own place.
 *
 * @module
 */

import { deepStrictEqual, match, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import type { HttpRequest } from "../../lib/http/http_request.ts";
import { userAgent } from "../../lib/http/user_agent.ts";
import type { Job, Window } from "../../lib/job/job.ts";
import { loadJob } from "../../lib/job/load_job.ts";
import { hideSecrets, keyListRequest, plainUrl, RequestBuilder } from "../../lib/job/request_builder.ts";
import { assertProperty, codePoint } from "../support/property.ts";

function requestFor(job: Job, key: string, window?: Window): HttpRequest {
  return RequestBuilder.of(job, window).first([{ key }]);
}

/** Where a key may stand: whole segments, parts of them, next to dots, in queries, twice. */
const urls = [
  "https://h.example/{key}",
  "https://h.example/a/{key}/b",
  "https://h.example/a/{key}",
  "https://h.example/.{key}/b",
  "https://h.example/{key}./b",
  "https://h.example/%2e{key}/b",
  "https://h.example/x/{key}{key}",
  "https://h.example/a\\\\{key}\\\\b",
  "https://h.example:8080/a/../b/{key}.json",
  "https://h.example/?q={key}",
  "https://h.example/a?x=1&q=AS{key}&y=2",
  "https://h.example?{key}",
  "https://user:pass@h.example/{key}?q={key}#part",
] as const;

const hostileKeys = [
  ..."/\\?#&=%@:;+ .~!'()*[]{}|^`\"<>$,",
  ..."..|...|../..|../../etc/passwd|?x=1|&x=1|#|%2e|%2E%2e|%2f..|@host|//evil.example|\\\\evil|:80".split(
    "|",
  ),
  ..."https://evil.example/|a b|a+b|é|日本語|😀|\u202e|\u00a0|a\tb|a\nb|\0|{key}|{env.PATH}|constructor|a/./b"
    .split("|"),
];

function jobOf(url: string, headers = ""): Job {
  const text =
    `name = "j"\nrows.path = "$"\nrequest.url = "${url}"\nrequest.headers = { ${headers} }\nwindow.every = "1d"\n`;
  return loadJob(text, { file: "x.toml", env: () => undefined, secret: () => "se/cret" });
}

/** What a key must never change. */
function structureOf(url: string) {
  const { protocol, username, password, host, pathname, searchParams, hash } = new URL(url);
  return {
    origin: [protocol, username, password, host, hash],
    segments: pathname.split("/").length,
    names: searchParams.size,
  };
}

function checkStructure(job: Job, key: string): void {
  let url: string;
  try {
    url = requestFor(job, key).url;
  } catch (error) {
    ok(error instanceof RangeError, String(error));
    ok(key === "" || key === "." || key === ".." || !key.isWellFormed(), `refused: ${JSON.stringify(key)}`);
    return;
  }
  const sample = requestFor(job, "k").url;
  deepStrictEqual(structureOf(url), structureOf(sample), url);
  // The key arrives as it was: nothing of it was taken for syntax, or lost.
  const { pathname, searchParams } = new URL(url);
  const [around] = new URL(sample).pathname.split("k");
  ok(pathname.startsWith(around ?? ""), url);
  const inQuery = searchParams.get("q");
  if (inQuery !== null) strictEqual(inQuery, new URL(sample).searchParams.get("q")?.replace("k", () => key));
}

for (const url of urls) {
  const job = jobOf(url);

  Deno.test(`RequestBuilder keeps the structure of ${url} when a key is hostile`, () => {
    for (const key of hostileKeys) checkStructure(job, key);
  });

  Deno.test(`RequestBuilder keeps the structure of ${url} whatever the key`, () => {
    const piece = fc.constantFrom(
      "/",
      "..",
      ".",
      "%2e",
      "?",
      "#",
      "&",
      "=",
      "@",
      "\\",
      ":",
      "%",
      "a",
      " ",
      "é",
    );
    const key = fc.oneof(
      fc.string({ unit: codePoint }),
      fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join("")),
      fc.string({ unit: fc.constantFrom(".", "%", "2", "e", "E", "/") }),
    );
    assertProperty(fc.property(key, (text) => checkStructure(job, text)), { numRuns: 300 });
  });
}

Deno.test("RequestBuilder refuses dots when they would be a path segment, and only then", () => {
  const dots = [".", ".."];
  const refused = (url: string) =>
    dots.filter((key) => {
      try {
        requestFor(jobOf(url), key);
      } catch {
        return true;
      }
      return false;
    });
  deepStrictEqual(refused("https://h.example/{key}"), [".", ".."]);
  deepStrictEqual(refused("https://h.example/.{key}/b"), ["."]);
  deepStrictEqual(refused("https://h.example/%2e{key}/b"), ["."]);
  deepStrictEqual(refused("https://h.example/a/{key}{key}"), ["."]);
  deepStrictEqual(refused("https://h.example/AS{key}"), []);
  deepStrictEqual(refused("https://h.example/a?q={key}"), []);
});

Deno.test("RequestBuilder says why a key cannot be asked for", () => {
  const job = jobOf("https://h.example/{key}");
  const messages: readonly (readonly [string, string])[] = [
    ["", 'Cannot request key "": must not be empty'],
    ["..", 'Cannot request key "..": must not make a path segment of dots'],
    ["a\ud800", 'Cannot request key "a\\ud800": must be whole Unicode characters'],
  ];
  for (const [key, message] of messages) {
    throws(() => requestFor(job, key).url, { name: "RangeError", message });
  }
});

Deno.test("RequestBuilder fills in the window of each request", () => {
  const job = jobOf("https://h.example/{key}?s={window.start}&e={window.end.unix}");
  for (const day of [20, 21, 20]) {
    const window = { startMs: Date.UTC(2026, 10, day), endMs: Date.UTC(2026, 10, day + 1) };
    const expected = `https://h.example/k?s=2026-11-${day}T00%3A00%3A00&e=${window.endMs / 1_000}`;
    strictEqual(requestFor(job, "k", window).url, expected);
  }
});

Deno.test("hideSecrets() hides secrets in URLs and headers", () => {
  const job = jobOf("https://h.example/{key}?t={secret.T}&x=1", 'a = "Bearer {secret.T}"');
  strictEqual(requestFor(job, "a b").url, "https://h.example/a%20b?t=se%2Fcret&x=1");
  const { url, headers } = requestFor(hideSecrets(job), "a b");
  strictEqual(url, "https://h.example/a%20b?t=***&x=1");
  deepStrictEqual(headers, { a: "Bearer ***", "user-agent": userAgent });
});

Deno.test("RequestBuilder.first() writes values as they are", () => {
  const job = jobOf("https://h.example/{key}", 'a = "{key}", b = "Bearer {secret.T}", c = "{window.start}"');
  const window = { startMs: 0, endMs: 1_000 };
  const expected = { a: "é /%", b: "Bearer se/cret", c: "1970-01-01T00:00:00", "user-agent": userAgent };
  deepStrictEqual(requestFor(job, "é /%", window).headers, expected);
  deepStrictEqual([...new Headers(requestFor(job, "é /%", window).headers)], Object.entries(expected));
});

Deno.test("RequestBuilder.first() refuses a key that would end a header or cannot be in one", () => {
  const job = jobOf("https://h.example/{key}", 'a = "{key}"');
  for (const key of ["a\r\nb: c", "a\n", "a\0", "日本", "\x7f"]) {
    throws(() => requestFor(job, key), {
      name: "RangeError",
      message: `Cannot request key ${
        JSON.stringify(key)
      }: must be Latin-1 without control characters in the header a`,
    });
  }
  deepStrictEqual(requestFor(jobOf("https://h.example/{key}"), "日本").headers, { "user-agent": userAgent });
});

Deno.test("requests and key lists name trawl and its version, unless the job names a User-Agent", () => {
  match(userAgent, /^trawl\/\d+\.\d+\.\d+/);
  const own = jobOf("https://h.example/{key}", '"User-Agent" = "me (mail@example.org)"');
  deepStrictEqual(requestFor(own, "a").headers, { "User-Agent": "me (mail@example.org)" });
  const list = { kind: "url", url: [{ kind: "text", text: "https://h.example/list" }], path: "$" } as const;
  deepStrictEqual(keyListRequest({ ...list, headers: {} }).headers, { "user-agent": userAgent });
  const headers = own.request.headers;
  deepStrictEqual(keyListRequest({ ...list, headers }).headers, { "User-Agent": "me (mail@example.org)" });
});

Deno.test("plainUrl() fills in a URL without a key", () => {
  const text = `name = "j"\nrows.path = "$"\nrequest.url = "https://h/{key}"\nwindow.every = "1d"\n` +
    `keys = { url = "https://h/list?day={window.start.date}", path = "$[*]" }\n`;
  const { keys } = loadJob(text, { file: "x", env: () => undefined, secret: () => undefined });
  ok(keys.kind === "url");
  strictEqual(plainUrl(keys.url, { startMs: 0, endMs: 86_400_000 }), "https://h/list?day=1970-01-01");
});
