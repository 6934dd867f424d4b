import assert from "node:assert/strict";
import type { KeySource } from "../../lib/job/job.ts";
import { databaseLimits } from "../../lib/limits.ts";
import { collectInto, listed, serverOf } from "./collect_into.ts";
import { jobOf } from "./support.ts";
import { leftOf, query } from "../support/database.ts";
import { TempFolder } from "../support/temp.ts";

Deno.test("collect() gives every key its verdict, and the sums come out", async () => {
  using folder = new TempFolder();
  await using server = serverOf((key) => {
    if (key === "2") return Response.json({ r: [] });
    return key === "3" ? new Response("no", { status: 404 }) : undefined;
  });
  const result = await collectInto(folder.file("a.db"), jobOf(server.url));
  const { ok, empty, failed, rows, attempts } = result.counts;
  assert.deepEqual([result.state, result.keys, result.pending], ["finished", 10, 0]);
  assert.deepEqual([ok, empty, failed, rows, attempts], [8, 1, 1, 8, 10]);
});

Deno.test("collect() stores how often it tried again, and a validator unless it is longer than any honest one", async () => {
  using folder = new TempFolder();
  const etags = ['"short"', `"${"x".repeat(2_000)}"`];
  const asked = new Map<string, number>();
  await using server = serverOf((key) => {
    asked.set(key, (asked.get(key) ?? 0) + 1);
    return asked.get(key) === 1
      ? new Response("", { status: 503, headers: { "retry-after": "0" } })
      : Response.json({ r: [{ v: 1 }] }, { headers: { etag: etags[Number(key)] ?? "" } });
  });
  const file = folder.file("a.db");
  await collectInto(file, jobOf(server.url, { keys: { kind: "range", first: 0, last: 1 } }));
  assert.deepEqual(query(file, "SELECT verdict, attempts, etag FROM fetches ORDER BY sequence"), [
    ["ok", 2, '"short"'],
    ["ok", 2, null],
  ]);
});

Deno.test("collect() names what is wrong with an answer's bytes, small or large", async () => {
  using folder = new TempFolder();
  const wrong: Readonly<Record<string, readonly [reason: string, before: string, ...bytes: number[]]>> = {
    "0": ["bad-utf8", '{"r": ["', 0xc3, 0x28],
    "1": ["bad-utf8", '{"r": ["', 0xed, 0xa0, 0x80],
    "2": ["cut", '{"r": ["a', 0xc3],
    "3": ["cut", '{"r": [1,'],
    "4": ["bad-json", '{"r": [1,,'],
    "5": ["too-deep", `{"r": ${"[".repeat(600)}`],
  };
  const long = `{"x": "${"x".repeat(200_000)}", `;
  await using server = serverOf((key) => {
    if (key === "9") return undefined;
    const [, before = "", ...bytes] = wrong[key.slice(-1)] ?? [];
    const text = key.length > 1 ? long + before.slice(1) : before;
    return new Response(Uint8Array.from([...new TextEncoder().encode(text), ...bytes]));
  });
  // Between two of them is a good one: nothing but failures would look as if the API were down.
  const keys = Object.keys(wrong).flatMap((key) => [key, "9", `1${key}`, "9"]);
  const source: KeySource = { kind: "file", file: folder.file("keys.txt", keys.join("\n")) };
  const file = folder.file("a.db");
  await collectInto(file, jobOf(server.url, { keys: source, attempts: 1 }));
  const expected = Object.values(wrong).flatMap(([reason]) => [[reason], [reason]]);
  assert.deepEqual(query(file, "SELECT reason FROM fetches WHERE key <> '9' ORDER BY id"), expected);
});

Deno.test("collect() keeps the rows of a large answer once, however often it was cut before", async () => {
  using folder = new TempFolder();
  const count = 60_000;
  let attempts = 0;
  await using server = serverOf(() => {
    const isCut = ++attempts === 1;
    const record = (v: number) => `${v === 0 ? "" : ","}{"v": ${v}, "w": "${"x".repeat(20)}"}`;
    const rows = Array.from({ length: isCut ? 50_000 : count }, (_, v) => record(v)).join("");
    const body = new TextEncoder().encode(`{"r": [${rows}${isCut ? "" : "]}"}`);
    let at = 0;
    return new Response(
      new ReadableStream({
        pull(controller) {
          if (at < body.length) controller.enqueue(body.subarray(at, at += 10_007));
          else if (isCut) controller.error(new Error("cut"));
          else controller.close();
        },
      }),
    );
  });
  const file = folder.file("a.db");
  const result = await collectInto(file, jobOf(server.url, { keys: { kind: "range", first: 0, last: 0 } }));
  assert.deepEqual([result.counts.ok, result.counts.rows, result.counts.attempts], [1, count, 2]);
  assert.deepEqual(query(file, "SELECT count(*), count(DISTINCT v), max(v) FROM t"), [[
    count,
    count,
    count - 1,
  ]]);
  assert.deepEqual(query(file, leftOf("t")), [[0, 0]]);
});

Deno.test("collect() asks nothing but the control keys when one of them is broken", async () => {
  using folder = new TempFolder();
  let isBroken = true;
  let isGone = false;
  const asked: string[] = [];
  await using server = serverOf((key) => {
    asked.push(key);
    if (!isBroken || key !== "c") return undefined;
    return isGone ? new Response("", { status: 404 }) : Response.json({ r: [] });
  });
  const file = folder.file("a.db");
  const job = jobOf(server.url, { control: ["c", "5"], attempts: 1 });
  const result = await collectInto(file, job);
  assert.deepEqual([result.controlFailure, result.state, asked.toSorted()], ["passing", "interrupted", [
    "5",
    "c",
  ]]);
  assert.match(String(result.reason), /^control key c: .* \(control-empty\)$/);
  isGone = true;
  assert.equal((await collectInto(file, job)).controlFailure, "lasting");
  isBroken = false;
  const again = await collectInto(file, job);
  assert.deepEqual([again.controlFailure, again.state, again.keys, again.counts.ok], [
    null,
    "finished",
    11,
    11,
  ]);
  // The well one had its verdict.
  assert.equal(asked.filter((key) => key === "5").length, 1);
});

Deno.test("collect() keeps to a limit, resumes with the other keys after it, and asks no key twice", async () => {
  using folder = new TempFolder();
  const asked: string[] = [];
  await using server = serverOf((key) => {
    asked.push(key);
    return undefined;
  });
  const file = folder.file("a.db");
  for (const [limit, keys] of [[4, 4], [2, 4], [7, 7], [undefined, 10]] as const) {
    const result = await collectInto(file, jobOf(server.url), { limit });
    const { isLimited, counts: { ok }, pending } = result;
    assert.deepEqual([isLimited, result.keys, ok, pending], [limit !== undefined, keys, keys, 0]);
    if (limit === 4) {
      assert.deepEqual(query(file, "SELECT keys, ok, pending FROM runs"), [[10, 4, 6]]);
      assert.deepEqual([result.state, result.reason], ["interrupted", "limited to the first 4 keys"]);
    }
  }
  assert.deepEqual([asked.length, new Set(asked).size], [10, 10]);
  assert.deepEqual(query(file, "SELECT count(*), state, keys FROM runs"), [[1, "finished", 10]]);
});

Deno.test("collect() finishes a run whose limit is no smaller than its list", async () => {
  using folder = new TempFolder();
  await using server = serverOf(() => undefined);
  for (const limit of [10, 11]) {
    const result = await collectInto(folder.file(`${limit}.db`), jobOf(server.url), { limit });
    assert.deepEqual([result.state, result.isLimited, result.keys], ["finished", false, 10]);
  }
});

Deno.test("collect() leaves in the store what its budget has been used for", async () => {
  using folder = new TempFolder();
  await using server = serverOf(() => undefined);
  const rates = [{ count: 1_000, perMs: 1_000 }, { count: 100, perMs: 86_400_000 }];
  const file = folder.file("a.db");
  const job = jobOf(server.url, { limits: { rates } });
  for (const expected of [10, 20]) {
    await collectInto(file, job, { isNew: true });
    const starts = "SELECT host, per_ms, (SELECT sum(value ->> 1) FROM json_each(starts)) FROM _trawl_quota";
    assert.deepEqual(query(file, starts), [[server.host, 86_400_000, expected]]);
  }
});

Deno.test("collect() stops, and goes on where it stopped", async () => {
  using folder = new TempFolder();
  const stopping = new AbortController();
  const asked: string[] = [];
  await using server = serverOf((key) => {
    if (asked.push(key) === 3) stopping.abort();
    return undefined;
  });
  const file = folder.file("a.db");
  const job = jobOf(server.url, { limits: { inFlight: 1, batch: 6 } });
  const first = await collectInto(file, job, { signal: stopping.signal });
  assert.deepEqual([first.state, first.reason, first.keys], ["interrupted", "stopped", 10]);
  assert.ok(first.counts.ok >= 3 && first.counts.ok < 10, String(first.counts.ok));
  const second = await collectInto(file, job);
  assert.deepEqual([second.state, second.keys, second.counts.ok], ["finished", 10, 10]);
  assert.equal(new Set(asked).size, asked.length);
});

Deno.test("collect() asks failed keys of a list from the network again", async () => {
  using folder = new TempFolder();
  let isBroken = true;
  await using server = serverOf((path) => {
    if (path === "list") return Response.json({ keys: ["a", "b", "c"] });
    return path === "b" && isBroken ? new Response("", { status: 404 }) : undefined;
  });
  const file = folder.file("a.db");
  const job = jobOf(server.url, { keys: listed(server.url) });
  assert.equal((await collectInto(file, job)).counts.failed, 1);
  isBroken = false;
  const again = await collectInto(file, job, { retryFailed: true });
  assert.deepEqual([again.state, again.counts.ok, again.counts.failed], ["finished", 3, 0]);
});

Deno.test("collect() ends a run before the disk is full, with everything that was asked stored", async () => {
  using folder = new TempFolder();
  const asked = new Set<string>();
  await using server = serverOf((key) => {
    asked.add(key);
    return undefined;
  });
  const file = folder.file("a.db");
  const keys: KeySource = { kind: "range", first: 1, last: 10_000 };
  const rates = [{ count: 100, perMs: 1_000 }];
  // There is room at the first look, and too little at the second.
  let looks = 0;
  const ended = await collectInto(file, jobOf(server.url, { keys, limits: { rates } }), {
    storage: {
      freeBytes: () =>
        Promise.resolve(looks++ === 0 ? databaseLimits.freeBytesMin : databaseLimits.freeBytesMin - 1),
    },
  });
  assert.deepEqual([ended.state, looks], ["interrupted", 2]);
  assert.match(
    ended.reason ?? "",
    /^the disk is nearly full: 256(\.0)? MiB are free, and 256(\.0)? MiB must stay free$/,
  );
  assert.ok(asked.size < 10_000);
  assert.deepEqual(query(file, "SELECT state, ok FROM runs"), [["interrupted", asked.size]]);
});

Deno.test("collect() does not finish a run whose database is gone by the end", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await using server = serverOf((key) => {
    if (key === "5") Deno.renameSync(file, folder.file("moved.db"));
    return undefined;
  });
  const loss = () => Promise.resolve(folder.names().includes("a.db") ? undefined : "The database is gone");
  await assert.rejects(collectInto(file, jobOf(server.url), { storage: { loss } }), {
    name: "InterruptedError",
    message: "The database is gone",
  });
  // What was asked is in the file that was moved.
  assert.deepEqual(query(folder.file("moved.db"), "SELECT state, ok FROM runs"), [["interrupted", 10]]);
});
