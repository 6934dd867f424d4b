/**
 * A disk that is full, nearly full or read-only, and a database that another program has locked.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { leftOf, query } from "../../support/database.ts";
import { canMount, mounted } from "../../support/disk.ts";
import { trawlHere } from "../../support/in_process.ts";
import { helloRun, keyLines, withSimulator } from "../../support/simulator.ts";
import { day, updatesJob } from "../../support/ripestat_job.ts";
import { TempFolder } from "../../support/temp.ts";
import { trawl } from "../../support/trawl.ts";

const isMountable = await canMount();

/** MiB of a disk that the rows of {@linkcode population} overflow. */
const smallMiB = 2;

/** MiB of a file that the log of the database overflows before its first checkpoint, but no cache of Deno does. */
const smallFileMiB = 5;

const population = {
  ripestat: { asns: 60, updatesMax: 100, sizes: { "100": 150_000, "200": 120_000 } },
} as const;

/** Queries whose results a full disk must not change. */
const endState = [
  "SELECT sequence, key, verdict, reason, rows FROM fetches ORDER BY sequence",
  "SELECT count(*), sum(ts), min(ts), max(ts) FROM updates",
  "SELECT state, keys, ok, empty, failed, rows FROM runs",
  leftOf("updates"),
  "PRAGMA integrity_check",
];

/** Runs trawl on a disk that is too small, makes room, and resumes: the database equals that of an undisturbed run. */
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
    const verdicts = Number(query(db, "SELECT count(*) FROM fetches")[0]?.[0]);
    const keys = population.ripestat.asns + 2;
    assert.ok(verdicts >= 0 && verdicts < keys, `${verdicts} verdicts of ${keys} keys`);
    assert.ok(requests > 0 && requests < keys + 3, `${requests} requests for ${keys} keys`);
    const again = await trawlHere(args(db));
    assert.equal(again.code, 0, again.stderr);
    assert.match(
      again.stderr,
      new RegExp(`resumes run 1 for ${day}: ${verdicts} keys have a verdict`),
    );
    const calm = folder.file("calm.db");
    assert.equal((await trawlHere(args(calm))).code, 0);
    for (const sql of endState) assert.deepEqual(query(db, sql), query(calm, sql), sql);
  });
}

Deno.test({
  name: "trawl run ends with one line when the disk is full, and resumes when there is room (needs mount)",
  ignore: !isMountable,
  fn: async () => {
    await using small = await mounted(smallMiB);
    await fillUp({
      file: (name) => small.file(name),
      mend: () => small.remount("rw", 100),
      message:
        /^trawl: Cannot write the database ".*": the disk is full, 0 B free; free some space, then run the same/,
    }, trawl);
  },
});

Deno.test({
  name: "trawl run ends with one line when its file may not grow, and resumes when it may (needs bash)",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    using folder = new TempFolder();
    // Deno's caches are larger than the limit, except the libraries and the modules without their types.
    const { denoDir } = JSON.parse(
      new TextDecoder().decode(
        (await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output()).stdout,
      ),
    );
    await Deno.mkdir(folder.file("deno"));
    for (const name of ["npm", "gen"]) await Deno.symlink(`${denoDir}/${name}`, folder.file(`deno/${name}`));
    const env = { DENO_DIR: folder.file("deno") };
    await fillUp({
      file: (name) => folder.file(name),
      mend: () => Promise.resolve(),
      message: /^trawl: Cannot use the database ".*": the disk fails, disk I\/O error, .* free; repair/,
    }, (args) => trawl(args, { env, fileKiBMax: smallFileMiB * 2 ** 10 }));
  },
});

Deno.test({
  name: "trawl run refuses to start when little space is free (needs mount)",
  ignore: !isMountable,
  fn: async () => {
    await withSimulator(
      { profile: "hello", latency: { kind: "fixed", ms: 1 } },
      async (simulator, folder) => {
        await using small = await mounted(20);
        const keys = folder.file("keys.txt", keyLines(10));
        const args = helloRun(simulator.url, keys);
        const { code, stderr } = await trawlHere([...args, "--db", small.file("a.db")]);
        assert.equal(code, 2);
        assert.match(
          stderr,
          /^trawl: Cannot run on the database ".*": 256 MiB must stay free, got .* MiB free; free some space, or use --ignore-free-space\n$/,
        );
        assert.equal(simulator.stats().requests, 0);
        assert.equal((await trawlHere([...args, "--db", small.file("a.db"), "--ignore-free-space"])).code, 0);
      },
    );
  },
});

Deno.test({
  name: "trawl run exits with 2 and one line when the disk is read-only (needs mount)",
  ignore: !isMountable,
  fn: async () => {
    await withSimulator(
      { profile: "hello", latency: { kind: "fixed", ms: 1 } },
      async (simulator, folder) => {
        await using small = await mounted(20);
        const keys = folder.file("keys.txt", keyLines(10));
        const args = helloRun(simulator.url, keys, "--ignore-free-space");
        assert.equal((await trawlHere([...args, "--db", small.file("a.db")])).code, 0);
        await small.remount("ro", 20);
        const asked = simulator.stats().requests;
        for (const name of ["a.db", "new.db"]) {
          const { code, stderr } = await trawlHere([...args, "--db", small.file(name)]);
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

Deno.test("trawl run exits with 75 and one line when another program has locked the database", async () => {
  await withSimulator({ profile: "hello", latency: { kind: "fixed", ms: 1 } }, async (simulator, folder) => {
    const keys = folder.file("keys.txt", keyLines(10));
    const db = folder.file("a.db");
    const args = helloRun(simulator.url, keys, "--db", db);
    assert.equal((await trawlHere(args)).code, 0);
    using other = new DatabaseSync(db);
    other.exec("BEGIN IMMEDIATE");
    const { code, stderr } = await trawlHere([...args, "--new"]);
    assert.equal(code, 75, stderr);
    assert.match(
      stderr,
      /^trawl: Cannot write the database ".*": another program has locked it for 10 s; end its/,
    );
    // Readers need no lock.
    assert.equal((await trawlHere(["status", db])).code, 0);
  });
});
