/**
 * `trawl plan` against the simulator: what it says, and that it stores nothing. No time is asserted.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { SimulateOptions } from "../../../lib/simulate/simulate_options.ts";
import { query } from "../../support/database.ts";
import { trawlHere } from "../../support/in_process.ts";
import { keyLines, withSimulator } from "../../support/simulator.ts";
import { day, updatesJob } from "../../support/ripestat_job.ts";
import { until } from "../../support/until.ts";
import { program, startTrawl, trawl } from "../../support/trawl.ts";

const hello: SimulateOptions = { profile: "hello", latency: { kind: "none" } };

function helloArgs(url: string): string[] {
  return ["plan", "--url", `${url}/hello/{key}`, "--rows", "$", "--column", "n=$.n:integer"];
}

Deno.test("trawl plan says what a run will take, and stores nothing", async () => {
  const faults = [{ kind: "status", status: 404, keys: ["100"] }] as const;
  await withSimulator({ ripestat: { asns: 40, updatesMax: 2_000 }, faults }, async ({ url }, folder) => {
    const job = folder.file("job.toml", updatesJob(url, { keys: 'control = ["12654"]' }));
    const { code, stdout, stderr } = await trawl(["plan", job, "--window", day], { cwd: folder.path });
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      /^updates for 2026-11-20: forecast from (\d+) keys asked in .*\n {2}keys +\1 and 1 control key\n/,
    );
    assert.match(
      stdout,
      /\n {2}requests +\d+\n {2}time +.*; a request takes .*\n {2}data +[\d.]+ MiB\n {2}rows +[\d,]+\n/,
    );
    assert.match(
      stdout,
      /\n {2}disk +.* in updates\.db, where .* are free\n {2}limited by +the job's limit on requests in flight: /,
    );
    assert.match(stderr, /^trawl: asking up to \d+ of \d+ keys, for at most 58s\n$/);
    assert.deepEqual(folder.names(), ["job.toml"]);
  });
});

Deno.test("trawl plan --json foretells what trawl run then does, where all keys are asked", async () => {
  await withSimulator(
    { ...hello, faults: [{ kind: "status", status: 404, keys: ["7"] }] },
    async ({ url }, folder) => {
      const [plan = "", ...job] = helloArgs(url);
      const keys = folder.file("keys.txt", keyLines(300));
      const args = [...job, "--keys", keys, "--json"];
      const forecast = JSON.parse(
        (await trawlHere([plan, ...args, "--probe", "300"])).stdout,
      );
      const db = folder.file("a.db");
      const run = JSON.parse((await trawlHere(["run", ...args, "--db", db, "--quiet"])).stdout);
      assert.deepEqual(forecast.rows, { mean: run.rows, low: run.rows, high: run.rows });
      const [[bytes]] = query(db, "SELECT sum(bytes) FROM fetches") as [[number]];
      assert.deepEqual([Math.round(forecast.bytes.mean), forecast.requests, forecast.keys], [
        bytes,
        run.attempts,
        300,
      ]);
      const detail = '{"status":"error","status_code":404}';
      assert.deepEqual(forecast.failures, [{ reason: "http-404", count: 1, example: "7", detail }]);
      assert.deepEqual(forecast.limit, { what: "in_flight", inFlight: 8 });
      const { probe } = forecast;
      assert.deepEqual([probe.keys, probe.failed, probe.givenUp, probe.isControlOnly], [300, 1, 0, false]);
    },
  );
});

Deno.test("trawl plan reads the keys of standard input once, and asks a sample of them", async () => {
  await withSimulator(hello, async ({ url, stats }) => {
    const args = [...helloArgs(url), "--keys", "-", "--probe", "25", "--json"];
    const { code, stdout, stderr } = await trawl(args, { stdin: keyLines(5_000) });
    assert.equal(code, 0, stderr);
    const { keys, probe, rows } = JSON.parse(stdout);
    assert.deepEqual([keys, probe.keys, rows.mean], [5_000, 25, 5_000]);
    assert.equal(stats().requests, 25);
    const limited = await trawl([...args, "--limit", "60"], { stdin: keyLines(5_000) });
    assert.equal(JSON.parse(limited.stdout).keys, 60, limited.stderr);
  });
});

Deno.test("trawl plan holds no more of a long list than of a short one", async () => {
  await withSimulator(hello, async ({ url }, folder) => {
    const long = keyLines(20).replaceAll("\n", `-${"x".repeat(400)}\n`);
    // All of these keys take twice the heap that trawl has.
    const keys = folder.file("keys.txt", long.repeat(20_000));
    const args = [...helloArgs(url), "--keys", keys, "--probe", "20", "--json"];
    const { code, stdout, stderr } = await trawl(args, { cwd: folder.path });
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(stdout).keys, 400_000);
  });
});

Deno.test("trawl plan can be interrupted while it waits for keys", async () => {
  await withSimulator(hello, async ({ url }, folder) => {
    const { path, args, ...user } = program;
    const child = new Deno.Command(path, {
      ...user,
      args: [...args, ...helloArgs(url), "--keys", "-"],
      env: { TMPDIR: folder.path },
      stdin: "piped",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(keyLines(200_000)));
    // From when its own folder is there on, it listens to signals.
    while (folder.names().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGINT");
    while (folder.names().length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await writer.close();
    const { code, stderr } = await child.output();
    assert.equal(code, 75);
    assert.match(
      new TextDecoder().decode(stderr),
      /^trawl: The probe was stopped while it counted the keys: /,
    );
  });
});

Deno.test("trawl plan names a budget that limits, and takes little of it", async () => {
  await withSimulator(hello, async ({ url, stats }, folder) => {
    const job = folder.file(
      "job.toml",
      `name = "strict"\n[keys]\nrange = "1..100000000"\n[request]\nurl = "${url}/hello/{key}"\n` +
        `[limits]\nrate = ["500/s", "400/day"]\n[rows]\npath = "$"\n`,
    );
    const { code, stdout, stderr } = await trawlHere(["plan", job]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /\n {2}keys +100M\n {2}requests +100M\n {2}time +251040d \d+h; /);
    assert.match(stdout, /\n {2}limited by +the job's quota: 400\/day\n/);
    assert.equal(stats().requests, 40);
  });
});

Deno.test("trawl plan counts a budget's requests of earlier runs", async () => {
  await withSimulator(hello, async ({ url, stats }, folder) => {
    const job = folder.file(
      "job.toml",
      `name = "strict"\n[keys]\nrange = "1..60"\n[request]\nurl = "${url}/hello/{key}"\n` +
        `[limits]\nrate = ["500/s", "100/day"]\n[rows]\npath = "$"\n`,
    );
    const db = folder.file("strict.db");
    assert.equal((await trawlHere(["run", job, "--quiet", "--db", db])).code, 0);
    const interrupt = new AbortController();
    const { signal } = interrupt;
    const running = trawlHere(["plan", job, "--probe", "60", "--db", db], { signal });
    await until(() => stats().requests >= 100);
    interrupt.abort();
    assert.equal((await running).code, 75);
    assert.equal(stats().requests, 100);
  });
});

Deno.test("trawl plan counts only the keys that an unfinished run has left", async () => {
  await withSimulator({ ...hello, latency: { kind: "fixed", ms: 20 } }, async ({ url, stats }, folder) => {
    const [plan = "", ...job] = helloArgs(url);
    const args = [...job, "--keys", folder.file("keys.txt", keyLines(2_000)), "--db", folder.file("a.db")];
    const interrupt = new AbortController();
    const { signal } = interrupt;
    const running = trawlHere(["run", ...args, "--quiet"], { signal });
    await until(() => stats().requests >= 200);
    interrupt.abort();
    assert.equal((await running).code, 75);
    const { stdout, stderr } = await trawlHere([plan, ...args, "--probe", "40", "--json"]);
    const { run, done, keys } = JSON.parse(stdout);
    const [[left]] = query(folder.file("a.db"), "SELECT 2000 - count(*) FROM fetches") as [[number]];
    assert.deepEqual([run, done, keys], [1, 2_000 - left, left], stderr);
  });
});

Deno.test("trawl plan ends with 75 when it is interrupted, and leaves nothing", async () => {
  await withSimulator({ ...hello, latency: { kind: "fixed", ms: 100 } }, async ({ url, stats }, folder) => {
    const tmp = folder.file("tmp");
    await Deno.mkdir(tmp);
    const running = startTrawl([...helloArgs(url), "--keys", folder.file("keys.txt", keyLines(5_000))], {
      cwd: folder.path,
      env: { TMPDIR: tmp },
    });
    while (stats().requests < 20) await new Promise((resolve) => setTimeout(resolve, 20));
    running.kill("SIGINT");
    const { code, stdout, stderr } = await running.ended;
    assert.deepEqual([code, stdout], [75, ""]);
    assert.match(
      stderr,
      /\ntrawl: The probe was stopped after \d+ keys, so there is no forecast: run again\n$/,
    );
    assert.deepEqual(folder.names(), ["keys.txt", "tmp"]);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(tmp)), []);
  });
});

Deno.test("trawl plan exits with 75 when a control key fails for a passing reason, and asks no other", async () => {
  const faults = [{ kind: "empty", keys: ["12654"] }] as const;
  await withSimulator({ ripestat: { asns: 40 }, faults }, async ({ url }, folder) => {
    const job = folder.file("job.toml", updatesJob(url, { keys: 'control = ["12654"]' }));
    const { code, stdout, stderr } = await trawlHere(["plan", job, "--window", day]);
    assert.deepEqual([code, stdout], [75, ""]);
    assert.match(stderr, /\ntrawl: no forecast for updates: control key 12654: .*\(control-empty\)\n$/);
  });
});

Deno.test("trawl plan exits with 3 when every key fails, and says why", async () => {
  await withSimulator({ ...hello, faults: [{ kind: "status", status: 404 }] }, async ({ url }) => {
    const { code, stdout, stderr } = await trawl([...helloArgs(url), "--keys", "-"], { stdin: keyLines(5) });
    assert.deepEqual([code, stdout], [3, ""]);
    assert.match(
      stderr,
      /no forecast for 127\.0\.0\.1-\d+: every key failed: 5 × http-404: the server answered 404, such as \d: \{"status":"error","status_code":404\}\n$/,
    );
  });
});

Deno.test("trawl plan refuses in one line what it cannot ask", async () => {
  await withSimulator({ ripestat: { asns: 40 } }, async ({ url, stats }, folder) => {
    const job = folder.file("job.toml", updatesJob(url));
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [
        ["plan", job, "--window", "2999-01-01"],
        /^trawl: Cannot use the window "2999-01-01": it must be over, .*\n$/,
      ],
      [
        ["plan", job, "--probe", "100001"],
        /^trawl: Cannot use --probe: must be a whole number from 1 to 100000, got "100001"\n$/,
      ],
      [["plan", job, "--probe", "0"], /^trawl: Cannot use --probe: .*\n$/],
      [
        ["plan", job, "--keys", folder.file("none.txt")],
        /^trawl: Cannot read the key file "\S+none\.txt": .*\n$/,
      ],
      [["plan", job, "--db", job], /^trawl: Cannot use the database .*\n$/],
    ];
    for (const [args, message] of wrong) {
      const { code, stdout, stderr } = await trawlHere(args);
      assert.deepEqual([code, stdout], [2, ""], args.join(" "));
      assert.match(stderr, message);
    }
    assert.equal(stats().requests, 0);
  });
});

Deno.test("trawl plan ends with 75 when the key list does not come, and with 2 when it is refused", async () => {
  await withSimulator({ ripestat: { asns: 40 } }, async ({ url }, folder) => {
    const text = updatesJob(url, { end: "[retry]\nattempts = 1\n" });
    const wanting = [
      [
        text.replaceAll(url, "http://127.0.0.1:1"),
        75,
        /^trawl: The key list could not be read after 1 attempt: .*\n$/,
      ],
      [
        text.replace("ris-asns", "no-such-call"),
        2,
        /^trawl: The key list cannot be used: .* \(http-404\): .*\n$/,
      ],
    ] as const;
    for (const [job, exit, message] of wanting) {
      const { code, stdout, stderr } = await trawlHere([
        "plan",
        folder.file("job.toml", job),
        "--window",
        day,
      ]);
      assert.deepEqual([code, stdout], [exit, ""], stderr);
      assert.match(stderr, message);
    }
  });
});
