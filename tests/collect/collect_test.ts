import assert from "node:assert/strict";
import { delay } from "@std/async/delay";
import { chooseRun } from "../../lib/collect/choose_run.ts";
import { collect } from "../../lib/collect/collect.ts";
import { fetchKeys } from "../../lib/collect/keys/fetch_keys.ts";
import type { StorageChecks } from "../../lib/collect/storage_guard.ts";
import type { Job, KeySource } from "../../lib/job/job.ts";
import { databaseLimits } from "../../lib/limits.ts";
import { schemaOf } from "../../lib/rows/table_schema.ts";
import { jobOf, until } from "./support.ts";
import { HandlerServer } from "../http/support.ts";
import { leftOf, openWriter, query } from "../support/database.ts";
import { TempFolder } from "../support/temp.ts";

/** Keys that come over the network. */
function listed(url: string): Extract<KeySource, { readonly kind: "url" }> {
  return { kind: "url", url: [{ kind: "text", text: `${url}/list` }], path: "$.keys[*]", headers: {} };
}

interface Wishes {
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal;
  readonly retryFailed?: boolean;
  readonly storage?: StorageChecks;
}

/** One run of a job, as the program has it. */
async function collectInto(
  file: string,
  job: Job,
  { limit, signal, retryFailed = false, storage = {} }: Wishes = {},
) {
  await using store = await openWriter(file, ...job.tables.map(schemaOf));
  const choice = await chooseRun(store, job, { isNew: false, retryFailed, window: undefined });
  assert.ok(!("finished" in choice));
  return await collect({
    job,
    window: undefined,
    store,
    choice,
    limit,
    listSize: undefined,
    signal: signal ?? new AbortController().signal,
    storage,
    onStart: () => {},
  });
}

function pathOf(request: Request): string {
  return new URL(request.url).pathname.slice(1);
}

/** Answers any key with one row, except those for which `odd` has another answer. */
function serverOf(odd: (key: string) => Response | Promise<Response> | undefined): HandlerServer {
  return new HandlerServer((request) =>
    odd(pathOf(request)) ?? Response.json({ r: [{ v: pathOf(request) }] })
  );
}

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

Deno.test("collect() tries again what may go away, and stores how often", async () => {
  using folder = new TempFolder();
  const asked = new Map<string, number>();
  await using server = serverOf((key) => {
    asked.set(key, (asked.get(key) ?? 0) + 1);
    return asked.get(key) === 1
      ? new Response("", { status: 503, headers: { "retry-after": "0" } })
      : undefined;
  });
  const file = folder.file("a.db");
  await collectInto(file, jobOf(server.url, { keys: { kind: "range", first: 0, last: 4 } }));
  assert.deepEqual(query(file, "SELECT DISTINCT verdict, attempts FROM fetches"), [["ok", 2]]);
});

Deno.test("collect() keeps a validator with its key, unless it is longer than any honest one", async () => {
  using folder = new TempFolder();
  const etags = ['"short"', `"${"x".repeat(2_000)}"`];
  await using server = serverOf((key) =>
    Response.json({ r: [] }, { headers: { etag: etags[Number(key)] ?? "" } })
  );
  const file = folder.file("a.db");
  await collectInto(file, jobOf(server.url, { keys: { kind: "range", first: 0, last: 1 } }));
  assert.deepEqual(query(file, "SELECT etag FROM fetches ORDER BY sequence"), [['"short"'], [null]]);
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
    let n = 0;
    const body = new ReadableStream<string>({
      pull(controller) {
        controller.enqueue(n === 0 ? '{"r": [{"v": 0}' : `,{"v": ${n}, "w": "${"x".repeat(20)}"}`);
        if (++n === 50_000 && isCut) controller.error(new Error("cut"));
        if (n < count || isCut) return;
        controller.enqueue("]}");
        controller.close();
      },
    });
    return new Response(body.pipeThrough(new TextEncoderStream()));
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

Deno.test("collect() keeps to a limit", async () => {
  using folder = new TempFolder();
  await using server = serverOf(() => undefined);
  const result = await collectInto(folder.file("a.db"), jobOf(server.url), { limit: 4 });
  assert.deepEqual([result.isLimited, result.keys, result.counts.ok, result.pending], [true, 4, 4, 0]);
  assert.deepEqual([result.state, result.reason], ["interrupted", "limited to the first 4 keys"]);
});

Deno.test("collect() resumes with the other keys after a limit, and asks no key twice", async () => {
  using folder = new TempFolder();
  const asked: string[] = [];
  await using server = serverOf((key) => {
    asked.push(key);
    return undefined;
  });
  const file = folder.file("a.db");
  for (
    const [limit, keys, state] of [[4, 4, true], [2, 4, true], [7, 7, true], [undefined, 10, false]] as const
  ) {
    const result = await collectInto(file, jobOf(server.url), { limit });
    assert.deepEqual([result.isLimited, result.keys, result.counts.ok], [state, keys, keys]);
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
    await collectInto(file, job);
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
  const job = jobOf(server.url, { limits: { inFlight: 1, batch: 4 } });
  const first = await collectInto(file, job, { signal: stopping.signal });
  assert.deepEqual([first.state, first.reason, first.keys], ["interrupted", "stopped", undefined]);
  assert.ok(first.counts.ok >= 3 && first.counts.ok < 10, String(first.counts.ok));
  const second = await collectInto(file, job);
  assert.deepEqual([second.state, second.keys, second.counts.ok], ["finished", 10, 10]);
  assert.equal(new Set(asked).size, asked.length);
});

Deno.test("collect() notes why it ended when the list has changed, and leaves nothing running", async () => {
  using folder = new TempFolder();
  const stopping = new AbortController();
  await using server = serverOf((key) => {
    if (key === "4") stopping.abort();
    return undefined;
  });
  const file = folder.file("a.db");
  await collectInto(file, jobOf(server.url, { limits: { inFlight: 1, batch: 4 } }), {
    signal: stopping.signal,
  });
  const other = jobOf(server.url, {
    keys: { kind: "range", first: 1, last: 9 },
    limits: { inFlight: 1, batch: 4 },
  });
  await assert.rejects(collectInto(file, other), { name: "UsageError", message: /key list has changed/ });
  assert.match(String(query(file, "SELECT state || reason FROM runs")), /^interruptedCannot resume run 1/);
});

Deno.test("collect() notes why it ended without the job's secrets", async () => {
  using folder = new TempFolder();
  const file = folder.file("none-to%2Fken");
  const job = jobOf("http://127.0.0.1:9", { keys: { kind: "file", file } });
  const headers = { authorization: [{ kind: "text", text: "to/ken", secret: "TOKEN" }] } as const;
  await assert.rejects(collectInto(folder.file("a.db"), { ...job, request: { ...job.request, headers } }));
  const [[reason] = []] = query(folder.file("a.db"), "SELECT reason FROM runs");
  assert.match(String(reason), /^Cannot read the key file ".*\/none-\*\*\*": /);
});

Deno.test("fetchKeys() gives texts and numbers as keys, and nothing else", async () => {
  const keys = ['"a"', '"a\\u0062"', "12", "-1", "1.50", "123456789012345678901"];
  let json = `{"keys": [${keys.join()}]}`;
  await using server = serverOf(() => new Response(json));
  const job = jobOf(server.url);
  const blocks = await Array.fromAsync(fetchKeys(job, listed(server.url), { window: undefined }));
  assert.deepEqual(blocks.flat(), ["a", "ab", "12", "-1", "1.50", "123456789012345678901"]);
  for (const wrong of ["true", "null", "[]", "{}", '""', '" a"', '"a\\n"']) {
    json = `{"keys": ["a", ${wrong}]}`;
    await assert.rejects(Array.fromAsync(fetchKeys(job, listed(server.url), { window: undefined })), {
      message: "bad-value",
    });
  }
});

Deno.test("openKeyList() asks for the list again until it is whole, and keeps none of the broken ones", async () => {
  using folder = new TempFolder();
  // The first wait of a broken list is half a second at most, the second a whole one.
  const answers = [
    () => new Response(Uint8Array.of(0x7b, 0xff)),
    () => new Response('{"keys": ["x", "y"'),
    () => new Response("", { status: 503, headers: { "retry-after": "0" } }),
  ];
  let asked = 0;
  await using server = serverOf((path) => {
    if (path !== "list") return undefined;
    return answers[asked++]?.() ?? Response.json({ keys: ["a", "b", 3] });
  });
  const file = folder.file("a.db");
  const job = jobOf(server.url, { keys: listed(server.url), attempts: 9 });
  const result = await collectInto(file, job);
  assert.deepEqual([asked, result.keys, result.counts.ok], [4, 3, 3]);
  assert.deepEqual(query(file, "SELECT key FROM fetches ORDER BY sequence"), [["a"], ["b"], ["3"]]);
});

Deno.test("openKeyList() asks the list once, and a resumed run has the same keys", async () => {
  using folder = new TempFolder();
  let asked = 0;
  const stopping = new AbortController();
  await using server = serverOf((path) => {
    if (path === "k2") stopping.abort();
    if (path !== "list") return undefined;
    asked++;
    return Response.json({
      keys: Array.from({ length: 10 }, (_, n) => `${asked === 1 ? "k" : "other"}${n}`),
    });
  });
  const file = folder.file("a.db");
  const job = jobOf(server.url, { keys: listed(server.url), limits: { inFlight: 1, batch: 4 } });
  assert.equal((await collectInto(file, job, { signal: stopping.signal })).state, "interrupted");
  assert.equal((await collectInto(file, job)).state, "finished");
  assert.equal(asked, 1);
  assert.deepEqual(query(file, "SELECT count(*), min(key), max(key) FROM fetches"), [[10, "k0", "k9"]]);
});

Deno.test("openKeyList() refuses an empty list", async () => {
  using folder = new TempFolder();
  await using server = serverOf(() => Response.json({ keys: [] }));
  await assert.rejects(
    collectInto(folder.file("a.db"), jobOf(server.url, { keys: listed(server.url), attempts: 1 })),
    {
      name: "InterruptedError",
      message: /after 1 attempt: .* \(missing\); /,
    },
  );
});

Deno.test("openKeyList() names the reason when no attempt is left", async () => {
  using folder = new TempFolder();
  await using server = serverOf(() => new Response("", { status: 500, headers: { "retry-after": "0" } }));
  await assert.rejects(
    collectInto(folder.file("a.db"), jobOf(server.url, { keys: listed(server.url), attempts: 2 })),
    {
      name: "InterruptedError",
      message:
        "The key list could not be read after 2 attempts: the server answered 500 (http-500); run again to retry",
    },
  );
});

for (const waits of ["the answer", "the next attempt"]) {
  Deno.test(`openKeyList() does not wait for ${waits} once the run is stopped`, async () => {
    using folder = new TempFolder();
    const release = Promise.withResolvers<void>();
    let asked = 0;
    await using server = serverOf(async () => {
      asked++;
      if (waits === "the answer") await release.promise;
      return new Response("", { status: 503, headers: { "retry-after": "3600" } });
    });
    const stopping = new AbortController();
    const job = jobOf(server.url, { keys: listed(server.url) });
    const collecting = collectInto(folder.file("a.db"), job, { signal: stopping.signal });
    const failing = assert.rejects(collecting, {
      name: "InterruptedError",
      message: /^The run was stopped while it read the key list/,
    });
    await until(() => asked === 1);
    await delay(20);
    stopping.abort();
    await failing.finally(() => release.resolve());
  });
}

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
  const keys: KeySource = { kind: "range", first: 1, last: 200_000 };
  // There is room at the first look, and too little at the second.
  let looks = 0;
  const ended = await collectInto(file, { ...jobOf(server.url), keys }, {
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
  assert.ok(asked.size < 200_000);
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

/** A server whose key list has no end, at 1,000 keys a chunk. */
function endlessList(): HandlerServer {
  return serverOf((path) => {
    if (path !== "list") return undefined;
    let next = 0;
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => {
        const keys = Array.from({ length: 1_000 }, () => `"${"k".repeat(80)}${next++}"`);
        controller.enqueue(encoder.encode(`${next === 1_000 ? '{"keys": [' : ","}${keys.join(",")}`));
      },
    });
    return new Response(body, { headers: { "content-type": "application/json" } });
  });
}

Deno.test("openKeyList() stops an endless list before the disk is full, and gives its space back", async () => {
  using folder = new TempFolder();
  await using server = endlessList();
  const file = folder.file("a.db");
  const bytesOf = (name: string) => folder.names().includes(name) ? Deno.statSync(folder.file(name)).size : 0;
  const taken = () => bytesOf("a.db") + bytesOf("a.db-wal");
  const storage = { freeBytes: () => Promise.resolve(databaseLimits.freeBytesMin + 20_000_000 - taken()) };
  const job = jobOf(server.url, { keys: listed(server.url) });
  await assert.rejects(collectInto(file, job, { storage }), {
    name: "InterruptedError",
    message:
      /^The key list cannot be stored: the disk is nearly full: 25\d(\.\d+)? MiB are free, and 256 MiB must stay free; free some/,
  });
  assert.deepEqual(query(file, "SELECT count(*) FROM _trawl_key_list"), [[0]]);
  assert.ok(bytesOf("a.db") < 500_000, `${bytesOf("a.db")} bytes are left`);
});

Deno.test("StoreWriter.open() deletes what a killed process left of a key list, and gives its space back", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  const block = Array.from({ length: 1_000 }, (_, index) => `${"k".repeat(80)}${index}`);
  await using server = serverOf(() => undefined);
  const job = jobOf(server.url);
  {
    await using store = await openWriter(file, ...job.tables.map(schemaOf));
    const choice = await chooseRun(store, job, { isNew: false, retryFailed: false, window: undefined });
    assert.ok(!("finished" in choice));
    // The process ends before it knows the number of keys.
    await store.keepKeys(choice.id, ReadableStream.from(Array(100).fill(block)));
  }
  assert.ok((await Deno.stat(file)).size > 8_000_000);
  await using _store = await openWriter(file, ...job.tables.map(schemaOf));
  assert.deepEqual(query(file, "SELECT count(*) FROM _trawl_key_list"), [[0]]);
  assert.deepEqual(query(file, "PRAGMA freelist_count"), [[0]]);
});
