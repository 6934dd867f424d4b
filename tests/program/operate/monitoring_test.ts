/**
 * How others get to know how it went: a monitor's check, a file of metrics, an OpenTelemetry collector.
 *
 * @module
 */

import assert from "node:assert/strict";
import { HandlerServer } from "../../http/support.ts";
import { helloRun, keyLines, withSimulator } from "../../support/simulator.ts";
import { executable, trawl } from "../../support/trawl.ts";

const options = { profile: "hello", latency: { kind: "fixed", ms: 1 } } as const;
const flags = (
  url: string,
) => helloRun(url, "k.txt", "--db", "a.db");

Deno.test("trawl status shows coverage, age and size, and --check tells a monitor by its exit code", async () => {
  await withSimulator(options, async ({ url }, folder) => {
    folder.file("k.txt", keyLines(50));
    const cwd = folder.path;
    assert.equal((await trawl(["status", "a.db", "--check"], { cwd })).code, 2);
    assert.equal((await trawl(flags(url), { cwd })).code, 0);
    const { stdout } = await trawl(["status"], { cwd });
    assert.match(
      stdout,
      /: run 1 finished [\d.]+m?s ago, coverage 100.00 %\na\.db: [\d.]+ KiB, [\d.]+ .iB free\n$/,
    );
    const well = await trawl(["status", "--check", "--max-age", "26h"], { cwd });
    assert.deepEqual([well.code, well.stderr], [0, ""]);
    assert.match(well.stdout, /^ok: .*\n$/);
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    const late = await trawl(["status", "--check", "--max-age", "1s"], { cwd });
    assert.equal(late.code, 3);
    assert.match(late.stdout, /^not ok: .*: more than 1s ago\n$/);
    const wrong = await trawl(["status", "--max-age", "26h"], { cwd });
    assert.deepEqual([wrong.code, wrong.stderr], [
      2,
      "trawl: Cannot use --max-age as it goes with --check\n",
    ]);
    assert.equal((await trawl(["status", "--check", "--max-age", "soon"], { cwd })).code, 2);
  });
});

Deno.test("trawl run --metrics leaves a whole file for Prometheus, also of a run that fails", async () => {
  const faults = [{ kind: "status", status: 404, keys: ["3"] }] as const;
  await withSimulator({ ...options, faults }, async ({ url }, folder) => {
    folder.file("k.txt", keyLines(20));
    const cwd = folder.path;
    assert.equal((await trawl([...flags(url), "--metrics", "trawl.prom"], { cwd })).code, 3);
    const text = await Deno.readTextFile(folder.file("trawl.prom"));
    assert.match(text, /^trawl_run_keys\{job="127.0.0.1-\d+",verdict="ok"\} 19$/m);
    assert.match(text, /^trawl_run_failures\{.*reason="status"\} 1$|reason="http-404"\} 1$/m);
    assert.match(text, /^trawl_exit_code\{.*\} 3$/m);
    assert.match(text, /^trawl_running\{.*\} 0$/m);
    if (Deno.build.os !== "windows") {
      assert.equal((await Deno.stat(folder.file("trawl.prom"))).mode! & 0o777, 0o644);
    }
    for await (const { name } of Deno.readDir(cwd)) assert.ok(!name.endsWith(".tmp"), name);
    const wrong = await trawl([...flags(url), "--metrics", "trawl.txt"], { cwd });
    assert.equal(wrong.code, 2);
    const nowhere = await trawl([...flags(url), "--metrics", "none/trawl.prom"], { cwd });
    assert.equal(nowhere.code, 2);
    assert.match(nowhere.stderr, /^trawl: Cannot write the metrics "none\/trawl.prom" as .*\n$/);
  });
});

const otel = "trawl run tells an OpenTelemetry collector of its run, where Deno is told to";
// An executable is told so when it is made.
Deno.test(otel, { ignore: executable !== undefined }, async () => {
  await withSimulator(options, async ({ url }, folder) => {
    folder.file("k.txt", keyLines(20));
    const bodies: string[] = [];
    await using collector = new HandlerServer(async (request) => {
      bodies.push(await request.text());
      return Response.json({});
    });
    const env = {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    };
    const { code, stderr } = await trawl(flags(url), { cwd: folder.path, env });
    assert.equal(code, 0, stderr);
    const told = bodies.join("\n");
    for (const name of ["trawl.run", "trawl.keys.ok", "trawl.keys", "trawl.rows", "trawl.in_flight"]) {
      assert.ok(told.includes(`"${name}"`), name);
    }
    const counted = /"name": *"trawl\.keys"[^]*?"as(?:Int|Double)": *"?(\d+)/.exec(told)?.[1];
    assert.equal(counted, "20");
  });
});
