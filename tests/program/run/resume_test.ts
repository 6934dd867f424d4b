/**
 * Runs that are interrupted: by kill -9, by a signal, by another key list or another job; and the run that resumes.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { delay } from "@std/async/delay";
import { startSimulator } from "../../../lib/simulate/simulator.ts";
import { query } from "../../support/database.ts";
import { trawlHere } from "../../support/in_process.ts";
import { helloRun, keyLines, withSimulator } from "../../support/simulator.ts";
import { seed } from "../../support/property.ts";
import { day, updatesJob } from "../../support/ripestat_job.ts";
import { TempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";
import { startTrawl, trawl } from "../../support/trawl.ts";
import { population, runKills } from "../../torture/kills.ts";

/** Two of the three ASNs with sizes join the list. */
const keyCount = population.ripestat.asns + 2;

Deno.test("trawl run stores what an undisturbed run stores after kill -9 at four random moments", async () => {
  const { kills, verdicts, keys, problems } = await runKills(4, seed);
  assert.deepEqual(problems, []);
  assert.equal(kills, 4);
  assert.ok(verdicts.some((count) => count > 0 && count < keys), `verdicts at each kill: ${verdicts}`);
});

Deno.test("trawl run reports a finished run that was killed before its summary, and does not repeat it", async () => {
  await withSimulator({ profile: "hello", latency: { kind: "fixed", ms: 1 } }, async (simulator, folder) => {
    const db = folder.file("a.db");
    const args = helloRun(simulator.url, folder.file("keys.txt", keyLines(20)), "--db", db, "--json");
    const first = await trawlHere([...args, "--quiet"]);
    assert.match(String(query(db, "SELECT reported FROM runs")), /^\d{4}-.*Z$/, first.stderr);
    {
      // As after kill -9 between the commit of "finished" and the summary.
      using database = new DatabaseSync(db);
      database.exec("UPDATE _trawl_run SET reported = NULL");
    }
    const again = await trawlHere([...args, "--verbose"]);
    assert.deepEqual([again.code, simulator.stats().requests], [0, 20]);
    assert.match(again.stderr, /run 1 of \S+ had finished before, and was not reported\n.*\n.*20 = 20 ok/);
    const { run, ok } = JSON.parse(again.stdout);
    assert.deepEqual([run, ok], [1, 20]);
    // Now that it was reported, the same command is a new run.
    assert.equal((await trawlHere([...args, "--quiet"])).code, 0);
    assert.deepEqual(query(db, "SELECT count(*), count(reported), sum(current) FROM runs"), [[2, 2, 1]]);
    assert.equal(simulator.stats().requests, 40);
  });
});

Deno.test("trawl run commits and exits with 75 on SIGINT and on SIGTERM, and resumes each time", async () => {
  using folder = new TempFolder();
  const simulator = await startSimulator({ ...population, latency: { kind: "fixed", ms: 60 } });
  try {
    const job = folder.file("job.toml", updatesJob(simulator.url));
    const db = folder.file("a.db");
    const args = ["run", job, "--db", db, "--window", day];
    /** Verdicts stored so far. */
    let done = 0;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const before = simulator.stats().requests;
      const running = startTrawl(args);
      await until(() => simulator.stats().requests > before + 60);
      running.kill(signal);
      const stopped = await running.ended;
      assert.equal(stopped.code, 75, stopped.stderr);
      assert.match(stopped.stderr, /run 1 of updates for 2026-11-20 interrupted \(stopped\)/);
      const found = query(db, "SELECT state, ok + empty + failed FROM runs");
      const sum = Number(found[0]?.[1]);
      assert.deepEqual(found, [["interrupted", sum]]);
      assert.ok(sum > done + 20 && sum < keyCount, `${sum} verdicts`);
      assert.match(stopped.stderr, new RegExp(`\\+ ${keyCount - sum} pending`));
      done = sum;
    }
    // The verdicts stored before the signals are not asked again.
    const before = simulator.stats().requests;
    const resumed = await trawl([...args, "--in-flight", "64"]);
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.match(resumed.stderr, new RegExp(`resumes run 1 for 2026-11-20: ${done} keys have a verdict`));
    const asked = simulator.stats().requests - before;
    const left = keyCount - done;
    assert.ok(asked >= left && asked < left * 1.2 + 10, `${asked} requests for ${left} keys`);
    assert.deepEqual(query(db, "SELECT state, keys, ok + empty FROM runs"), [[
      "finished",
      keyCount,
      keyCount,
    ]]);
  } finally {
    await simulator.close();
  }
});

Deno.test("trawl run gives up stalled answers after a signal, exits with 75 within 10 s, and resumes", async () => {
  using folder = new TempFolder();
  const stalls = [{ kind: "stall", ms: "forever", probability: 0.5 }] as const;
  const stalled = await startSimulator({ ripestat: { asns: 20 }, faults: stalls });
  const job = folder.file("job.toml", updatesJob(stalled.url));
  const db = folder.file("a.db");
  const args = ["run", job, "--db", db, "--window", day];
  try {
    const running = startTrawl(args);
    await until(() => stalled.stats().requests > 8);
    const sinceMs = performance.now();
    running.kill("SIGTERM");
    const { code, stderr } = await running.ended;
    assert.equal(code, 75, stderr);
    assert.ok(performance.now() - sinceMs < 10_000);
    assert.deepEqual(query(db, "SELECT failed FROM runs"), [[0]]);
  } finally {
    await stalled.close();
  }
  const well = await startSimulator({ ripestat: { asns: 20 }, port: stalled.port });
  try {
    const { code, stderr } = await trawl(args);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /resumes run 1 for 2026-11-20/);
    assert.deepEqual(query(db, "SELECT id, state, keys - ok - empty FROM runs"), [[1, "finished", 0]]);
  } finally {
    await well.close();
  }
});

Deno.test("trawl run takes two signals at once, as `deno task` sends them, for one, and ends at a later one", async () => {
  using folder = new TempFolder();
  const stalls = [{ kind: "stall", ms: "forever", probability: 1 }] as const;
  const simulator = await startSimulator({ ripestat: { asns: 20 }, faults: stalls });
  const db = folder.file("a.db");
  try {
    const running = startTrawl([
      "run",
      folder.file("job.toml", updatesJob(simulator.url)),
      "--db",
      db,
      "--window",
      day,
    ]);
    await until(() => simulator.stats().requests > 1);
    running.kill("SIGINT");
    running.kill("SIGINT");
    const isOver = await Promise.race([running.ended.then(() => true), delay(1_500).then(() => false)]);
    assert.equal(isOver, false, "the first two signals count as one, so requests get their time");
    const sinceMs = performance.now();
    running.kill("SIGINT");
    assert.equal((await running.ended).code, 75);
    assert.ok(performance.now() - sinceMs < 3_000);
    assert.deepEqual(query(db, "SELECT state FROM runs"), [["running"]]);
  } finally {
    await simulator.close();
  }
});

Deno.test("trawl run refuses to resume with another key list, and changes nothing", async () => {
  using folder = new TempFolder();
  const simulator = await startSimulator({ profile: "hello", latency: { kind: "fixed", ms: 20 } });
  try {
    const keys = folder.file("keys.txt", Array.from({ length: 300 }, (_, index) => `k${index}\n`).join(""));
    const db = folder.file("a.db");
    const args = helloRun(simulator.url, keys, "--db", db, "--batch", "50");
    const interrupt = new AbortController();
    const { signal } = interrupt;
    const running = trawlHere(args, { signal });
    await until(() => simulator.stats().requests > 120);
    interrupt.abort();
    assert.equal((await running).code, 75);
    const before = query(db, "SELECT * FROM fetches");
    await Deno.writeTextFile(keys, (await Deno.readTextFile(keys)).replace("k7\n", "other\n"));
    const changed = await trawlHere(args);
    assert.equal(changed.code, 2, changed.stderr);
    assert.match(
      changed.stderr,
      /Cannot resume run 1 .*: its key list has changed, it has 300 keys as before, but its content/,
    );
    assert.deepEqual(query(db, "SELECT * FROM fetches"), before);
    // --new starts a run with the other list.
    const anew = await trawlHere([...args, "--new", "--in-flight", "64"]);
    assert.equal(anew.code, 0, anew.stderr);
    assert.deepEqual(query(db, "SELECT id, state, reason FROM runs"), [
      [1, "interrupted", "given up for a new run"],
      [2, "finished", null],
    ]);
  } finally {
    await simulator.close();
  }
});

Deno.test("trawl run refuses to resume a run of another question, and resumes it with other limits", async () => {
  using folder = new TempFolder();
  const simulator = await startSimulator({
    ripestat: { asns: 100, updatesMax: 100 },
    latency: { kind: "fixed", ms: 30 },
  });
  try {
    const job = folder.file("job.toml", updatesJob(simulator.url));
    const args = ["run", job, "--db", folder.file("a.db"), "--window", day];
    const interrupt = new AbortController();
    const { signal } = interrupt;
    const running = trawlHere(args, { signal });
    await until(() => simulator.stats().requests > 20);
    interrupt.abort();
    assert.equal((await running).code, 75);
    await Deno.writeTextFile(job, updatesJob(simulator.url).replace("AS{key}", "{key}"));
    const refused = await trawlHere(args);
    assert.equal(refused.code, 2);
    assert.match(
      refused.stderr,
      /Cannot resume run 1 of "updates" for 2026-11-20T00:00:00Z: request\.url has changed since; finish/,
    );
    const end = "[retry]\nattempts = 3\n[limits]\nin_flight = 64   # a good night\n";
    await Deno.writeTextFile(job, updatesJob(simulator.url, { end }));
    const { code, stderr } = await trawlHere(args);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /resumes run 1 for 2026-11-20: \d+ keys have a verdict/);
  } finally {
    await simulator.close();
  }
});

Deno.test("trawl run --retry-failed asks the keys of the run when the list has changed", async () => {
  using folder = new TempFolder();
  const faults = [{ kind: "status", status: 404, keys: ["12654"] }] as const;
  const first = await startSimulator({ ripestat: { asns: 50, updatesMax: 100 }, faults });
  const job = folder.file("job.toml", updatesJob(first.url));
  const db = folder.file("a.db");
  const args = ["run", job, "--db", db, "--window", day, "--min-coverage", "1"];
  try {
    assert.equal((await trawlHere(args)).code, 3);
  } finally {
    await first.close();
  }
  const before = query(db, "SELECT sequence, key FROM fetches ORDER BY id");
  const second = await startSimulator({ ripestat: { asns: 70, updatesMax: 100 }, port: first.port });
  try {
    const { code, stderr } = await trawlHere([...args, "--retry-failed"]);
    assert.equal(code, 0, stderr);
    assert.equal(second.stats().requests, 1);
    assert.deepEqual(query(db, "SELECT sequence, key FROM fetches ORDER BY id"), before);
  } finally {
    await second.close();
  }
});
