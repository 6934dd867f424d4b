/**
 * `trawl backup`: a copy in the middle of a run, and names that it refuses.
 *
 * @module
 */

import assert from "node:assert/strict";
import { query } from "../../support/database.ts";
import { helloRun, keyLines, withSimulator } from "../../support/simulator.ts";
import { startTrawl, trawl } from "../../support/trawl.ts";

Deno.test("trawl backup copies a database in the middle of a run, and the copy can be resumed", async () => {
  await withSimulator({ profile: "hello", latency: { kind: "fixed", ms: 20 } }, async ({ url }, folder) => {
    folder.file("k.txt", keyLines(3_000));
    const cwd = folder.path;
    const args = helloRun(url, "k.txt", "--in-flight", "16");
    const running = startTrawl([...args, "--db", "a.db"], { cwd });
    let copied = 0;
    for (let number = 0; copied === 0 && number < 200; number++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const { code } = await trawl(["backup", `${number}.copy`, "--db", "a.db", "--quiet"], { cwd });
      if (code !== 0) continue;
      const copy = folder.file(`${number}.copy`);
      copied = Number(query(copy, "SELECT count(*) FROM fetches")[0]?.[0]);
      if (copied > 0) await Deno.rename(copy, folder.file("copy.db"));
    }
    running.kill("SIGKILL");
    await running.ended;
    assert.ok(copied > 0 && copied < 3_000, `${copied} keys were copied`);
    const copy = folder.file("copy.db");
    assert.equal((await Deno.stat(copy)).mode! & 0o777, 0o600);
    assert.deepEqual(folder.names().filter((name) => name.includes(".copy.")), []);
    assert.deepEqual(query(copy, "PRAGMA integrity_check"), [["ok"]]);
    assert.deepEqual(query(copy, "SELECT ok, (SELECT count(*) FROM rows) FROM runs"), [[copied, copied]]);
    const { code, stderr } = await trawl([...args, "--db", "copy.db"], { cwd });
    assert.equal(code, 0, stderr);
    assert.deepEqual(query(copy, "SELECT count(*), state, ok FROM runs"), [[1, "finished", 3_000]]);
  });
});

Deno.test("trawl backup overwrites no file, and leaves none behind when it cannot write", async () => {
  await withSimulator({ profile: "hello", latency: { kind: "none" } }, async ({ url }, folder) => {
    folder.file("k.txt", keyLines(5));
    const cwd = folder.path;
    const args = helloRun(url, "k.txt", "--db", "a.db");
    assert.equal((await trawl(args, { cwd })).code, 0);
    folder.file("there", "mine");
    const cases: readonly (readonly [string[], string])[] = [
      [["there"], 'Cannot write the backup "there": the file exists'],
      [["none/copy"], 'Cannot write the backup "none/copy": '],
      [[], "No file for the backup: name one"],
      [["copy", "--db", "k.txt"], 'Cannot use the database "k.txt": it is not an SQLite database'],
    ];
    for (const [operands, message] of cases) {
      const { code, stderr } = await trawl(["backup", ...operands], { cwd });
      assert.equal(code, 2);
      assert.ok(stderr.startsWith(`trawl: ${message}`), stderr);
    }
    assert.equal(await Deno.readTextFile(folder.file("there")), "mine");
    assert.deepEqual(folder.names().filter((name) => !name.startsWith("a.db")).toSorted(), [
      "k.txt",
      "there",
    ]);
  });
});
