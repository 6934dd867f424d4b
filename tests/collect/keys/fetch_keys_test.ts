/**
 * Key lists over HTTP: what is a key, what is no list, and what a refusal says.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fetchKeys } from "../../../lib/collect/keys/fetch_keys.ts";
import { KeyListError } from "../../../lib/collect/keys/key_list_error.ts";
import type { Job, UrlKeySource } from "../../../lib/job/job.ts";
import { query } from "../../support/database.ts";
import { TempFolder } from "../../support/temp.ts";
import { collectInto, listed, serverOf } from "../collect_into.ts";
import { jobOf } from "../support.ts";

async function keysOf(job: Job, source: UrlKeySource): Promise<string[]> {
  return (await Array.fromAsync(fetchKeys(job, source, { window: undefined }))).flat();
}

/** The reason of a refused list, and all that is said of it. */
async function refusalOf(answer: Response, change: Partial<UrlKeySource> = {}) {
  await using server = serverOf(() => answer);
  try {
    return await keysOf(jobOf(server.url), listed(server.url, change));
  } catch (error) {
    assert.ok(error instanceof KeyListError, String(error));
    return `${error.ending(2).name}: ${error.message}`;
  }
}

Deno.test("fetchKeys() gives texts and numbers as keys, and nothing else", async () => {
  const texts = ['"a"', '"a\\u0062"', "12", "-1", "1.50", "123456789012345678901"];
  await using server = serverOf(() => new Response(`{"keys": [${texts.join()}]}`));
  assert.deepEqual(await keysOf(jobOf(server.url), listed(server.url)), [
    "a",
    "ab",
    "12",
    "-1",
    "1.50",
    "123456789012345678901",
  ]);
  const table = [
    ["true", "$.keys[*] must select texts and numbers, got true"],
    ["null", "$.keys[*] must select texts and numbers, got null"],
    ["[]", "$.keys[*] must select texts and numbers, got an array"],
    ["{}", "$.keys[*] must select texts and numbers, got an object"],
    ['""', 'value 2 of the list must be a key that is not empty, got ""'],
    ['" a"', 'value 2 of the list must be a key without white space around it, got " a"'],
    ['"a\\n"', 'value 2 of the list must be a key without white space around it, got "a\\n"'],
    ['"a\\u0000b"', 'value 2 of the list must be a key without control characters, got "a\\u0000b"'],
    ['"\\ud800"', 'value 2 of the list must be a key of whole Unicode characters, got "\\ud800"'],
  ] as const;
  for (const [wrong, what] of table) {
    const json = `{"keys":["a",${wrong}]}`;
    assert.equal(await refusalOf(new Response(json)), `UsageError: ${what} (bad-value): ${json}`);
  }
});

Deno.test("fetchKeys() names an answer of another shape", async () => {
  const table = [
    ['{"keys":null}', "InterruptedError: $.keys must be an array, got null (missing)"],
    ['{"items":["a"]}', "InterruptedError: $.keys[*] selects nothing, as there is no $.keys (missing)"],
    ['{"keys":[]}', "InterruptedError: $.keys[*] selects nothing (missing)"],
    ['{"keys":{"error":"quota"}}', "UsageError: $.keys must be an array, got an object (bad-value)"],
    ['{"keys":"none"}', "UsageError: $.keys must be an array, got a text (bad-value)"],
    ["42", "InterruptedError: $.keys[*] selects nothing, as there is no $.keys (missing)"],
  ] as const;
  for (const [json, refusal] of table) {
    assert.equal(await refusalOf(new Response(json)), `${refusal}: ${json}`);
  }
  assert.equal(
    await refusalOf(new Response('{"keys":["a"]}'), { path: "$.keys" }),
    'UsageError: $.keys must select texts and numbers, got an array (bad-value): {"keys":["a"]}',
  );
  assert.deepEqual(await refusalOf(new Response('{"x":{"id":"a"}}'), { path: "$..id" }), ["a"]);
});

Deno.test("fetchKeys() refuses one page of several", async () => {
  const link = '<https://api.example/list?page=2>; rel="next"';
  const whole = '{"keys":["a"]}';
  const means = 'the answer is one part of several: status 206, or a Link header with rel="next"';
  assert.equal(
    await refusalOf(new Response(whole, { headers: { link } })),
    `UsageError: ${means} (incomplete): Link: <https://api.example/list?page=2>; rel="next"`,
  );
  assert.equal(
    await refusalOf(new Response(whole, { status: 206 })),
    `UsageError: ${means} (incomplete): status 206`,
  );
  assert.deepEqual(await refusalOf(new Response(whole, { headers: { link: "</>; rel=prev" } })), ["a"]);
});

Deno.test("fetchKeys() compares keys.count with the keys", async () => {
  const count = "$.total";
  assert.deepEqual(await refusalOf(new Response('{"total":2,"keys":["a","b"]}'), { count }), ["a", "b"]);
  assert.deepEqual(await refusalOf(new Response('{"keys":["a","b"],"total":2}'), { count }), ["a", "b"]);
  for (
    const [total, what] of [
      ['"total":150', "$.total is 150, and the list has 2 keys"],
      ['"total":"2"', '$.total is "2", and the list has 2 keys'],
      ['"totals":2', "$.total selects nothing, and the list has 2 keys"],
    ]
  ) {
    const json = `{${total},"keys":["a","b"]}`;
    assert.equal(
      await refusalOf(new Response(json), { count }),
      `UsageError: ${what} (wrong-count): ${json}`,
    );
  }
});

Deno.test("fetchKeys() tells final refusals from passing ones, and quotes the server", async () => {
  for (
    const [status, name] of [[401, "Usage"], [403, "Usage"], [404, "Usage"], [407, "Usage"], [
      204,
      "Usage",
    ]] as const
  ) {
    const body = status === 204 ? null : "go\naway";
    assert.equal(
      await refusalOf(new Response(body, { status })),
      `${name}Error: the server answered ${status} (http-${status})${status === 204 ? "" : ": go away"}`,
    );
  }
  for (const status of [202, 408, 429, 500, 503]) {
    assert.equal(
      await refusalOf(new Response("later", { status })),
      `InterruptedError: the server answered ${status} (http-${status}): later`,
    );
  }
  assert.equal(
    await refusalOf(new Response("<h1>Maintenance</h1>")),
    'InterruptedError: the answer is not valid JSON, Cannot read JSON: a value must follow, got "<" at offset 0 ' +
      "(line 1, column 1) (bad-json): <h1>Maintenance</h1>",
  );
});

Deno.test("openKeyList() sends the list's own headers, and hides their secrets in what the server said", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  let asked = 0;
  await using server = serverOf((_, request) => {
    asked++;
    return new Response(`no ${request.headers.get("authorization")}!`, { status: 401 });
  });
  const headers = { authorization: [{ kind: "text", text: "to/ken", secret: "TOKEN" }] } as const;
  const job = jobOf(server.url, { keys: listed(server.url, { headers }) });
  await assert.rejects(collectInto(file, job), {
    name: "UsageError",
    message:
      "The key list cannot be used: the server answered 401 (http-401): no ***!; check the credentials in " +
      "keys.headers, which default to request.headers at the same origin only",
  });
  assert.equal(asked, 1);
  const [[state, reason] = []] = query(file, "SELECT state, reason FROM runs");
  assert.equal(state, "interrupted");
  assert.match(String(reason), /: no \*\*\*!; check/);
});
