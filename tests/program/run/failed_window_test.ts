/**
 * Windows that finished with failed keys: a later start must neither hide nor forget them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { HandlerServer } from "../../http/support.ts";
import { runCommand } from "../../support/in_process.ts";
import { TempFolder } from "../../support/temp.ts";

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
  assert.deepEqual(failures, [{ reason: "http-404", count: 1, example: "7" }]);
  isGone = false;
  assert.equal((await runCommand([...args, "--retry-failed"], firstMs)).code, 0);
  assert.equal((await runCommand(args, firstMs)).code, 0);
});
