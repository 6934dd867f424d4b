/**
 * The key list of a run: fetched with retries, kept where it can be read only once, compared when a run resumes.
 *
 * @module
 */

import assert from "node:assert/strict";
import { delay } from "@std/async/delay";
import { chooseRun } from "../../../lib/collect/choose_run.ts";
import type { KeySource } from "../../../lib/job/job.ts";
import { databaseLimits } from "../../../lib/limits.ts";
import { schemaOf } from "../../../lib/rows/table_schema.ts";
import type { HandlerServer } from "../../http/support.ts";
import { openWriter, query } from "../../support/database.ts";
import { TempFolder } from "../../support/temp.ts";
import { collectInto, listed, serverOf } from "../collect_into.ts";
import { jobOf, until } from "../support.ts";

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
      message:
        'The key list could not be read after 1 attempt: $.keys[*] selects nothing (missing): {"keys":[]}; ' +
        "run again to retry",
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
  const storage = { freeBytes: () => Promise.resolve(databaseLimits.freeBytesMin + 6_000_000 - taken()) };
  const job = jobOf(server.url, { keys: listed(server.url) });
  await assert.rejects(collectInto(file, job, { storage }), {
    name: "InterruptedError",
    message:
      /^The key list cannot be stored: the disk is nearly full: 2[45]\d(\.\d+)? MiB are free, and 256 MiB must stay free; free some/,
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
    // The process ends before the list is whole.
    await store.keepKeys(choice.id, ReadableStream.from(Array(100).fill(block)));
  }
  assert.ok((await Deno.stat(file)).size > 8_000_000);
  await using _store = await openWriter(file, ...job.tables.map(schemaOf));
  assert.deepEqual(query(file, "SELECT count(*) FROM _trawl_key_list"), [[0]]);
  assert.deepEqual(query(file, "PRAGMA freelist_count"), [[0]]);
});

/** Stops a run of a job after some requests; gives what was asked. */
async function interrupted(
  file: string,
  keys: KeySource,
  { asked, server }: { readonly asked: readonly string[]; readonly server: HandlerServer },
) {
  const stopping = new AbortController();
  const job = jobOf(server.url, { keys, limits: { inFlight: 1, batch: 4 } });
  const check = setInterval(() => asked.length >= 3 && stopping.abort(), 1);
  try {
    const { state } = await collectInto(file, job, { signal: stopping.signal });
    assert.equal(state, "interrupted");
  } finally {
    clearInterval(check);
  }
  return job;
}

/** A server that answers slowly, and notes each key. */
function notingServer(asked: string[]): HandlerServer {
  return serverOf(async (key) => {
    asked.push(key);
    await delay(5);
    return Response.json({ r: [{ v: key }] });
  });
}

const tenKeys = Array.from({ length: 10 }, (_, index) => `k${index}`);

Deno.test("chooseRun() refuses to resume with another key file before any request, and says what differs", async () => {
  using folder = new TempFolder();
  const asked: string[] = [];
  await using server = notingServer(asked);
  const keys = folder.file("keys.txt", tenKeys.join("\n"));
  const file = folder.file("a.db");
  const job = await interrupted(file, { kind: "file", file: keys }, { asked, server });
  const before = asked.length;
  for (
    const [text, difference] of [
      [`${tenKeys.join("\n")}\nmore`, "it has 11 keys, and had 10"],
      [tenKeys.join("\n").replace("k9", "x9"), "it has 10 keys as before, but its content is another one"],
    ]
  ) {
    folder.file("keys.txt", text);
    for (const retryFailed of [false, true]) {
      await assert.rejects(collectInto(file, job, { retryFailed }), {
        name: "UsageError",
        message: `Cannot resume run 1 of "job": its key list has changed, ${difference}; ` +
          "restore the old list, or start a new run with --new",
      });
    }
  }
  assert.equal(asked.length, before);
  folder.file("keys.txt", tenKeys.join("\n"));
  assert.equal((await collectInto(file, job)).state, "finished");
  assert.deepEqual(asked.toSorted(), tenKeys);
});

Deno.test("chooseRun() asks the failed keys of a finished run, whatever its file holds by now", async () => {
  using folder = new TempFolder();
  let isBroken = true;
  const asked: string[] = [];
  await using server = serverOf((key) => {
    asked.push(key);
    return isBroken && key === "b" ? new Response("", { status: 404 }) : undefined;
  });
  const keys = folder.file("keys.txt", "a\nb\nc\n");
  const file = folder.file("a.db");
  const job = jobOf(server.url, { keys: { kind: "file", file: keys } });
  assert.equal((await collectInto(file, job)).counts.failed, 1);
  folder.file("keys.txt", "other\n");
  // Once more with the key still broken: then the list has been kept, and deleted again.
  for (const [isStillBroken, failed] of [[true, 1], [false, 0]] as const) {
    isBroken = isStillBroken;
    asked.length = 0;
    const again = await collectInto(file, job, { retryFailed: true });
    assert.deepEqual([again.state, again.keys, again.counts.failed], ["finished", 3, failed]);
    assert.deepEqual(asked, ["b"]);
    if (isStillBroken) folder.file("keys.txt", "a\nb\nc\n");
  }
});

Deno.test("chooseRun() starts a new run when the list of a limited run has changed", async () => {
  using folder = new TempFolder();
  await using server = serverOf(() => undefined);
  const keys = folder.file("keys.txt", "a\nb\nc\n");
  const file = folder.file("a.db");
  const job = jobOf(server.url, { keys: { kind: "file", file: keys } });
  await collectInto(file, job, { limit: 1 });
  folder.file("keys.txt", "a\nb\n");
  const result = await collectInto(file, job);
  assert.deepEqual([result.state, result.keys, query(file, "SELECT count(*) FROM runs")], ["finished", 2, [[
    2,
  ]]]);
});

Deno.test("collect() ends a run whose key file changes, and keeps what was asked of the right list", async () => {
  using folder = new TempFolder();
  const asked: string[] = [];
  await using server = serverOf((key) => {
    // The file has been read in part.
    if (asked.push(key) === 300) folder.file("keys.txt", linesOf("new"));
    return undefined;
  });
  // Long keys, so that the file has several blocks.
  const linesOf = (name: string) =>
    Array.from({ length: 2_500 }, (_, index) => `${name}${"x".repeat(200)}${index}\n`).join("");
  const keys = folder.file("keys.txt", linesOf("old"));
  const file = folder.file("a.db");
  const job = jobOf(server.url, { keys: { kind: "file", file: keys }, limits: { batch: 600 } });
  await assert.rejects(collectInto(file, job), {
    name: "InterruptedError",
    message: /has changed since its start, its content is another one: restore it/,
  });
  assert.ok(asked.length < 2_500);
  assert.deepEqual(asked.filter((key) => !key.startsWith("old")), []);
  // No answer was lost: requests in flight were finished.
  const [[state, stored] = []] = query(file, "SELECT state, ok FROM runs");
  assert.deepEqual([state, stored], ["interrupted", asked.length]);
  await assert.rejects(collectInto(file, job), { name: "UsageError", message: /but its content.*--new$/ });
});

Deno.test("openKeyList() keeps a list that can be read only once, and a resumed run does not read it again", async () => {
  using folder = new TempFolder();
  const asked: string[] = [];
  await using server = notingServer(asked);
  const pipe = folder.file("pipe");
  await new Deno.Command("mkfifo", { args: [pipe] }).output();
  const file = folder.file("a.db");
  const writing = Deno.writeTextFile(pipe, `${tenKeys.join("\n")}\nk1\n`);
  const job = await interrupted(file, { kind: "file", file: pipe }, { asked, server });
  await writing;
  // Nobody writes to the pipe any more: to open it would wait for ever.
  const result = await collectInto(file, job);
  assert.deepEqual([result.state, result.keys, result.counts.ok, result.duplicates], ["finished", 11, 11, 1]);
  assert.deepEqual(query(file, "SELECT key FROM fetches ORDER BY id").flat(), [...tenKeys, "k1"]);
});

Deno.test("openKeyList() asks nothing when the last line of a pipe is no key", async () => {
  using folder = new TempFolder();
  const asked: string[] = [];
  await using server = notingServer(asked);
  const pipe = folder.file("pipe");
  await new Deno.Command("mkfifo", { args: [pipe] }).output();
  const file = folder.file("a.db");
  const job = jobOf(server.url, { keys: { kind: "file", file: pipe } });
  const writing = Deno.writeTextFile(pipe, "a\nb\nc\td\n");
  await assert.rejects(collectInto(file, job), { name: "UsageError", message: /^Cannot read line 3 of / });
  await writing;
  assert.deepEqual(asked, []);
  const again = Deno.writeTextFile(pipe, "a\nb\n");
  assert.equal((await collectInto(file, job)).counts.ok, 2);
  await again;
});

Deno.test("collect() counts duplicates, but not those of control keys, which are asked once", async () => {
  using folder = new TempFolder();
  await using server = serverOf(() => undefined);
  const keys = folder.file("keys.txt", "c\na\nb\na\nc\n");
  const job = jobOf(server.url, { keys: { kind: "file", file: keys }, control: ["c"] });
  const result = await collectInto(folder.file("a.db"), job);
  assert.deepEqual([result.keys, result.counts.ok, result.duplicates], [4, 4, 1]);
});
