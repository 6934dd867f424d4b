/**
 * Outages of the API: refusals, downtime that passes or lasts, broken connections.
 *
 * @module
 */

import assert from "node:assert/strict";
import { parseFault } from "../../../lib/simulate/parse_fault.ts";
import { startSimulator } from "../../../lib/simulate/simulator.ts";
import type { SimulateOptions } from "../../../lib/simulate/simulate_options.ts";
import type { SimulatorStats } from "../../../lib/simulate/engine/meter.ts";
import { HandlerServer } from "../../http/support.ts";
import { query } from "../../support/database.ts";
import { type Said, trawlHere } from "../../support/in_process.ts";
import { TempFolder } from "../../support/temp.ts";

const sums = "SELECT state, ok, failed, (SELECT max(attempts) FROM fetches) FROM runs";

interface Day {
  readonly ended: Said;
  /** State, ok, failed, and the most attempts of a key. */
  readonly sums: readonly unknown[];
  readonly stats: SimulatorStats;
}

/** Runs a job against a simulator with one fault. `end` is the end of the job file. */
async function dayOf(
  fault: string,
  options: SimulateOptions & { readonly keys: number; readonly end?: string },
): Promise<Day> {
  using folder = new TempFolder();
  const { keys, end = "", ...simulate } = options;
  const faults = fault === "" ? [] : [parseFault(fault)];
  const simulator = await startSimulator({
    profile: "hello",
    latency: { kind: "fixed", ms: 2 },
    faults,
    ...simulate,
  });
  try {
    const job = folder.file("job.toml", jobText(simulator.url, keys, end));
    const db = folder.file("a.db");
    const ended = await trawlHere(["run", job, "--db", db]);
    return { ended, sums: query(db, sums)[0] ?? [], stats: simulator.stats() };
  } finally {
    await simulator.close();
  }
}

function jobText(url: string, keys: number, end: string): string {
  return `name = "outage"
[keys]
range = "1..${keys}"
[request]
url = "${url}/hello/{key}"
[rows]
path = "$"
${end}`;
}

Deno.test("trawl run fails no key when the API is down for a while", async () => {
  const { ended, sums, stats } = await dayOf("status=500 after=0.3 for=2", {
    keys: 1_000,
    end: "[retry]\nattempts = 1\n",
  });
  assert.equal(ended.code, 0, ended.stderr);
  assert.deepEqual(sums.slice(0, 3), ["finished", 1_000, 0]);
  // Ten failures open the breaker while 8 requests are in flight; then single probes fail.
  const failed = stats.faults["status"] ?? 0;
  assert.ok(failed >= 10 && failed < 40, JSON.stringify(stats));
  assert.match(ended.stderr, /limited by +the server/);
});

Deno.test("trawl run is interrupted when the API stays down", async () => {
  const { ended, sums, stats } = await dayOf("reset", { keys: 1_000, end: '[retry]\noutage = "2s"\n' });
  assert.equal(ended.code, 75, ended.stderr);
  assert.deepEqual(sums, ["interrupted", 0, 0, null]);
  assert.match(
    ended.stderr,
    /interrupted \(the API is down: no request has succeeded for 2s; the last failure: the connection .* \(reset\)\) in .*: run again to resume/,
  );
  assert.ok(stats.requests >= 5 && stats.requests < 60, JSON.stringify(stats));
});

Deno.test("trawl run gives keys that always fail a verdict when only such keys are left", async () => {
  using folder = new TempFolder();
  const asked = new Map<number, number>();
  await using server = new HandlerServer((request) => {
    const key = Number(request.url.split("/").at(-1));
    asked.set(key, 1 + (asked.get(key) ?? 0));
    return key > 30 ? new Response("", { status: 500 }) : Response.json([key]);
  });
  const db = folder.file("a.db");
  const job = folder.file("job.toml", jobText(server.url, 60, '[retry]\nattempts = 2\noutage = "20s"\n'));
  for (const flags of [[], ["--retry-failed"]]) {
    const ended = await trawlHere(["run", job, "--db", db, ...flags]);
    assert.equal(ended.code, 3, ended.stderr);
    assert.deepEqual(query(db, sums).at(-1)?.slice(0, 3), ["finished", 30, 30]);
  }
  // Good keys are asked once, except those that probe whether the API is down.
  const again = Array.from({ length: 30 }, (_, index) => (asked.get(index + 1) ?? 0) - 1);
  const looks = again.reduce((sum, count) => sum + count, 0);
  assert.ok(looks > 0 && looks < 20, again.join());
});

Deno.test("trawl run asks every key when the API refuses half of all requests for a while", async () => {
  const { ended, sums, stats } = await dayOf("status=429 p=0.5 retry-after=1 for=3", { keys: 100 });
  assert.equal(ended.code, 0, ended.stderr);
  assert.deepEqual(sums.slice(0, 3), ["finished", 100, 0]);
  // Half of the 8 requests in flight at first, then one or two a second.
  const refused = stats.answers["429"] ?? 0;
  assert.ok(refused > 0 && refused < 40, JSON.stringify(stats));
});

Deno.test("trawl run repeats few requests when every tenth connection is reset", async () => {
  const { ended, sums, stats } = await dayOf("reset p=0.1", { keys: 1_000 });
  assert.equal(ended.code, 0, ended.stderr);
  assert.deepEqual(sums.slice(0, 3), ["finished", 1_000, 0]);
  assert.ok(stats.requests > 1_000 && stats.requests < 1_300, JSON.stringify(stats));
});

Deno.test("trawl run earns no refusal when its rate is the one that the API allows", async () => {
  const rate = { count: 50, perMs: 1_000 };
  const { ended, sums, stats } = await dayOf("", { keys: 150, rate, end: '[limits]\nrate = "50/s"\n' });
  assert.equal(ended.code, 0, ended.stderr);
  assert.deepEqual(sums, ["finished", 150, 0, 1]);
  assert.deepEqual(stats.answers, { 200: 150 });
});

/** Runs 20 keys against a handler. */
async function runOn(
  handler: (key: number) => Response,
  look: (db: string, ended: Said) => void,
): Promise<void> {
  using folder = new TempFolder();
  await using server = new HandlerServer((request) => handler(Number(request.url.split("/").at(-1))));
  const db = folder.file("a.db");
  const job = folder.file("job.toml", jobText(server.url, 20, "[limits]\nin_flight = 1\n"));
  look(db, await trawlHere(["run", job, "--db", db]));
}

Deno.test("trawl run is interrupted when the server asks for a pause of two hours", async () => {
  await runOn(
    (key) =>
      key === 5
        ? new Response("", { status: 429, headers: { "retry-after": "7200" } })
        : Response.json([key]),
    (db, ended) => {
      assert.equal(ended.code, 75, ended.stderr);
      assert.deepEqual(query(db, sums), [["interrupted", 4, 0, 1]]);
      assert.match(
        ended.stderr,
        /interrupted \(the server asks for a pause of 2h: trawl waits for at most 1h\)/,
      );
    },
  );
});

Deno.test("trawl run pauses when a success says that no request remains, and repeats a key whose 403 says so", async () => {
  const askedMs: number[] = [];
  await runOn((key) => {
    askedMs.push(performance.now());
    if (key === 3 && askedMs.length === 3) {
      return Response.json([key], { headers: { "ratelimit": '"second";r=0;t=1' } });
    }
    if (key === 7 && askedMs.length === 7) {
      return Response.json({}, {
        status: 403,
        headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1" },
      });
    }
    return Response.json([key], { headers: { "ratelimit": '"second";r=9;t=1' } });
  }, (db, ended) => {
    assert.equal(ended.code, 0, ended.stderr);
    assert.deepEqual(query(db, sums), [["finished", 20, 0, 2]]);
  });
  const gapMs = (index: number) => (askedMs[index] ?? NaN) - (askedMs[index - 1] ?? NaN);
  assert.equal(askedMs.length, 21);
  assert.ok(gapMs(3) > 990 && gapMs(7) > 990, String(askedMs));
});
