/**
 * Bad days of the API: it refuses, it is down for a while or for good, its connections break.
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
import { TempFolder } from "../../support/temp.ts";
import { type Ended, trawl } from "../../support/trawl.ts";

const sums = "SELECT state, ok, failed, (SELECT max(attempts) FROM fetch) FROM run";

interface Day {
  readonly ended: Ended;
  /** State, ok, failed, and the most attempts on a key. */
  readonly sums: readonly unknown[];
  readonly stats: SimulatorStats;
}

/** Asks the practice API, with what goes wrong there. `end` is the end of the job file. */
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
    const ended = await trawl(["run", job, "--db", db]);
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

Deno.test("trawl run waits for an API that is down for a while, and fails no key", async () => {
  const { ended, sums, stats } = await dayOf("status=500 after=0.3 for=2", {
    keys: 1_000,
    end: "[retry]\nattempts = 1\n",
  });
  assert.equal(ended.code, 0, ended.stderr);
  assert.deepEqual(sums.slice(0, 3), ["finished", 1_000, 0]);
  // What was in flight, what tipped the scales, and one that asks for its health now and then.
  assert.ok((stats.faults["status"] ?? 0) < 40, JSON.stringify(stats));
  assert.match(ended.stderr, /limited by +the server/);
});

Deno.test("trawl run ends, to be gone on with, when the API stays down", async () => {
  const { ended, sums, stats } = await dayOf("reset", { keys: 1_000, end: '[retry]\noutage = "2s"\n' });
  assert.equal(ended.code, 75, ended.stderr);
  assert.deepEqual(sums, ["interrupted", 0, 0, null]);
  assert.match(
    ended.stderr,
    /interrupted \(the API is down: no request has succeeded for 2s; the last failure: the connection broke .* \(reset\)\) in .*: run again to go on/,
  );
  assert.ok(stats.requests < 60, JSON.stringify(stats));
});

Deno.test("trawl run gives a verdict on keys that fail for ever, though they are all that is left", async () => {
  using folder = new TempFolder();
  const asked = new Map<number, number>();
  await using server = new HandlerServer((request) => {
    const key = Number(request.url.split("/").at(-1));
    asked.set(key, 1 + (asked.get(key) ?? 0));
    return key > 30 ? new Response("", { status: 500 }) : Response.json(key);
  });
  const db = folder.file("a.db");
  const job = folder.file("job.toml", jobText(server.url, 60, '[retry]\nattempts = 2\noutage = "20s"\n'));
  for (const flags of [[], ["--retry-failed"]]) {
    const ended = await trawl(["run", job, "--db", db, ...flags]);
    assert.equal(ended.code, 3, ended.stderr);
    assert.deepEqual(query(db, sums).at(-1)?.slice(0, 3), ["finished", 30, 30]);
  }
  // The good ones are asked once, but for those that tell whether the API is down.
  const again = Array.from({ length: 30 }, (_, index) => (asked.get(index + 1) ?? 0) - 1);
  const looks = again.reduce((sum, count) => sum + count, 0);
  assert.ok(looks > 0 && looks < 20, again.join());
});

Deno.test("trawl run asks all keys of an API that refuses half of all requests for a while", async () => {
  const { ended, sums, stats } = await dayOf("status=429 p=0.5 retry-after=1 for=3", { keys: 300 });
  assert.equal(ended.code, 0, ended.stderr);
  assert.deepEqual(sums.slice(0, 3), ["finished", 300, 0]);
  // The first burst is as large as what is in flight; each of the next seconds has a refusal or two.
  assert.ok((stats.answers["429"] ?? 0) < 40, JSON.stringify(stats));
});

Deno.test("trawl run asks little more than every key once where every tenth connection is reset", async () => {
  const { ended, sums, stats } = await dayOf("reset p=0.1", { keys: 1_000 });
  assert.equal(ended.code, 0, ended.stderr);
  assert.deepEqual(sums.slice(0, 3), ["finished", 1_000, 0]);
  assert.ok(stats.requests < 1_300, JSON.stringify(stats));
});

Deno.test("trawl run earns no refusal where it keeps to the rate that the API allows", async () => {
  const rate = { count: 50, perMs: 1_000 };
  const { ended, sums, stats } = await dayOf("", { keys: 150, rate, end: '[limits]\nrate = "50/s"\n' });
  assert.equal(ended.code, 0, ended.stderr);
  assert.deepEqual(sums, ["finished", 150, 0, 1]);
  assert.deepEqual(stats.answers, { 200: 150 });
});

/** Runs 20 keys of a server of a few lines. */
async function runOn(
  handler: (key: number) => Response,
  look: (db: string, ended: Ended) => void,
): Promise<void> {
  using folder = new TempFolder();
  await using server = new HandlerServer((request) => handler(Number(request.url.split("/").at(-1))));
  const db = folder.file("a.db");
  const job = folder.file("job.toml", jobText(server.url, 20, "[limits]\nin_flight = 1\n"));
  look(db, await trawl(["run", job, "--db", db]));
}

Deno.test("trawl run ends, to be gone on with, when the server asks for a longer pause than it waits", async () => {
  await runOn(
    (key) =>
      key === 5 ? new Response("", { status: 429, headers: { "retry-after": "7200" } }) : Response.json(key),
    (db, ended) => {
      assert.equal(ended.code, 75, ended.stderr);
      assert.deepEqual(query(db, sums), [["interrupted", 4, 0, 1]]);
      assert.match(
        ended.stderr,
        /interrupted \(the server asks for a pause of 2h: more than 1h are not waited for\)/,
      );
    },
  );
});

Deno.test("trawl run waits where a success says that nothing remains, and takes an exhausted 403 for no verdict", async () => {
  const askedMs: number[] = [];
  await runOn((key) => {
    askedMs.push(performance.now());
    if (key === 3 && askedMs.length === 3) {
      return Response.json(key, { headers: { "ratelimit": '"second";r=0;t=1' } });
    }
    if (key === 7 && askedMs.length === 7) {
      return Response.json({}, {
        status: 403,
        headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1" },
      });
    }
    return Response.json(key, { headers: { "ratelimit": '"second";r=9;t=1' } });
  }, (db, ended) => {
    assert.equal(ended.code, 0, ended.stderr);
    assert.deepEqual(query(db, sums), [["finished", 20, 0, 2]]);
  });
  const gapMs = (index: number) => (askedMs[index] ?? 0) - (askedMs[index - 1] ?? 0);
  assert.equal(askedMs.length, 21);
  assert.ok(gapMs(3) > 990 && gapMs(7) > 990, String(askedMs));
});
