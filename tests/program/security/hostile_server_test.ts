/**
 * Answers of a hostile server: each meets a limit, which the program names before it asks the next key.
 *
 * @module
 */

import assert from "node:assert/strict";
import { jsonLimits } from "../../../lib/limits.ts";
import { gzip, HandlerServer } from "../../http/support.ts";
import { query } from "../../support/database.ts";
import { TempFolder } from "../../support/temp.ts";
import { trawl } from "../../support/trawl.ts";

const megabyte = 1024 * 1024;

/** A body in pieces, which the server does not hold as a whole. */
function streamed(piece: string, times: number, end = ""): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let sent = 0;
  return new ReadableStream({
    pull: (controller) => {
      if (sent++ < times) return controller.enqueue(encoder.encode(piece));
      controller.enqueue(encoder.encode(end));
      controller.close();
    },
  });
}

const bomb = await gzip(new TextEncoder().encode(`${" ".repeat(80 * megabyte)}{"items": []}`));

function leadTo(location: string): Response {
  return new Response(null, { status: 302, headers: { location } });
}

/** A key, its answer, and what `check --try` prints of it. */
const cases: readonly (readonly [string, () => Response, RegExp])[] = [
  ["good", () => Response.json({ items: [{ id: 1 }] }), /^ok, 1 row, 20 B$/],
  [
    "away",
    () => leadTo("https://evil.example/?secret=1"),
    /^failed: a redirect led to a host that .* \(redirect\): to https:\/\/evil\.example:443$/,
  ],
  [
    "metadata",
    () => leadTo("http://169.254.169.254/latest/meta-data/"),
    /^failed: .* \(redirect\): to http:\/\/169\.254\.169\.254:80$/,
  ],
  ["round", () => leadTo("/round"), /^failed: .* \(redirect\): more than 5 in a row$/],
  [
    "far",
    () => leadTo(`/${"x".repeat(9_000)}`),
    /^failed: .* \(redirect\): a URL of 9001 characters$/,
  ],
  [
    "bomb",
    () => new Response(bomb, { headers: { "content-encoding": "gzip" } }),
    /^failed: the body decompresses to more than 500 times the bytes sent \(too-compressed\): \d{3} times what was sent$/,
  ],
  [
    "large",
    () => new Response(streamed(" ".repeat(megabyte), 102)),
    /^failed: the body is larger than request\.max_body \(body-too-large\)$/,
  ],
  [
    "deep",
    () => new Response(streamed("[", jsonLimits.depthMax + 1)),
    /^failed: the JSON is nested too deeply \(too-deep\): brackets must nest at most 512 deep, got more at offset 512$/,
  ],
  [
    "long",
    () => new Response(streamed("x".repeat(megabyte), 9, '"}]}').pipeThrough(before('{"items": [{"id": "'))),
    /^failed: a value, or the values of one row, are too large to be held \(value-too-large\): a selected value .*$/,
  ],
  [
    "many",
    () => Response.json({ items: Array(1_001).fill({ id: 1 }) }),
    /^failed: the answer has more rows than rows\.max \(too-many-rows\): more than 1000 rows$/,
  ],
  [
    "fields",
    () => new Response("{}", { headers: Array.from({ length: 200 }, (_, at) => [`x-${at}`, "v"]) }),
    /^failed: the response head is not valid HTTP, or too large \(bad-http\)$/,
  ],
  ["..", () => new Response(), /^failed: the key cannot be part of the job's URL or headers \(bad-key\)$/],
];

/** Prepends a text to a stream. */
function before(text: string): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(text)) });
}

function jobText(url: string, keys: string): string {
  return `name = "a"
keys = ${keys}
[request]
url = "${url}/{key}"
headers = { authorization = "Bearer {secret.TRAWL_TOKEN}" }
max_body = "100MiB"
[retry]
attempts = 1
[rows]
path = "$.items[*]"
max = 1000
columns = { id = { path = "$.id" } }
`;
}

const env = { TRAWL_TOKEN: "hush" };

function serve(): HandlerServer {
  return new HandlerServer(({ url }) => {
    const key = decodeURIComponent(new URL(url).pathname.slice(1));
    return cases.find(([name]) => name === key)?.[1]() ?? new Response("no such key", { status: 404 });
  });
}

const keys = cases.map(([key]) => key);

Deno.test("trawl check --try names the limit that each answer meets", async () => {
  using folder = new TempFolder();
  await using server = serve();
  folder.file("keys.txt", keys.join("\n"));
  folder.file("a.toml", jobText(server.url, '{ file = "keys.txt" }'));
  const { code, stdout, stderr } = await trawl(["check", "a.toml", "--try", String(keys.length)], {
    cwd: folder.path,
    env,
  });
  assert.equal(code, 3, stderr);
  const lines = stdout.split("\n");
  for (const [key, , expected] of cases) {
    assert.match(
      lines.find((line) => line.startsWith(`${key}: `))?.slice(key.length + 2) ?? stdout,
      expected,
    );
  }
  assert.match(
    stdout,
    /^ {2}Cannot request key "\.\.": must not make a path segment of dots$/m,
  );
  assert.ok(!stdout.includes("hush"));
});

Deno.test("trawl run stores a reason for each hostile answer, and asks the next key", async () => {
  using folder = new TempFolder();
  await using server = serve();
  folder.file("keys.txt", keys.join("\n"));
  folder.file("a.toml", jobText(server.url, '{ file = "keys.txt" }'));
  const { code, stderr } = await trawl(["run", "a.toml"], { cwd: folder.path, env });
  assert.equal(code, 3, stderr);
  const reasons = query(folder.file("a.db"), "SELECT key, reason FROM fetches ORDER BY sequence");
  assert.deepEqual(
    reasons,
    cases.map(([key, , expected]) => [key, /\\\(([a-z-]+)\\\)/.exec(expected.source)?.[1] ?? null]),
  );
  assert.deepEqual(query(folder.file("a.db"), "SELECT count(*) FROM rows"), [[1]]);
});

/** A hostile key list, and the message. */
const lists: readonly (readonly [string, () => Response, RegExp])[] = [
  [
    "leads elsewhere",
    () => leadTo("https://evil.example/"),
    /^trawl: The key list cannot be used: a redirect led to .* \(redirect\): to https:\/\/evil\.example:443; /m,
  ],
  [
    "holds a key with a line break",
    () => Response.json({ items: ["a\nb"] }),
    /The key list cannot be used: .*\(bad-value\)/,
  ],
  ["holds a key that is too long", () => Response.json({ items: ["x".repeat(2_049)] }), /\(bad-value\)/],
  ["holds an object", () => Response.json({ items: [{}] }), /\(bad-value\)/],
  [
    "holds one endless text",
    () => new Response(streamed("x".repeat(megabyte), 9).pipeThrough(before('{"items": ["'))),
    /\(value-too-large\)/,
  ],
];

for (const [what, answer, message] of lists) {
  Deno.test(`trawl run names the mistake when the key list ${what}`, async () => {
    using folder = new TempFolder();
    await using server = new HandlerServer(answer);
    folder.file("a.toml", jobText(server.url, `{ url = "${server.url}/list", path = "$.items[*]" }`));
    const { code, stderr } = await trawl(["run", "a.toml"], { cwd: folder.path, env });
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  });
}
