/**
 * Windows that finished with failed keys: a later start must neither hide nor forget them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { HandlerServer } from "../../http/support.ts";
import { runCommand } from "../../support/in_process.ts";
import { keyLines } from "../../support/simulator.ts";
import { TempFolder } from "../../support/temp.ts";

const dayMs = 86_400_000;
const firstMs = Date.parse("2026-11-02T04:00Z");

function jobText(url: string): string {
  return `name = "days"
[keys]
range = "1..20"
[window]
every = "1d"
lag = "3h"
[request]
url = "${url}/{key}?day={window.start.date}"
[retry]
attempts = 1
[rows]
path = "$[*]"
`;
}

Deno.test("trawl run exits with 3 again for a window that finished below min_coverage, and names --retry-failed", async () => {
  using folder = new TempFolder();
  let isGone = true;
  await using server = new HandlerServer(({ url }) =>
    isGone && url.includes("/7?") ? new Response("", { status: 404 }) : Response.json([1])
  );
  const args = ["run", folder.file("days.toml", jobText(server.url)), "--db", folder.file("days.db")];
  const first = await runCommand(args, firstMs);
  assert.equal(first.code, 3, first.stderr);
  assert.match(first.stderr, /coverage +95\.00 % of the keys, less than the 99\.00 % .*\n[^]*--retry-failed/);
  const said = /already finished, but 1 of 20 keys failed, coverage 95\.00 % .*; --retry-failed asks/;
  for (const more of [[], ["--window", "2026-11-01"]]) {
    const again = await runCommand([...args, ...more], firstMs);
    assert.equal(again.code, 3, again.stderr);
    assert.match(again.stderr, said);
  }
  const { code, stdout, stderr } = await runCommand([...args, "--json"], firstMs);
  const { failed, thisStart, failures } = JSON.parse(stdout);
  assert.deepEqual([code, stderr, failed, thisStart.requests], [3, "", 1, 0]);
  assert.deepEqual(failures, [{ reason: "http-404", count: 1, example: "7", detail: null }]);
  isGone = false;
  assert.equal((await runCommand([...args, "--retry-failed"], firstMs)).code, 0);
  assert.equal((await runCommand(args, firstMs)).code, 0);
});

Deno.test("trawl run --retry-failed-windows asks once more what failed for a passing reason, and nothing else", async () => {
  using folder = new TempFolder();
  let isDown = true;
  const asked: string[] = [];
  await using server = new HandlerServer(({ url }) => {
    const question = url.slice(url.lastIndexOf("/") + 1);
    asked.push(question);
    if (question === "8?day=2026-11-01") return new Response("", { status: 404 });
    return isDown && question === "7?day=2026-11-01" ? new Response("", { status: 503 }) : Response.json([1]);
  });
  const keys = folder.file("keys.txt", keyLines(20));
  const args = [
    ...["run", folder.file("days.toml", jobText(server.url)), "--db", folder.file("days.db")],
    ...["--keys", keys, "--min-coverage", "0.95", "--retry-failed-windows", "1"],
  ];
  assert.equal((await runCommand(args, firstMs)).code, 3);
  isDown = false;
  // The next day has another list: the run of the day before asks the keys that it had.
  folder.file("keys.txt", keyLines(2));
  asked.length = 0;
  const second = await runCommand(args, firstMs + dayMs);
  assert.equal(second.code, 0, second.stderr);
  assert.match(
    second.stderr,
    /starts run 2 for 2026-11-02[^]*resumes run 1 for 2026-11-01: 19 keys have a verdict/,
  );
  assert.deepEqual(asked.toSorted(), ["1?day=2026-11-02", "2?day=2026-11-02", "7?day=2026-11-01"]);
  // Only the newest finished window counts, and it has no failed key.
  const third = await runCommand(args, firstMs + dayMs);
  assert.deepEqual([third.code, asked.length], [0, 3], third.stderr);
});
