/**
 * What monitors see of a run: `status --check` and the file of Prometheus metrics.
 *
 * @module
 */

import assert from "node:assert/strict";
import { helloRun, keyLines, withSimulator } from "../../support/simulator.ts";
import { trawl } from "../../support/trawl.ts";

const options = { profile: "hello", latency: { kind: "fixed", ms: 1 } } as const;
const flags = (
  url: string,
) => helloRun(url, "k.txt", "--db", "a.db");

Deno.test("trawl status shows coverage, age and size, and --check sets the exit code", async () => {
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
      "trawl: --max-age needs --check: add it\n",
    ]);
    assert.equal((await trawl(["status", "--check", "--max-age", "soon"], { cwd })).code, 2);
  });
});

Deno.test("trawl run --metrics writes a whole file for Prometheus when the run fails too", async () => {
  const faults = [{ kind: "status", status: 404, keys: ["3"] }] as const;
  await withSimulator({ ...options, faults }, async ({ url }, folder) => {
    folder.file("k.txt", keyLines(20));
    const cwd = folder.path;
    // The umask of the shipped unit, which a process inherits.
    const umask = Deno.build.os === "windows" ? 0 : Deno.umask(0o077);
    const ending = trawl([...flags(url), "--metrics", "trawl.prom"], { cwd });
    if (Deno.build.os !== "windows") Deno.umask(umask);
    assert.equal((await ending).code, 3);
    const text = await Deno.readTextFile(folder.file("trawl.prom"));
    assert.match(text, /^trawl_run_keys\{job="127.0.0.1-\d+",verdict="ok"\} 19$/m);
    assert.match(text, /^trawl_run_failures\{.*reason="status"\} 1$|reason="http-404"\} 1$/m);
    assert.match(text, /^trawl_exit_code\{.*\} 3$/m);
    assert.match(text, /^trawl_running\{.*\} 0$/m);
    if (Deno.build.os !== "windows") {
      assert.equal((await Deno.stat(folder.file("trawl.prom"))).mode! & 0o777, 0o644);
    }
    await Deno.mkdir(folder.file("folder.prom"));
    const taken = await trawl([...flags(url), "--metrics", "folder.prom"], { cwd });
    assert.equal(taken.code, 2);
    for await (const { name } of Deno.readDir(cwd)) assert.ok(!name.endsWith(".tmp"), name);
    const wrong = await trawl([...flags(url), "--metrics", "trawl.txt"], { cwd });
    assert.equal(wrong.code, 2);
    const nowhere = await trawl([...flags(url), "--metrics", "none/trawl.prom"], { cwd });
    assert.equal(nowhere.code, 2);
  });
});
