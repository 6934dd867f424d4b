/**
 * A key file that is checked before a run, and that changes while the run reads it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { KeyFile } from "../../../lib/collect/keys/key_file.ts";
import { countedKeysMax } from "../../../lib/collect/keys/duplicate_counter.ts";
import { TempFolder } from "../../support/temp.ts";

/** A line each, 8 bytes: a block of 64 KiB holds 8,192. */
function textOf(count: number, letter = "k"): string {
  return Array.from({ length: count }, (_, index) => `${letter}${String(index).padStart(6, "0")}\n`).join("");
}

/** Keys of five blocks. */
const keyCount = 40_000;

/** Reads a file whose first keys have been taken when `change` is called. Gives the keys, and how it ended. */
async function readThrough(file: string, change: () => void | Promise<void>) {
  const list = await KeyFile.read(file);
  const keys: string[] = [];
  try {
    for await (const block of list.blocks()) {
      if (keys.length === 0) await change();
      keys.push(...block);
    }
    return { keys, error: undefined };
  } catch (error) {
    assert.ok(error instanceof Error);
    return { keys, error };
  }
}

function later(file: string): void {
  const { mtime } = Deno.statSync(file);
  Deno.utimeSync(file, new Date(), new Date(Number(mtime) + 5_000));
}

Deno.test("KeyFile.read() counts the keys to the end, and what occurs before", async () => {
  using folder = new TempFolder();
  const file = folder.file("k.txt", `\ufeff a \r\n\nb\na\nc\nä\n\tb\n`);
  const { keys, duplicates } = (await KeyFile.read(file, new Set(["c", "z"]))).facts;
  assert.deepEqual([keys, duplicates], [5, 2]);
});

Deno.test("KeyFile.read() counts the same keys when it stops counting duplicates", async () => {
  using folder = new TempFolder();
  // Blocks of ASCII only are counted without making keys; the others are not.
  const plain = "1\n 22 \n\n333\r\n4444\n   \n".repeat(20_000);
  const other = `ä\n${"x".repeat(2_048)}\n${" ".repeat(3_000)}y\n`.repeat(50);
  const text = `${"1\n".repeat(countedKeysMax)}${plain}${other}${plain}`;
  const total = countedKeysMax + 2 * 80_000 + 150;
  for (
    const [end, without, count] of [["", [], total], [
      "z",
      ["22", "y", "9"],
      total + 1 - 40_000 - 50,
    ]] as const
  ) {
    const file = folder.file("k.txt", text + end);
    const { keys, duplicates } = (await KeyFile.read(file, new Set(without))).facts;
    assert.deepEqual([keys, duplicates], [count, undefined]);
  }
});

Deno.test("KeyFile.read() names the line of a mistake behind a million keys", async () => {
  using folder = new TempFolder();
  for (
    const [wrong, message] of [
      ["b\tc", /^Cannot read line 1000012 of .*without control characters, got "b\\tc"$/],
      ["x".repeat(2_049), /^Cannot read line 1000012 of .*at most 2048 characters/],
      ["\ufffe\u0085", /^Cannot read line 1000012 of .*without control characters/],
    ] as const
  ) {
    const text = `${"7\n".repeat(countedKeysMax + 10)}\n${wrong}\n8\n`;
    await assert.rejects(KeyFile.read(folder.file("k.txt", text)), { name: "UsageError", message });
  }
});

Deno.test("KeyFile.read() refuses a file without a key, and none", async () => {
  using folder = new TempFolder();
  await assert.rejects(KeyFile.read(folder.file("k.txt", "\n \n")), {
    name: "UsageError",
    message: /it must hold at least one key, got none$/,
  });
  await assert.rejects(KeyFile.read(folder.file("none.txt")), {
    name: "UsageError",
    message: /no such file/,
  });
});

Deno.test("KeyFile.read() takes a fingerprint that any other byte changes", async () => {
  using folder = new TempFolder();
  const text = textOf(20_000);
  const texts = [text, `${text}\n`, text.slice(0, -1), text.replace("k000000", "K000000"), text.slice(8)];
  const found = await Promise.all(
    texts.map(async (text, index) => (await KeyFile.read(folder.file(`${index}.txt`, text))).facts.sha256),
  );
  assert.equal(new Set(found).size, texts.length);
  assert.equal((await KeyFile.read(folder.file("again.txt", text))).facts.sha256, found[0]);
});

Deno.test("KeyFile gives all keys of a file that nobody touches", async () => {
  using folder = new TempFolder();
  const { keys, error } = await readThrough(folder.file("k.txt", textOf(keyCount)), () => {});
  assert.deepEqual([keys.length, new Set(keys).size, error], [keyCount, keyCount, undefined]);
});

const changes: readonly (readonly [string, (file: string) => void, RegExp])[] = [
  [
    "rewritten in place",
    (file) => {
      Deno.writeTextFileSync(file, textOf(keyCount, "n"));
      later(file);
    },
    /its content is another one/,
  ],
  [
    "rewritten in place within one tick of its clock",
    (file) => {
      const { atime, mtime } = Deno.statSync(file);
      Deno.writeTextFileSync(file, textOf(keyCount, "n"));
      Deno.utimeSync(file, atime ?? 0, mtime ?? 0);
    },
    /its content is another one/,
  ],
  [
    "changed at its end",
    (file) => {
      Deno.writeTextFileSync(file, `${textOf(keyCount - 1)}other00\n`);
      later(file);
    },
    /its content is another one/,
  ],
  ["shortened", (file) => Deno.truncateSync(file, 100), /it has 100 bytes, and had 320000/],
  [
    "appended to",
    (file) => Deno.writeTextFileSync(file, "new\n", { append: true }),
    /it has 320004 bytes, and had 320000/,
  ],
];

for (const [how, change, reason] of changes) {
  Deno.test(`KeyFile ends with the keys of the first list when its file is ${how}`, async () => {
    using folder = new TempFolder();
    const file = folder.file("k.txt", textOf(keyCount));
    const { keys, error } = await readThrough(file, () => change(file));
    assert.equal(error?.name, "InterruptedError");
    assert.match(error?.message ?? "", reason);
    assert.match(error?.message ?? "", /restore it and run again to resume, or run with --new$/);
    assert.ok(keys.length < keyCount);
    assert.deepEqual(keys.filter((key) => !/^k\d{6}$/.test(key)), []);
  });
}

Deno.test("KeyFile reads on when its file is touched, or replaced by renaming", async () => {
  using folder = new TempFolder();
  const file = folder.file("k.txt", textOf(keyCount));
  const touched = await readThrough(file, () => later(file));
  assert.deepEqual([touched.keys.length, touched.error], [keyCount, undefined]);
  const replaced = await readThrough(
    file,
    () => Deno.renameSync(folder.file("new.txt", textOf(keyCount, "n")), file),
  );
  assert.deepEqual([replaced.keys.at(-1), replaced.error], ["k039999", undefined]);
});

Deno.test("KeyFile refuses a file that changed before its first key was read", async () => {
  using folder = new TempFolder();
  const file = folder.file("k.txt", "a\nb\n");
  const list = await KeyFile.read(file);
  await Deno.writeTextFile(file, "a\nc\n");
  await assert.rejects(Array.fromAsync(list.blocks()), { name: "InterruptedError" });
});
