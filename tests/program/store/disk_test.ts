/**
 * Bad days of the disk: it is full, or nearly, or nobody may write on it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { leftOf, query } from "../../support/database.ts";
import { canMount, mounted } from "../../support/disk.ts";
import { helloRun, keyLines, withSimulator } from "../../support/simulator.ts";
import { day, updatesJob } from "../../support/ripestat_job.ts";
import { TempFolder } from "../../support/temp.ts";
import { trawl } from "../../support/trawl.ts";

const isMountable = await canMount();
const population = {
  ripestat: { asns: 60, updatesMax: 400, sizes: { "100": 500_000, "200": 400_000 } },
} as const;

/** What must be the same when a full disk came in between. */
const endState = [
  "SELECT sequence, key, verdict, reason, rows FROM fetch ORDER BY sequence",
  "SELECT count(*), sum(ts), min(ts), max(ts) FROM updates",
  "SELECT state, keys, ok, empty, failed, rows FROM run",
  leftOf("updates"),
  "PRAGMA integrity_check",
];

/** Runs trawl on a disk that is too small, mends that, and runs it again: the outcome is that of an undisturbed run. */
async function fillUp(
  test: {
    readonly file: (name: string) => string;
    readonly mend: () => Promise<void>;
    readonly message: RegExp;
  },
  limited: (args: readonly string[]) => ReturnType<typeof trawl>,
): Promise<void> {
  await withSimulator(population, async (simulator, folder) => {
    const job = folder.file("job.toml", updatesJob(simulator.url));
    const args = (db: string) => ["run", job, "--db", db, "--window", day, "--ignore-free-space"];
    const db = test.file("a.db");
    const full = await limited([...args(db), "--quiet"]);
    assert.equal(full.code, 75, full.stderr);
    assert.match(full.stderr, test.message);
    assert.equal(full.stderr.split("\n").length, 2, full.stderr);
    const requests = simulator.stats().requests;
    await test.mend();
    const verdicts = Number(query(db, "SELECT count(*) FROM fetch")[0]?.[0]);
    assert.ok(verdicts < population.ripestat.asns + 3 && requests < population.ripestat.asns + 5);
    const again = await trawl(args(db));
    assert.equal(again.code, 0, again.stderr);
    assert.match(
      again.stderr,
      new RegExp(`goes on with run 1 for ${day}, ${verdicts} keys have their verdict`),
    );
    const calm = folder.file("calm.db");
    assert.equal((await trawl(args(calm))).code, 0);
    for (const sql of endState) assert.deepEqual(query(db, sql), query(calm, sql), sql);
  });
}

Deno.test({
  name: "trawl run ends with one line when the disk is full, and goes on when it is not (needs mount)",
  ignore: !isMountable,
  fn: async () => {
    await using small = await mounted(6);
    await fillUp({
      file: (name) => small.file(name),
      mend: () => small.remount("rw", 100),
      message:
        /^trawl: Cannot write the database ".*": the disk is full, 0 B free; free some space, then run the same/,
    }, trawl);
  },
});

Deno.test({
  name:
    "trawl run ends with one line when its file may not grow any more, and goes on when it may (needs bash)",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    using folder = new TempFolder();
    // Deno's own files are larger than the limit, all but the libraries.
    const { denoDir } = JSON.parse(
      new TextDecoder().decode(
        (await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output()).stdout,
      ),
    );
    await Deno.mkdir(folder.file("deno"));
    await Deno.symlink(`${denoDir}/npm`, folder.file("deno/npm"));
    const env = { DENO_DIR: folder.file("deno") };
    await fillUp({
      file: (name) => folder.file(name),
      mend: () => Promise.resolve(),
      message: /^trawl: Cannot use the database ".*": the disk fails, disk I\/O error, .* free; repair/,
    }, (args) => trawl(args, { env, fileKiBMax: 6 * 2 ** 10 }));
  },
});

Deno.test({
  name: "trawl run refuses to begin where little room is left (needs mount)",
  ignore: !isMountable,
  fn: async () => {
    await withSimulator(
      { profile: "hello", latency: { kind: "fixed", ms: 1 } },
      async (simulator, folder) => {
        await using small = await mounted(20);
        const keys = folder.file("keys.txt", keyLines(10));
        const args = helloRun(simulator.url, keys);
        const { code, stderr } = await trawl([...args, "--db", small.file("a.db")]);
        assert.equal(code, 2);
        assert.match(
          stderr,
          /^trawl: Cannot run on the database ".*": 256 MiB must stay free, got .* MiB free; free some space, or use --ignore-free-space\n$/,
        );
        assert.equal(simulator.stats().requests, 0);
        assert.equal((await trawl([...args, "--db", small.file("a.db"), "--ignore-free-space"])).code, 0);
      },
    );
  },
});

Deno.test({
  name: "trawl run on a disk that is read-only says so in one line and exits with 2 (needs mount)",
  ignore: !isMountable,
  fn: async () => {
    await withSimulator(
      { profile: "hello", latency: { kind: "fixed", ms: 1 } },
      async (simulator, folder) => {
        await using small = await mounted(20);
        const keys = folder.file("keys.txt", keyLines(10));
        const args = helloRun(simulator.url, keys, "--ignore-free-space");
        assert.equal((await trawl([...args, "--db", small.file("a.db")])).code, 0);
        await small.remount("ro", 20);
        const asked = simulator.stats().requests;
        for (const name of ["a.db", "new.db"]) {
          const { code, stderr } = await trawl([...args, "--db", small.file(name)]);
          assert.equal(code, 2);
          assert.match(
            stderr,
            /^trawl: Cannot write the database ".*": its folder must exist and be writable, .*\n$/,
          );
        }
        assert.equal(simulator.stats().requests, asked);
      },
    );
  },
});

Deno.test("trawl run on a database that another program has locked says so in one line and exits with 75", async () => {
  await withSimulator({ profile: "hello", latency: { kind: "fixed", ms: 1 } }, async (simulator, folder) => {
    const keys = folder.file("keys.txt", keyLines(10));
    const db = folder.file("a.db");
    const args = helloRun(simulator.url, keys, "--db", db);
    assert.equal((await trawl(args)).code, 0);
    using other = new DatabaseSync(db);
    other.exec("BEGIN IMMEDIATE");
    const { code, stderr } = await trawl([...args, "--new"]);
    assert.equal(code, 75, stderr);
    assert.match(
      stderr,
      /^trawl: Cannot write the database ".*": another program has locked it for 10 s; end its/,
    );
    // Readers do not care.
    assert.equal((await trawl(["status", db])).code, 0);
  });
});
