/**
 * Each fault has its documented effect on the wire, and affects only the attempts that its rule selects.
 *
 * @module
 */

import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { Faults } from "../../../lib/simulate/engine/fault.ts";
import { parseFault } from "../../../lib/simulate/parse_fault.ts";
import { type Fault, faultKinds, type SimulateOptions } from "../../../lib/simulate/simulate_options.ts";
import {
  getRaw,
  type RawAnswer,
  readChunks,
  sendRaw,
  type UpdatesAnswer,
  updatesTarget,
  withSimulator,
} from "../support.ts";

const ripestat = { sizes: { "3333": 40, "7": 2_000 } };
const small = updatesTarget(3333);
const large = updatesTarget(7);

/** The answer under a fault rule, and the correct answer. */
async function spoilt(
  rule: string,
  target: string,
  options: SimulateOptions = {},
): Promise<{ answer: RawAnswer; text: string; right: string }> {
  const right = await withSimulator(
    { ripestat, ...options, framing: "length" },
    ({ port }) => getRaw(port, target),
  );
  return await withSimulator(
    { ripestat, ...options, faults: [parseFault(rule)] },
    async ({ port, stats }) => {
      const answer = await getRaw(port, target);
      assert.deepEqual(stats().faults, { [rule.split(/[= ]/)[0]!]: 1 });
      const decoder = new TextDecoder("latin1");
      return { answer, text: decoder.decode(answer.body), right: decoder.decode(right.body) };
    },
  );
}

Deno.test("Faults.plan() applies a rule within its time span only", () => {
  const faults = new Faults([parseFault("status=503 after=2 for=1.5")], { seed: 1 });
  const struck = [0, 1_999, 2_000, 3_499, 3_500].map((ms) => faults.plan("a", 1, ms).content !== undefined);
  assert.deepEqual(struck, [false, false, true, true, false]);
});

const statusRules: readonly (readonly [rule: string, status: string, retryAfter: RegExp | undefined])[] = [
  ["status=503", "503 Service Unavailable", undefined],
  ["status=429 retry-after=2", "429 Too Many Requests", /^2$/],
  ["status=599 retry-after=0", "599 Unusual", /^0$/],
  [
    "status=503 retry-after=date:60",
    "503 Service Unavailable",
    /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/,
  ],
];

for (const [rule, status, retryAfter] of statusRules) {
  Deno.test(`the fault status answers ${status} when the rule is ${rule}`, async () => {
    const { answer, text } = await spoilt(rule, small);
    assert.ok(answer.head.startsWith(`HTTP/1.1 ${status}\r\n`));
    const value = /^retry-after: (.*)$/m.exec(answer.head)?.[1];
    assert.equal(value === undefined, retryAfter === undefined);
    if (retryAfter !== undefined) assert.match(value ?? "", retryAfter);
    if (value?.endsWith("GMT")) {
      const aheadMs = Date.parse(value) - Date.now();
      assert.ok(aheadMs > 50_000 && aheadMs <= 61_000);
    }
    assert.equal(JSON.parse(text).status, "error");
  });
}

Deno.test("the fault reset resets the connection before the first byte", async () => {
  for (const target of [small, large]) {
    const { answer } = await spoilt("reset", target);
    assert.deepEqual([answer.end, answer.body.length, answer.head], ["reset", 0, ""]);
  }
});

Deno.test("the fault reset-body resets the connection within the body", async () => {
  for (const framing of ["length", "chunked"] as const) {
    const { answer, right } = await spoilt("reset-body", small, { framing });
    assert.equal(answer.end, "reset");
    assert.ok(answer.head.startsWith("HTTP/1.1 200 OK"));
    const body = framing === "chunked" ? readChunks(answer.body).text : new TextDecoder().decode(answer.body);
    assert.ok(body.length > 0 && body.length < right.length && right.startsWith(body));
  }
});

Deno.test("the fault cut closes the connection within the body", async () => {
  for (const target of [small, large]) {
    const { answer, text, right } = await spoilt("cut", target, { framing: "length" });
    assert.equal(answer.end, "closed");
    assert.match(answer.head, new RegExp(`content-length: ${right.length}\r`));
    assert.ok(text.length > 0 && text.length < right.length && right.startsWith(text));
    const chunked = await spoilt("cut", target, { framing: "chunked" });
    const { ended, text: cut } = readChunks(chunked.answer.body);
    assert.equal(chunked.answer.end, "closed");
    assert.ok(!ended && cut.length > 0 && cut.length < right.length && right.startsWith(cut));
  }
});

Deno.test("the fault stall pauses within the body and continues", async () => {
  const started = performance.now();
  const { text, right } = await spoilt("stall=60", small);
  assert.ok(performance.now() - started >= 55);
  assert.equal(text, right);
});

Deno.test("the fault stall=forever ends when the simulator closes", async () => {
  await withSimulator(
    { ripestat, faults: [parseFault("stall=forever")] },
    async ({ url, stats, close }) => {
      const response = await fetch(url + small);
      const body = assert.rejects(response.text());
      assert.equal(stats().inFlight, 1);
      await close();
      await body;
      assert.equal(stats().inFlight, 0);
    },
  );
});

Deno.test("the fault stall=forever ends when the client closes", async () => {
  await withSimulator({ ripestat, faults: [parseFault("stall=forever")] }, async ({ url, stats }) => {
    const abort = new AbortController();
    const response = await fetch(url + small, { signal: abort.signal });
    abort.abort();
    await assert.rejects(response.text());
    while (stats().inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  });
});

Deno.test("the fault slow-headers pauses after the status line", async () => {
  await withSimulator({ faults: [parseFault("slow-headers=60")] }, async ({ port }) => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode(`GET ${small} HTTP/1.1\r\nhost: x\r\n\r\n`));
    const buffer = new Uint8Array(1_024);
    const first = await connection.read(buffer) ?? 0;
    assert.equal(new TextDecoder().decode(buffer.subarray(0, first)), "HTTP/1.1 200 OK\r\n");
    const started = performance.now();
    const second = await connection.read(buffer) ?? 0;
    assert.ok(performance.now() - started > 30);
    assert.ok(new TextDecoder().decode(buffer.subarray(0, second)).startsWith("content-type:"));
  });
});

Deno.test("the fault malformed replaces one byte by one that JSON does not allow", async () => {
  for (const target of [small, large]) {
    const { text, right } = await spoilt("malformed", target, { framing: "length" });
    assert.equal(text.length, right.length);
    assert.equal([...text].filter((unit, i) => unit !== right[i]).length, 1);
    assert.throws(() => JSON.parse(text), SyntaxError);
  }
});

Deno.test("the fault truncate-json truncates the JSON within a complete frame", async () => {
  for (const framing of ["length", "chunked"] as const) {
    const { answer, text, right } = await spoilt("truncate-json", large, { framing });
    const body = framing === "chunked" ? readChunks(answer.body) : { text, ended: true };
    assert.ok(body.ended && body.text.length < right.length && right.startsWith(body.text));
    if (framing === "length") assert.match(answer.head, new RegExp(`content-length: ${text.length}\r`));
    assert.throws(() => JSON.parse(body.text), SyntaxError);
  }
});

Deno.test("the fault html answers 200 with an HTML page", async () => {
  const { answer, text } = await spoilt("html", small);
  assert.match(answer.head, /^HTTP\/1.1 200 OK\r\ncontent-type: text\/html/);
  assert.ok(text.startsWith("<!DOCTYPE html>"));
});

Deno.test("the fault next-page adds a link to the correct answer, and the status 204 has no body", async () => {
  const { answer, text, right } = await spoilt("next-page", small);
  assert.match(answer.head, /^link: <\?page=2>; rel="next"\r$/m);
  assert.equal(text, right);
  const nothing = await spoilt("status=204", small);
  assert.match(nothing.answer.head, /^HTTP\/1.1 204 No Content\r\n/);
  assert.equal(nothing.text, "");
});

Deno.test("the faults of the profile ripestat change what they name and nothing else", async () => {
  for (const envelope of ["a", "b"] as const) {
    const { right } = await spoilt("empty", small, { ripestat: { ...ripestat, envelope } });
    const wanted: UpdatesAnswer = JSON.parse(right);
    const changed = async (rule: string): Promise<UpdatesAnswer> =>
      JSON.parse((await spoilt(rule, small, { ripestat: { ...ripestat, envelope } })).text);
    assert.deepEqual((await changed("empty")).data, { ...wanted.data, nr_updates: 0, updates: [] });
    assert.deepEqual((await changed("wrong-count")).data, { ...wanted.data, nr_updates: 41 });
    const { updates: _, ...rest } = wanted.data;
    assert.deepEqual((await changed("missing")).data, rest);
    assert.deepEqual((await changed("null-rows")).data, { ...wanted.data, nr_updates: 0, updates: null });
    const other = String(Number(wanted.data.resource) + 1);
    assert.deepEqual((await changed("other-key")).data, { ...wanted.data, resource: other });
    const { data, data_call_status } = await changed("maintenance");
    assert.deepEqual(data, {});
    assert.ok(data_call_status.startsWith("maintenance"));
  }
});

Deno.test("the fault gzip compresses the correct answer", async () => {
  for (const target of [small, large]) {
    const { answer, right } = await spoilt("gzip", target);
    assert.match(answer.head, /content-encoding: gzip/);
    if (target === small) {
      assert.match(answer.head, /content-length: /);
      assert.equal(gunzipSync(answer.body).toString("latin1"), right);
    }
    await withSimulator({ ripestat, faults: [parseFault("gzip")] }, async ({ url }) => {
      assert.equal(await (await fetch(url + target)).text(), right);
    });
  }
});

Deno.test("the fault bad-gzip breaks the compressed answer", async () => {
  for (const target of [small, large]) {
    await withSimulator({ ripestat, faults: [parseFault("bad-gzip")] }, async ({ url }) => {
      await assert.rejects(async () => await (await fetch(url + target)).text());
    });
  }
});

Deno.test("the fault redirect leads to the correct answer", async () => {
  const { answer } = await spoilt("redirect", small);
  assert.match(answer.head, /^HTTP\/1.1 302 Found\r\nlocation: \/moved\/data\//);
  await withSimulator({ ripestat, faults: [parseFault("redirect")] }, async ({ url, stats }) => {
    const response = await fetch(url + small);
    assert.ok(response.redirected);
    assert.equal((await response.json()).data.nr_updates, 40);
    assert.deepEqual([stats().requests, stats().answers], [2, { "200": 1, "302": 1 }]);
  });
});

Deno.test("the fault reset-body ends the connection when a redirect has no body", async () => {
  const faults = [parseFault("redirect"), parseFault("reset-body")];
  await withSimulator({ ripestat, faults }, async ({ port }) => {
    const request = `GET ${small} HTTP/1.1\r\nhost: x\r\naccept: */*\r\n\r\n`;
    const { head, body } = await sendRaw(port, request + request);
    assert.deepEqual([head.startsWith("HTTP/1.1 302"), body.length], [true, 0]);
  });
});

Deno.test("fault rules apply only to their keys and attempts", async () => {
  const faults = [parseFault("status=500 attempts=2 keys=AS3333"), parseFault("status=502 keys=ris-asns,8")];
  await withSimulator({ faults }, async ({ url }) => {
    const status = async (target: string) => {
      const response = await fetch(url + target);
      await response.body?.cancel();
      return response.status;
    };
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push(await status(small));
    assert.deepEqual(statuses, [500, 500, 200]);
    assert.equal(await status(updatesTarget(3334)), 200);
    assert.equal(await status(updatesTarget(8)), 502);
    assert.equal(await status("/data/ris-asns/data.json"), 502);
    assert.equal(await status(small.replace("2025-06-09", "2025-06-08")), 500);
    assert.equal(await status("/simulator/reset"), 200);
    assert.equal(await status(small), 500);
  });
});

Deno.test("fault rules combine when they concern different parts of the exchange", async () => {
  const faults = ["gzip", "cut", "slow-headers=1", "stall=1"].map(parseFault);
  await withSimulator({ faults, ripestat }, async ({ port, stats }) => {
    const { head, body } = await getRaw(port, small);
    assert.ok(body.length < Number(/content-length: (\d+)/.exec(head)?.[1]));
    assert.deepEqual(stats().faults, { gzip: 1, cut: 1, stall: 1, "slow-headers": 1 });
  });
});

Deno.test("Faults.plan() applies a rule to its share of the keys, which follows from the seed", () => {
  const rules: Fault[] = [{ kind: "html", probability: 0.2 }, { kind: "empty", probability: 0.5 }];
  const planned = (seed: number) => {
    const faults = new Faults(rules, { seed });
    return Array.from({ length: 4_000 }, (_, key) => {
      const { content, profile } = faults.plan(String(key), 1);
      return (content ?? profile)?.kind;
    });
  };
  const kinds = planned(1);
  const share = (kind: string) => kinds.filter((found) => found === kind).length / kinds.length;
  assert.ok(Math.abs(share("html") - 0.2) < 0.03, `${share("html")}`);
  assert.ok(Math.abs(share("empty") - 0.4) < 0.03, `${share("empty")}`);
  assert.deepEqual(planned(1), kinds);
  assert.notDeepEqual(planned(2), kinds);
});

const goodRules: readonly (readonly [text: string, fault: Fault])[] = [
  ["status=503 p=0.1 retry-after=2 attempts=1 keys=1,2,3", {
    kind: "status",
    status: 503,
    probability: 0.1,
    retryAfterS: 2,
    attempts: 1,
    keys: ["1", "2", "3"],
  }],
  ["  status=429   retry-after=date:60 ", {
    kind: "status",
    status: 429,
    retryAfterS: 60,
    retryAfterDate: true,
  }],
  ["stall=5000 keys=3333", { kind: "stall", ms: 5_000, keys: ["3333"] }],
  ["stall=forever", { kind: "stall", ms: "forever" }],
  ["slow-headers=0", { kind: "slow-headers", ms: 0 }],
  ["cut p=1", { kind: "cut", probability: 1 }],
];

Deno.test("parseFault() reads every kind", () => {
  for (const [text, fault] of goodRules) assert.deepEqual(parseFault(text), fault);
  const plain = faultKinds.filter((kind) => !["status", "stall", "slow-headers"].includes(kind));
  for (const kind of plain) assert.deepEqual(parseFault(kind), { kind });
});

const badRules: readonly (readonly [text: string, message: string])[] = [
  ["", `it must start with one of ${faultKinds.join(", ")}, got ""`],
  ["teapot", `it must start with one of ${faultKinds.join(", ")}, got "teapot"`],
  ["status", `status= must be a whole number from 200 to 599, got ""`],
  ["status=199", `status= must be a whole number from 200 to 599, got "199"`],
  ["status=50.5", `status= must be a whole number from 200 to 599, got "50.5"`],
  ["status=503 retry-after=soon", `retry-after= must be S or date:S, S from 0 to 86400, got "soon"`],
  ["status=503 retry-after=date:", `retry-after= must be S or date:S, S from 0 to 86400, got ""`],
  ["html=1", `html must have no value, got "html=1"`],
  ["html p=0", `p= must be above 0 and at most 1, got "0"`],
  ["html p=1.1", `p= must be above 0 and at most 1, got "1.1"`],
  ["html attempts=0", `attempts= must be a whole number from 1 to 1000000, got "0"`],
  ["html p=1 p=1", `p= must occur only once, got "p=1"`],
  [
    "html keys=",
    `after the kind, only these may follow: p=…, attempts=…, keys=…, after=…, for=…, got "keys="`,
  ],
  [
    "html often",
    `after the kind, only these may follow: p=…, attempts=…, keys=…, after=…, for=…, got "often"`,
  ],
  [
    "cut retry-after=1",
    `after the kind, only these may follow: p=…, attempts=…, keys=…, after=…, for=…, got "retry-after=1"`,
  ],
  [
    "status=503 x=1",
    `after the kind, only these may follow: p=…, attempts=…, keys=…, after=…, for=…, retry-after=…, got "x=1"`,
  ],
  ["stall", `stall= must be milliseconds up to 3600000 or forever, got ""`],
  ["stall=-1", `stall= must be milliseconds up to 3600000 or forever, got "-1"`],
  ["slow-headers=forever", `slow-headers= must be milliseconds up to 3600000, got "forever"`],
];

for (const [text, message] of badRules) {
  Deno.test(`parseFault() throws when the rule is "${text}"`, () => {
    assert.throws(() => parseFault(text), {
      name: "UsageError",
      message: `Cannot read the fault "${text}": ${message}`,
    });
  });
}
