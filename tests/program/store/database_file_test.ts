/**
 * A database file over its life: two runs at once, damage.
 *
 * @module
 */

import assert from "node:assert/strict";
import { query } from "../../support/database.ts";
import { trawlHere } from "../../support/in_process.ts";
import { helloRun, keyLines, withSimulator } from "../../support/simulator.ts";
import { until } from "../../support/until.ts";
import { startTrawl, trawl } from "../../support/trawl.ts";

const hello = { profile: "hello", latency: { kind: "fixed", ms: 1 } } as const;

Deno.test("trawl run is refused while another run is on, readers are not, and kill -9 leaves no lock", async () => {
  await withSimulator(
    { profile: "hello", latency: { kind: "fixed", ms: 300 } },
    async (simulator, folder) => {
      const keys = folder.file("keys.txt", keyLines(1_000));
      const db = folder.file("a.db");
      await Deno.symlink("a.db", folder.file("link.db"));
      const job = ["--url", `${simulator.url}/hello/{key}`, "--rows", "$", "--keys", keys, "--db"];
      const first = startTrawl(["run", "first", ...job, db, "--in-flight", "2"]);
      await until(() => simulator.stats().requests > 10);
      for (const more of [[], ["--new"], ["--retry-failed"]]) {
        const second = await trawl(["run", "second", ...job, folder.file("link.db"), ...more]);
        assert.equal(second.code, 75, second.stderr);
        const holder = `process ${first.pid}( on \\S+)?, running first since \\d{4}-\\d\\d-\\d\\dT[\\d:]+Z`;
        assert.match(
          second.stderr,
          new RegExp(
            `^trawl: Cannot write the database ".*link.db": one run at a time may, it is held by ${holder}; run`,
          ),
        );
        assert.equal(second.stderr.split("\n").length, 2);
      }
      const readers = [["status", db], ["check", "first", ...job, db], [
        "plan",
        "first",
        ...job,
        db,
        "--probe",
        "3",
      ]];
      for (const reader of readers) {
        const { code, stdout, stderr } = await trawlHere(reader);
        assert.equal(code, 0, stderr);
        if (reader[0] === "status") assert.match(stdout, / first +- +running /);
      }
      first.kill("SIGKILL");
      assert.equal((await first.ended).signal, "SIGKILL");
      assert.ok(folder.names().includes("a.db.lock"));
      const death =
        /run 1 died, last write at \d{4}-\S+Z: its process ended before it could store why, as after kill -9/;
      const status = await trawlHere(["status", db]);
      assert.match(status.stdout, / first +- +died /);
      assert.match(status.stdout, death);
      assert.match(
        (await trawlHere(["status", db, "--json"])).stdout,
        /"state":"died","reason":"its process ended/,
      );
      const check = await trawlHere(["status", db, "--check"]);
      assert.equal(check.code, 3);
      assert.match(check.stdout, death);
      const again = await trawl(["run", "first", ...job, db, "--in-flight", "100"]);
      assert.equal(again.code, 0, again.stderr);
      assert.match(again.stderr, /resumes run 1: \d+ keys have a verdict/);
      assert.match(
        again.stderr,
        /^trawl: run 1 of first died after its last write at \S+Z: its process ended/,
      );
      assert.deepEqual(query(db, "SELECT id, job, state, ok FROM runs"), [[1, "first", "finished", 1_000]]);
      assert.ok(!folder.names().includes("a.db.lock"));
    },
  );
});

Deno.test("trawl run ends with 75 when its database is moved, and goes on when that is back", async () => {
  await withSimulator({ profile: "hello", latency: { kind: "fixed", ms: 50 } }, async (simulator, folder) => {
    const args = helloRun(simulator.url, folder.file("keys.txt", keyLines(400)), "--db", folder.file("a.db"));
    const running = startTrawl([...args, "--in-flight", "4"]);
    await until(() => simulator.stats().requests > 10);
    await Deno.rename(folder.file("a.db"), folder.file("b.db"));
    const { code, stderr } = await running.ended;
    assert.equal(code, 75, stderr);
    assert.match(
      stderr,
      /^trawl: The database ".*a\.db" was deleted or moved during the run: move it back to resume, or begin anew; then run/m,
    );
    const asked = simulator.stats().requests;
    assert.ok(asked < 400);
    assert.deepEqual(query(folder.file("b.db"), "SELECT state, ok FROM runs"), [["interrupted", asked]]);
    await Deno.rename(folder.file("b.db"), folder.file("a.db"));
    const again = await trawl([...args, "--in-flight", "100"]);
    assert.equal(again.code, 0, again.stderr);
    assert.equal(simulator.stats().requests, 400);
  });
});

const pageBytes = 8_192;

/** Damages to a whole database, and what `trawl status` says of each. */
const damages: readonly (readonly [string, (bytes: Uint8Array) => Uint8Array, RegExp])[] = [
  [
    "a beginning that is garbage",
    (bytes) => bytes.fill(0x55, 0, 100),
    /it is not an SQLite database, or its beginning is damaged/,
  ],
  [
    "a schema that is garbage",
    (bytes) => bytes.fill(0x55, 100, pageBytes),
    /: it is damaged: database disk image is malformed/,
  ],
  ["an end that is missing", (bytes) => bytes.slice(0, Math.floor(bytes.length / 2)), /is damaged: /],
  [
    "bytes flipped in the middle of every page of rows",
    (bytes) => {
      for (let at = pageBytes; at < bytes.length; at += pageBytes) {
        if (bytes[at] === 0x0d) bytes.fill(0xff, at + 8, at + 200);
      }
      return bytes;
    },
    /is damaged: /,
  ],
];

const keyCount = 500;

/** A database with one finished run, written once. */
let whole: Promise<Uint8Array> | undefined;

async function wholeDatabase(): Promise<Uint8Array> {
  let bytes = new Uint8Array();
  await withSimulator(hello, async (simulator, folder) => {
    const keys = folder.file("keys.txt", keyLines(keyCount));
    const db = folder.file("a.db");
    assert.equal((await trawlHere(helloRun(simulator.url, keys, "--db", db, "--quiet"))).code, 0);
    bytes = await Deno.readFile(db);
  });
  return bytes;
}

for (const [what, spoil, message] of damages) {
  Deno.test(`trawl status names ${what}, and trawl run makes nothing worse`, async () => {
    whole ??= wholeDatabase();
    const spoiled = spoil((await whole).slice());
    await withSimulator(hello, async (simulator, folder) => {
      const keys = folder.file("keys.txt", keyLines(keyCount));
      const db = folder.file("a.db");
      await Deno.writeFile(db, spoiled);
      const status = await trawlHere(["status", db]);
      assert.notEqual(status.code, 0, status.stdout);
      assert.match(status.stderr, message);
      assert.match(status.stderr, /restore a backup/);
      const run = await trawlHere(helloRun(simulator.url, keys, "--db", db, "--quiet", "--new"));
      assert.ok(run.code === 1 || run.code === 2, run.stderr);
      assert.match(run.stderr, /^trawl: Cannot use the database .* damaged.*\n$/);
      // The damaged pages are unchanged; the whole ones may hold a few more rows.
      const after = await Deno.readFile(db);
      assert.ok(after.length >= spoiled.length);
      assert.notEqual((await trawlHere(["status", db])).code, 0);
    });
  });
}

Deno.test("trawl run resumes from the last checkpoint when the WAL is gone", async () => {
  await withSimulator({ profile: "hello", latency: { kind: "fixed", ms: 10 } }, async (simulator, folder) => {
    const keys = folder.file("keys.txt", keyLines(400));
    const db = folder.file("a.db");
    const args = helloRun(simulator.url, keys, "--db", db);
    const running = startTrawl(args);
    await until(() => simulator.stats().requests > 60);
    running.kill("SIGKILL");
    await running.ended;
    await Deno.remove(`${db}-wal`);
    const again = await trawl(args);
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(query(db, "SELECT state, ok FROM runs ORDER BY id DESC LIMIT 1"), [["finished", 400]]);
    assert.deepEqual((await trawlHere(["status", db, "--check-file"])).code, 0);
  });
});
