import assert from "node:assert/strict";
import { InterruptedError, UsageError } from "../../../lib/errors.ts";
import type { TableSchema } from "../../../lib/rows/table_schema.ts";
import { acquire } from "../../../lib/store/sqlite/acquire.ts";
import { isHeld, RunLock } from "../../../lib/store/sqlite/run_lock.ts";
import { createDatabase, openWriter } from "../../support/database.ts";
import { TempFolder } from "../../support/temp.ts";

const schema: TableSchema = { name: "t", columns: [{ name: "v", type: "ANY" }] };

function modeOf(file: string): number {
  return (Deno.statSync(file).mode ?? 0) & 0o777;
}

Deno.test("RunLock.acquire() names the holder through every symbolic link, until the lock is released", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await Deno.symlink("a.db", folder.file("link.db"));
  await Deno.mkdir(folder.file("more"));
  await Deno.symlink("../link.db", folder.file("more/far.db"));
  // First without the file, then with it.
  for (const isThere of [false, true]) {
    if (isThere) await createDatabase(file, schema);
    const held = await RunLock.acquire(folder.file("link.db"), "sweep");
    assert.equal(modeOf(`${file}.lock`), 0o600);
    for (const name of ["a.db", "link.db", "more/far.db"]) {
      assert.equal(isHeld(folder.file(name)), true);
      await assert.rejects(RunLock.acquire(folder.file(name), "other"), (error) => {
        assert.ok(error instanceof InterruptedError);
        assert.match(
          error.message,
          new RegExp(
            `^Cannot write the database ".*${name}": one run at a time may, it is held by process ` +
              `${Deno.pid}( on \\S+)?, running sweep since \\d{4}-\\S+Z; run again later$`,
          ),
        );
        return true;
      });
    }
    await held[Symbol.asyncDispose]();
    assert.equal(isHeld(folder.file("link.db")), false);
    assert.ok(!folder.names().includes("a.db.lock"));
  }
});

Deno.test("RunLock.acquire() takes over the lock file of a killed process", async () => {
  using folder = new TempFolder();
  folder.file("a.db.lock", "process 1, which runs something\n");
  assert.equal(isHeld(folder.file("a.db")), false);
  await using _lock = await RunLock.acquire(folder.file("a.db"), "sweep");
  assert.match(
    await Deno.readTextFile(folder.file("a.db.lock")),
    /^process \d+( on \S+)?, running sweep since \S+Z\n$/,
  );
  assert.equal(modeOf(folder.file("a.db.lock")), 0o600);
});

Deno.test("RunLock.acquire() refuses a file of another program that has the name of the lock", async () => {
  using folder = new TempFolder();
  folder.file("deno.lock", "{}\n");
  await assert.rejects(
    RunLock.acquire(folder.file("deno"), "sweep"),
    (error) =>
      error instanceof UsageError && /deno\.lock" is not trawl's, and a lock needs /.test(error.message),
  );
  assert.equal(await Deno.readTextFile(folder.file("deno.lock")), "{}\n");
});

Deno.test("RunLock.acquire() waits for a reader that asks whether the lock is held", async () => {
  using folder = new TempFolder();
  const reader = await Deno.open(folder.file("a.db.lock", ""), { read: true });
  assert.equal(reader.tryLockSync(false), true);
  const acquired = RunLock.acquire(folder.file("a.db"), "sweep");
  await new Promise((resolve) => setTimeout(resolve, 20));
  reader.close();
  await using lock = await acquired;
  assert.equal(await lock.loss(), undefined);
  await Deno.remove(folder.file("a.db.lock"));
  assert.match(await lock.loss() ?? "", /a\.db\.lock" was deleted or replaced during the run: run /);
});

// With fewer than all permissions, as the executable has, Deno follows links before it opens a file.
for (const permissions of ["inherit", { read: true, write: true, env: true, sys: true }] as const) {
  const name = `RunLock.acquire() leaves the file alone that a planted lock file leads to, permissions ${
    JSON.stringify(permissions)
  }`;
  Deno.test(name, { permissions }, refusesPlantedLocks);
}

async function refusesPlantedLocks(): Promise<void> {
  using folder = new TempFolder();
  const other = folder.file("other", "precious");
  await Deno.chmod(other, 0o644);
  const mode = modeOf(other);
  const lock = folder.file("a.db.lock");
  const plant: readonly (readonly [() => void, RegExp])[] = [
    [() => Deno.symlinkSync("other", lock), /it is a symbolic link: delete it$/],
    [() => Deno.symlinkSync("none", lock), /it is a symbolic link: delete it$/],
    [() => Deno.linkSync(other, lock), /it must have one name, got 2 hard links: delete it$/],
    [() => Deno.mkdirSync(lock), /it is a folder: remove it$/],
  ];
  for (const [make, why] of plant) {
    make();
    assert.notEqual(isHeld(folder.file("a.db")), true);
    await assert.rejects(
      RunLock.acquire(folder.file("a.db"), "sweep"),
      (error) =>
        error instanceof UsageError && error.message.includes(`lock file "${lock}": `) &&
        why.test(error.message),
    );
    assert.equal(await Deno.readTextFile(other), "precious");
    await Deno.remove(lock);
  }
  assert.equal(modeOf(other), mode);
  assert.deepEqual(folder.names(), ["other"]);
}

Deno.test("RunLock.acquire() refuses a database with two hard links", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  await createDatabase(file, schema);
  await Deno.link(file, folder.file("b.db"));
  for (const name of ["a.db", "b.db"]) {
    await assert.rejects(
      RunLock.acquire(folder.file(name), "sweep"),
      (error) => error instanceof UsageError && /must have one name, got 2 hard links/.test(error.message),
    );
  }
});

Deno.test("RunLock.acquire() gives the lock to one of many processes at once", async () => {
  using folder = new TempFolder();
  const file = folder.file("a.db");
  const module = new URL("../../../lib/store/sqlite/run_lock.ts", import.meta.url).href;
  // Each process logs `<` when it gets the lock and `>` before it releases the lock.
  const log = folder.file("log", "");
  const script = `const { RunLock } = await import("${module}");
    const log = (text) => Deno.writeTextFileSync(${JSON.stringify(log)}, text, { append: true });
    let held = 0;
    while (held < 25) {
      try {
        const lock = await RunLock.acquire(${JSON.stringify(file)}, "j");
        log("<"); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3); log(">");
        await lock[Symbol.asyncDispose]();
        held++;
      } catch (error) { if (error.name !== "InterruptedError") throw error; }
    }`;
  const run = () =>
    new Deno.Command(Deno.execPath(), { args: ["eval", "--quiet", script], stderr: "inherit" }).output();
  const ended = await Promise.all([run(), run(), run()]);
  assert.deepEqual(ended.map(({ code }) => code), [0, 0, 0]);
  assert.equal(await Deno.readTextFile(log), "<>".repeat(75));
});

Deno.test("acquire() and StoreWriter.open() make every file private, at any umask and earlier mode", async () => {
  const umask = Deno.umask(0);
  try {
    using folder = new TempFolder();
    const file = folder.file("a.db");
    const said: string[] = [];
    const options = { job: "j", log: (text: string) => said.push(text), ignoresFreeSpace: false };
    {
      await using _lock = await acquire(file, options);
      await using store = await openWriter(file, schema);
      await store.endRun(await store.beginRun({ job: "j", text: "", identity: "" }), {
        state: "finished",
        isCovered: true,
      });
      assert.deepEqual(folder.names(), ["a.db", "a.db-shm", "a.db-wal", "a.db.lock"]);
      for (const name of folder.names()) assert.equal(modeOf(folder.file(name)), 0o600, name);
    }
    assert.deepEqual(said, []);
    await Deno.chmod(file, 0o640);
    await (await acquire(file, options))[Symbol.asyncDispose]();
    assert.equal(modeOf(file), 0o640, "a group was meant");
    await Deno.chmod(file, 0o644);
    {
      await using _lock = await acquire(file, options);
      await using store = await openWriter(file, schema);
      await store.endRun(await store.beginRun({ job: "j", text: "", identity: "" }), {
        state: "finished",
        isCovered: true,
      });
      for (const name of folder.names()) assert.equal(modeOf(folder.file(name)), 0o600, name);
    }
    assert.deepEqual(said, [
      `trawl: "${file}" was accessible to every user (mode 644): changed to mode 600\n`,
    ]);
    await Deno.symlink(folder.file("target.db"), folder.file("link.db"));
    await createDatabase(folder.file("link.db"), schema);
    assert.equal(modeOf(folder.file("target.db")), 0o600);
  } finally {
    Deno.umask(umask);
  }
});
