/**
 * What a run stores: every row of one large answer, of many keys, of presets, of keys from standard input; and the
 * memory, the pace and the requests in flight that it keeps to.
 *
 * @module
 */

import assert from "node:assert/strict";
import { truthOf } from "../../../lib/simulate/profiles/ripestat/truth.ts";
import { leftOf, query } from "../../support/database.ts";
import { hasProc, peakMemoryOf } from "../../support/memory.ts";
import { trawlHere } from "../../support/in_process.ts";
import { helloRun, keyLines, withSimulator } from "../../support/simulator.ts";
import { day, dayWindow, updatesJob } from "../../support/ripestat_job.ts";
import { startTrawl, trawl } from "../../support/trawl.ts";

/** Bytes of resident memory that a run may use, whatever it reads. */
const memoryBytesMax = 150e6;

/** A test of resident memory, which the kernel must report. */
function memoryTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: hasProc ? name : `${name} (needs /proc)`, ignore: !hasProc, fn });
}

function assertMemory(peakBytes: number): void {
  // A process of Deno's uses 40 MB before it runs anything: less was not measured.
  assert.ok(peakBytes > 40e6 && peakBytes < memoryBytesMax, `${peakBytes} bytes at most`);
}

memoryTest("trawl run stores an answer of 256 MiB in full in less than 150 MB", async () => {
  const options = { ripestat: { asns: 1, envelope: "b", sizes: { "12654": 1_070_000 } } } as const;
  await withSimulator(options, async ({ url }, folder) => {
    const job = folder.file("job.toml", updatesJob(url));
    const db = folder.file("a.db");
    const running = startTrawl(["run", job, "--db", db, "--window", day, "--json"]);
    const peakBytes = await peakMemoryOf(running);
    const { code, stderr, stdout } = await running.ended;
    assert.equal(code, 0, stderr);
    assert.ok(JSON.parse(stdout).bytes > 2 ** 28, stdout);
    assertMemory(peakBytes);
    const truth = truthOf(options, "12654", dayWindow);
    const kinds = "count(*), sum(type = 'A'), sum(type = 'W'), sum(ts), max(row)";
    let sum = 0;
    for (const [seconds] of truth.updates()) sum += seconds;
    const { count, announcements, withdrawals } = truth;
    assert.deepEqual(query(db, `SELECT ${kinds} FROM updates`), [[
      count,
      announcements,
      withdrawals,
      sum,
      count - 1,
    ]]);
    assert.deepEqual(query(db, "SELECT rows, verdict FROM fetches"), [[count, "ok"]]);
    assert.deepEqual(query(db, leftOf("updates")), [[0, 0]]);
  });
});

memoryTest("trawl run starts within its memory when the list has a million keys", async () => {
  await withSimulator({ profile: "hello", latency: { kind: "none" } }, async ({ url }, folder) => {
    const job = folder.file(
      "job.toml",
      `name = "hello"\n[keys]\nrange = "1..1000000"\n[request]\nurl = "${url}/hello/{key}"\n[rows]\npath = "$"\n`,
    );
    const running = startTrawl([
      "run",
      job,
      "--db",
      folder.file("a.db"),
      "--limit",
      "1000",
      "--json",
      "--quiet",
    ]);
    const peakBytes = await peakMemoryOf(running);
    const { code, stdout, stderr } = await running.ended;
    assert.equal(code, 0, stderr);
    const { keys, ok, rows, pending } = JSON.parse(stdout);
    assert.deepEqual({ keys, ok, rows, pending }, { keys: 1_000, ok: 1_000, rows: 1_000, pending: 0 });
    assert.equal(stderr, "");
    assertMemory(peakBytes);
  });
});

Deno.test("trawl run reads a job from flags and keys from standard input", async () => {
  await withSimulator({ profile: "hello", latency: { kind: "none" } }, async ({ url }, folder) => {
    const db = folder.file("a.db");
    const columns = ["--column", "n=$.n:integer", "--column", "said=$.message"];
    const { code, stderr } = await trawl(helloRun(url, "-", ...columns, "--db", db), {
      stdin: "ann\r\nbob\n\n../x\na/b?c#d\n",
    });
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      query(db, "SELECT key, said, typeof(n) FROM rows ORDER BY fetch"),
      [
        ["ann", "Hello, ann!", "integer"],
        ["bob", "Hello, bob!", "integer"],
        ["../x", "Hello, ../x!", "integer"],
        ["a/b?c#d", "Hello, a/b?c#d!", "integer"],
      ],
    );
  });
});

Deno.test("trawl run stores counts per minute that add up to the updates", async () => {
  const options = { ripestat: { asns: 40, updatesMax: 10_000 } } as const;
  await withSimulator(options, async ({ url }, folder) => {
    const db = folder.file("a.db");
    const { code, stderr } = await trawlHere(
      ["run", "ripestat-updates", "--set", `host=${url}`, "--db", db, "--window", day],
      { env: { TRAWL_SOURCEAPP: "trawl-test" } },
    );
    assert.equal(code, 0, stderr);
    for (const [key, rows] of query(db, "SELECT key, rows FROM fetches")) {
      const counts = new Map<string, number>();
      for (const [seconds, type] of truthOf(options, String(key), dayWindow).updates()) {
        const bucket = `${Math.floor(seconds / 60) * 60} ${type}`;
        counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
      }
      const stored = query(
        db,
        `SELECT ts || ' ' || type, count FROM updates WHERE key = '${key}'`,
      );
      assert.deepEqual(new Map(stored as [string, number][]), counts, `counts of ${key}`);
      assert.equal(rows, [...counts.values()].reduce((sum, count) => sum + count, 0));
    }
  });
});

Deno.test("trawl run stores the preset ripestat-activity", async () => {
  const options = { ripestat: { asns: 40, updatesMax: 5_000 } } as const;
  await withSimulator(options, async ({ url }, folder) => {
    const db = folder.file("a.db");
    const { code, stderr } = await trawlHere(
      ["run", "ripestat-activity", "--set", `host=${url}`, "--db", db, "--window", day],
      { env: { TRAWL_SOURCEAPP: "trawl-test" } },
    );
    assert.equal(code, 0, stderr);
    for (
      const [key, announcements] of query(
        db,
        "SELECT fetches.key, ifnull(sum(announcements), 0) FROM fetches LEFT JOIN activity ON fetch = fetches.id GROUP BY 1",
      )
    ) {
      assert.equal(announcements, truthOf(options, String(key), dayWindow).announcements, `of ${key}`);
    }
  });
});

Deno.test("trawl run keeps to --in-flight and to --rate", async () => {
  await withSimulator({
    profile: "hello",
    latency: { kind: "uniform", minMs: 0, maxMs: 30 },
  }, async (simulator, folder) => {
    const base = helloRun(simulator.url, "-", "--in-flight", "40", "--quiet");
    const many = await trawl([...base, "--batch", "20", "--db", folder.file("a.db")], {
      stdin: keyLines(240),
    });
    assert.equal(many.code, 0, many.stderr);
    assert.ok(simulator.stats().inFlightMax <= 40, `${simulator.stats().inFlightMax} in flight`);
    assert.ok(simulator.stats().inFlightMax >= 20, `${simulator.stats().inFlightMax} in flight`);

    await (await fetch(`${simulator.url}/simulator/reset`)).body?.cancel();
    const paced = await trawl([...base, "--rate", "100/s", "--batch", "50", "--db", folder.file("b.db")], {
      stdin: keyLines(200),
    });
    assert.equal(paced.code, 0, paced.stderr);
    const times: number[] = await (await fetch(`${simulator.url}/simulator/log?last=1000`)).json();
    assert.equal(times.length, 200);
    // A busy machine may delay a request, but the last one cannot be early.
    const tookMs = (times.at(-1) ?? NaN) - (times[0] ?? NaN);
    assert.ok(tookMs >= 199 * 10 - 50, `${times.length} requests in ${tookMs} ms`);
  });
});

Deno.test("trawl run --retry-failed asks only the failed keys again", async () => {
  await withSimulator({
    profile: "hello",
    latency: { kind: "none" },
    faults: [{ kind: "status", status: 404, keys: ["2", "3"], attempts: 1 }],
  }, async (simulator, folder) => {
    const db = folder.file("a.db");
    const args = helloRun(simulator.url, "-", "--db", db);
    const stdin = keyLines(4);
    const first = await trawl(args, { stdin });
    assert.equal(first.code, 3, first.stderr);
    assert.match(first.stderr, /coverage +50\.00 % of the keys/);
    assert.match(first.stderr, /failed +2 × http-404: the server answered 404, such as 2/);
    const again = await trawl([...args, "--retry-failed"], { stdin });
    assert.equal(again.code, 0, again.stderr);
    assert.equal(simulator.stats().requests, 6);
    assert.deepEqual(query(db, "SELECT id, state, ok, failed FROM runs"), [[1, "finished", 4, 0]]);
  });
});
