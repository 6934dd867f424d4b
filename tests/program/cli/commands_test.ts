/**
 * Every command once: help, version, extract, check, status, simulate.
 *
 * @module
 */

import assert from "node:assert/strict";
import { delay } from "@std/async/delay";
import config from "../../../deno.json" with { type: "json" };
import { commands } from "../../../lib/command/commands.ts";
import { freePort } from "../../support/free_port.ts";
import { trawlHere } from "../../support/in_process.ts";
import { helloRun, keyLines, withSimulator } from "../../support/simulator.ts";
import { day, updatesJob } from "../../support/ripestat_job.ts";
import { TempFolder } from "../../support/temp.ts";
import { executable, program, startTrawl, trawl } from "../../support/trawl.ts";

/** Runs a command as a process only if an executable is tested. */
const say = executable === undefined ? trawlHere : trawl;

Deno.test("trawl --help names every command and -h every flag of a command", async () => {
  const { code, stdout } = await say(["--help"]);
  assert.equal(code, 0);
  for (const { name, summary } of commands) {
    assert.match(stdout, new RegExp(`trawl ${name}\\b.* ${escaped(summary)}`));
  }
  for (const { name, flags, examples } of commands) {
    const [short, long] = await Promise.all([say([name, "-h"]), say([name, "--help"])]);
    assert.equal(short.code, 0);
    for (const flag of flags) {
      assert.match(short.stdout, new RegExp(`--${flag.name}\\b.*\\s*${escaped(flag.help)}`));
      assert.ok(long.stdout.replaceAll(/\s+/g, " ").includes(flag.more), `${name} --${flag.name}`);
    }
    for (const example of examples) assert.ok(short.stdout.includes(example));
    assert.ok(long.stdout.length > short.stdout.length);
  }
});

Deno.test("trawl -V and --version name the commit, Deno and SQLite", async () => {
  const [{ stdout }, short] = await Promise.all([trawl(["--version"]), trawl(["-V"])]);
  assert.deepEqual([short.code, short.stdout], [0, stdout]);
  assert.match(
    stdout,
    /^trawl \d+\.\d+\.\d+ \((commit [0-9a-f]+(-dirty)?, )?Deno \d+\.\d+\.\d+, SQLite 3\.\d+\.\d+\)\n$/,
  );
});

Deno.test("trawl extract prints a value a line, raw if asked, and reads files and standard input", async () => {
  using folder = new TempFolder();
  const one = folder.file("one.json", '{"items":[{"id":1},{"id":"two\\n"},\n{"id":{"a":\n[1.0, 2]}}]}');
  const two = folder.file("two.json", '{"items":[{"id":12345678901234567890}]}');
  const lines = await say(["extract", "$.items[*].id", one, two]);
  assert.deepEqual([lines.code, lines.stdout], [0, '1\n"two\\n"\n{"a": [1.0, 2]}\n12345678901234567890\n']);
  const raw = await trawl(["extract", "--raw", "$[*]"], { stdin: '["a\\u00e9b", 1, null]' });
  assert.deepEqual([raw.code, raw.stdout], [0, "aéb\n1\nnull\n"]);
});

Deno.test("trawl extract names where an input is not JSON, reads the next one, and exits with 1", async () => {
  using folder = new TempFolder();
  folder.file("cut.json", '{"items":[1,2');
  folder.file("bad.json", '{"items":[1,,2]}');
  folder.file("good.json", '{"items":[3]}');
  const { code, stdout, stderr } = await trawl(
    ["extract", "$.items[*]", "cut.json", "bad.json", "good.json"],
    {
      cwd: folder.path,
    },
  );
  assert.equal(code, 1);
  assert.match(stdout, /3\n$/);
  assert.match(stderr, /^trawl: cut\.json: .*offset 13\b.*\ntrawl: bad\.json: .*offset 12\b.*\n$/);
});

Deno.test("trawl extract exits with 0 when its reader closes the pipe", async () => {
  const { path, args, ...user } = program;
  const command = new Deno.Command("sh", {
    ...user,
    args: [
      "-c",
      `(printf '['; yes '1,' | head -c 4000000; printf '1]') | "$@" extract '$[*]' | head -n 2; echo "$?"`,
      "sh",
      path,
      ...args,
    ],
    env: { NO_COLOR: "1" },
  });
  const { stdout, stderr } = await command.output();
  const text = new TextDecoder();
  assert.deepEqual([text.decode(stdout), text.decode(stderr)], ["1\n1\n0\n", ""]);
});

Deno.test("trawl check shows the first requests without a secret, and sends none", async () => {
  await withSimulator({ ripestat: { asns: 20 } }, async (simulator, folder) => {
    const request = 'headers = { authorization = "Bearer {secret.TRAWL_TOKEN}" }';
    const text = updatesJob(simulator.url, { request }).replace(
      "unix_timestamps=TRUE",
      "token={secret.TRAWL_TOKEN}",
    );
    const job = folder.file("job.toml", text);
    const env = { TRAWL_TOKEN: "s3cr3t" };
    const args = ["check", job, "--window", day, "--keys", folder.file("keys.txt", "3333\n1 2\n")];
    const { code, stdout, stderr } = await trawl(args, { env, cwd: folder.path });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^updates is a valid job\n {2}keys /);
    assert.ok(stdout.includes("resource=AS1%202&starttime=2026-11-20T00%3A00%3A00"), stdout);
    assert.ok(!stdout.includes("s3cr3t"));
    // The headers once, with the secrets hidden.
    assert.deepEqual(stdout.match(/^ {4}.*$/gm), [
      `    user-agent: trawl/${config.version}`,
      "    authorization: Bearer ***",
    ]);
    assert.equal(simulator.stats().requests, 0);
    assert.deepEqual(folder.names(), [
      "job.toml",
      "keys.txt",
    ]);
  });
});

Deno.test("trawl check lists every mistake in a line, at most a hundred; trawl run shows the first", async () => {
  using folder = new TempFolder();
  const unknown = Array.from({ length: 101 }, (_, index) => `qqqqqq${index} = 1\n`).join("");
  const file = folder.file(
    "a.toml",
    `name = "a"\n[request]\nmethod = "POST"\nurl = "ftp://h/{key}"\n[rows]\n${unknown}path = "$["\n`,
  );
  const { code, stdout, stderr } = await say(["check", file]);
  assert.deepEqual([code, stdout], [2, ""]);
  const found = stderr.trimEnd().split("\n");
  assert.equal(found.length, 101);
  assert.match(
    found[0] ?? "",
    /^trawl: .*a\.toml:3:1: request\.method: is not a known field: every request is a GET/,
  );
  assert.match(found[1] ?? "", /^trawl: .*a\.toml:4:7: request\.url: must begin with http/);
  assert.equal(found[100], "trawl: and 4 more mistakes");
  const run = await say(["run", file]);
  assert.equal(run.code, 2);
  assert.match(run.stderr, /^trawl: .*request\.method: .* \(and 103 more: trawl check lists all\)\n$/);
});

Deno.test("trawl check --try shows rows and verdicts, and stores nothing", async () => {
  await withSimulator({
    ripestat: { asns: 20 },
    faults: [{ kind: "status", status: 404, keys: ["100"] }],
  }, async ({ url }, folder) => {
    const job = folder.file("job.toml", updatesJob(url, { keys: 'control = ["12654", "100"]' }));
    const { code, stdout, stderr } = await trawl(["check", job, "--window", day, "--try", "3"], {
      cwd: folder.path,
    });
    assert.equal(code, 3, stderr);
    assert.match(stdout, /\n12654: ok, [\d,]+ rows, [\d.]+ [KM]?i?B\n( {2}\d{10} {2}"[AW]"\n){5}/);
    assert.match(stdout, /\n100: failed: the server answered 404 \(http-404\)(: .*)?\n/);
    assert.deepEqual(folder.names(), ["job.toml"]);
  });
});

Deno.test("trawl status shows runs, failures by reason, and failed keys", async () => {
  await withSimulator({
    profile: "hello",
    latency: { kind: "none" },
    faults: [{ kind: "status", status: 404, keys: ["2", "\u001b[31m"] }],
  }, async ({ url }, folder) => {
    const args = helloRun(url, folder.file("keys.txt", keyLines(3)), "--db", "a.db", "--quiet");
    assert.equal((await trawl(args, { cwd: folder.path })).code, 3);
    const { code, stdout, stderr } = await trawl(["status"], { cwd: folder.path });
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      /^run +job +window +state +coverage +ok +empty +failed +pending +rows +data +started\n/,
    );
    assert.match(stdout, /\n1 +127\.0\.0\.1-\d+ +- +finished +66\.66 % +2 +0 +1 +0 +2 /);
    assert.match(
      stdout,
      /\nrun 1: 1 failed with http-404: the server answered 404, such as 2: \{"status":"error","status_code":404\}\n.* finished [^\n]* ago, coverage 66.66 %\na.db: .* free\n$/,
    );
    const failed = await trawl(["status", "a.db", "--run", "1", "--failed"], { cwd: folder.path });
    assert.equal(failed.stdout, "2\thttp-404\t404\t1\n");
    const told = await trawl(["status", "a.db", "--failed", "--verbose"], { cwd: folder.path });
    assert.equal(told.stdout, '2\thttp-404\t404\t1\t{"status":"error","status_code":404}\n');
    assert.equal((await trawl(["status", "a.db", "--run", "7"], { cwd: folder.path })).code, 2);
  });
});

Deno.test("trawl simulate prints its address, and the truth if asked", async () => {
  const port = freePort();
  const running = startTrawl(["simulate", "--profile", "hello", "--delay", "0", "--port", port]);
  const stopped = running.ended.then(() => true);
  const answers = () => fetch(`http://127.0.0.1:${port}/hello/1`).then((res) => res.text(), () => undefined);
  while (await Promise.race([stopped, answers()]) === undefined) await delay(20);
  running.kill("SIGTERM");
  const { code, stdout } = await running.ended;
  assert.equal(code, 0);
  assert.match(stdout, /^http:\/\/127\.0\.0\.1:\d+\n$/);
  const truth = await trawl(["simulate", "--truth", "12654", "--window", day, "--size", "12654=3"]);
  assert.equal(truth.code, 0, truth.stderr);
  assert.match(truth.stdout, /^(\[\d{10},"[AW]"\]\n){3}$/);
});

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
