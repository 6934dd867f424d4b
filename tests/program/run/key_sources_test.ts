/**
 * Key lists that can be read only once: from another program, and from standard input.
 *
 * @module
 */

import assert from "node:assert/strict";
import { query } from "../../support/database.ts";
import { helloRun, withSimulator } from "../../support/simulator.ts";
import { denoEnv, program, stateEnv, trawl } from "../../support/trawl.ts";

Deno.test("trawl run takes the keys of a process substitution, and keeps them", async () => {
  await withSimulator(
    { profile: "hello", latency: { kind: "fixed", ms: 0 } },
    async ({ url, stats }, folder) => {
      const db = folder.file("a.db");
      const { path, args, ...user } = program;
      const command = [path, ...args, "run", "--url", `${url}/hello/{key}`, "--rows", "$", "--db", db];
      const { code, stderr } = await new Deno.Command("/bin/bash", {
        ...user,
        args: ["-c", 'exec "$@" --keys <(seq 30; echo 7)', "bash", ...command],
        clearEnv: true,
        env: { ...denoEnv, ...stateEnv, NO_COLOR: "1" },
        cwd: folder.path,
      }).output();
      const text = new TextDecoder().decode(stderr);
      assert.equal(code, 0, text);
      assert.match(text, /^ {2}duplicates {2}1 key occurs before in the list, and is asked again$/m);
      assert.equal(stats().requests, 31);
      assert.deepEqual(query(db, "SELECT state, keys, ok FROM runs"), [["finished", 31, 31]]);
    },
  );
});

Deno.test("trawl run names the wrong line of standard input, and that keys before it were asked", async () => {
  await withSimulator({ profile: "hello", latency: { kind: "fixed", ms: 0 } }, async ({ url }, folder) => {
    const db = folder.file("a.db");
    // Some chunks of 64 KiB: a block of 1,024 keys is asked before the last one comes.
    const lines = Array.from({ length: 2_500 }, (_, index) => `${"k".repeat(80)}${index}\n`);
    const stdin = `${lines.join("")}wrong\tkey\n`;
    const args = helloRun(url, "-", "--db", db, "--batch", "500", "--in-flight", "16");
    const { code, stderr } = await trawl(args, { stdin });
    assert.equal(code, 2, stderr);
    assert.match(
      stderr,
      /Cannot read line 2501 of standard input: .*; keys before it were asked: correct the list/,
    );
    const [[state, ok] = []] = query(db, "SELECT state, ok FROM runs");
    assert.equal(state, "interrupted");
    assert.ok(Number(ok) > 0);
  });
});
