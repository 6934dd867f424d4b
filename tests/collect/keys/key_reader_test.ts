/**
 * Key files cut at every place, ranges, and the messages about texts that are no key list.
 *
 * @module
 */

import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { TextLineStream } from "@std/streams/text-line-stream";
import fc from "fast-check";
import { controlFirst } from "../../../lib/collect/keys/control_keys.ts";
import { type OpenKeys, readKeys } from "../../../lib/collect/keys/key_reader.ts";
import { keyRule } from "../../../lib/job/key_rule.ts";
import { assertProperty } from "../../support/property.ts";

const source = { kind: "file", file: "k.txt" } as const;

/** A text as a stream of chunks of `pieceBytes` bytes. */
function opener(text: string | Uint8Array<ArrayBuffer>, pieceBytes = 1 << 16): OpenKeys {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return () => {
    let offset = 0;
    return Promise.resolve(
      new ReadableStream({
        pull(controller) {
          if (offset >= bytes.length) return controller.close();
          controller.enqueue(bytes.slice(offset, offset + pieceBytes));
          offset += pieceBytes;
        },
      }),
    );
  };
}

async function keysOf(blocks: AsyncIterable<readonly string[]>): Promise<string[]> {
  const keys: string[] = [];
  for await (const block of blocks) {
    ok(block.length > 0 && block.length <= 1_024, `a block of ${block.length}`);
    keys.push(...block);
  }
  return keys;
}

async function* blocksOf(...blocks: readonly (readonly string[])[]) {
  await Promise.resolve();
  yield* blocks;
}

const texts: readonly (readonly [string, readonly string[]])[] = [
  ["a", ["a"]],
  ["a\n", ["a"]],
  ["a\nb", ["a", "b"]],
  ["a\r\nb\r\n", ["a", "b"]],
  ["\n\na\n \n\t\r\nb\n\n", ["a", "b"]],
  ["  a b \t\n", ["a b"]],
  ["\ufeffa\n", ["a"]],
  ["\ufeff\na\n", ["a"]],
  ["a\n\ufeffb\n", ["a", "b"]],
  ["\u00a0a\u2003\n\u3000\nb", ["a", "b"]],
  ["# no comment\n#\n", ["# no comment", "#"]],
  ["é\n日本語\r\n😀\n", ["é", "日本語", "😀"]],
  ["a\na\n", ["a", "a"]],
  [`${"x".repeat(2_048)}\ny`, ["x".repeat(2_048), "y"]],
  [`${" ".repeat(60_000)}y`, ["y"]],
];

for (const [text, keys] of texts) {
  Deno.test(`readKeys() reads ${JSON.stringify(text.slice(0, 30))} however it is cut`, async () => {
    for (const pieceBytes of text.length > 100 ? [997, 1 << 16] : [1, 2, 3, 5, 1 << 16]) {
      const open = opener(text, pieceBytes);
      deepStrictEqual(await keysOf(readKeys(source, { open })), keys);
      deepStrictEqual(await keysOf(readKeys({ kind: "stdin" }, { open })), keys);
    }
  });
}

Deno.test("readKeys() finds the keys that TextLineStream finds, wherever a text is cut", async () => {
  const line = fc.oneof(
    fc.string({ unit: fc.constantFrom("a", "b", " ", "é", "日", "😀", "\u00a0", "\ufeff", "#") }),
    fc.stringMatching(/^[0-9]{1,8}$/),
  );
  const text = fc.array(fc.tuple(line, fc.constantFrom("\n", "\r\n", "\n\n")), {
    minLength: 1,
    maxLength: 20,
  });
  const property = fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (lines, pieceBytes) => {
    const expected = lines.map(([key]) => key.trim()).filter((key) => key !== "");
    fc.pre(expected.length > 0);
    const open = opener(lines.flat().join(""), pieceBytes);
    deepStrictEqual(await keysOf(readKeys(source, { open })), expected);
    // Without `fatal`, Deno 2.9.6 drops a byte order mark within a text that comes byte by byte.
    const text = (await open(source)).pipeThrough(new TextDecoderStream("utf-8", { fatal: true }));
    const found = await Array.fromAsync(text.pipeThrough(new TextLineStream()), (line) => line.trim());
    deepStrictEqual(found.filter((key) => key !== ""), expected);
  });
  await assertProperty(property, { numRuns: 200 });
});

Deno.test("readKeys() gives full blocks, and reads no chunk ahead of what is asked", async () => {
  let pulls = 0;
  let cancelled = false;
  const piece = new TextEncoder().encode("12345\n".repeat(10_000));
  const open: OpenKeys = () =>
    Promise.resolve(
      new ReadableStream({
        pull(controller) {
          pulls += 1;
          controller.enqueue(piece);
        },
        cancel() {
          cancelled = true;
        },
      }, { highWaterMark: 0 }),
    );
  let blocks = 0;
  for await (const block of readKeys(source, { open })) {
    strictEqual(block.length, 1_024);
    blocks += 1;
    if (blocks === 20) break;
  }
  // Three chunks hold 20 blocks.
  deepStrictEqual([pulls, cancelled], [3, true]);
});

const broken: readonly (readonly [string, string | Uint8Array<ArrayBuffer>, string])[] = [
  ["it is empty", "", 'Cannot read the key file "k.txt": it must hold at least one key, got none'],
  [
    "all lines are blank",
    "\ufeff \r\n\n\t",
    'Cannot read the key file "k.txt": it must hold at least one key, got none',
  ],
  [
    "a key is too long",
    `a\n\n${"x".repeat(2_049)}\nb`,
    `Cannot read line 3 of the key file "k.txt": it must be a key of at most 2048 characters, got "${
      "x".repeat(40)
    }…"`,
  ],
  [
    "the last line is too long and does not end",
    `a\n${"x".repeat(70_000)}`,
    `Cannot read line 2 of the key file "k.txt": it must be a line of at most 65536 characters, got "${
      "x".repeat(40)
    }…"`,
  ],
  [
    "a line is mostly white space, and too long",
    `a\n${" ".repeat(65_536)}b\nc`,
    'Cannot read line 2 of the key file "k.txt": it must be a line of at most 65536 characters, got "b"',
  ],
  [
    "a key holds a tab",
    "a\nb\tc\nd",
    'Cannot read line 2 of the key file "k.txt": it must be a key without control characters, got "b\\tc"',
  ],
  [
    "a key holds a null character",
    "a\r\nb\r\n\r\nc\0\n",
    'Cannot read line 4 of the key file "k.txt": it must be a key without control characters, got "c\\u0000"',
  ],
  [
    "a lone carriage return stands in a line",
    "a\rb\n",
    'Cannot read line 1 of the key file "k.txt": it must be a key without control characters, got "a\\rb"',
  ],
  [
    "it is not UTF-8",
    new Uint8Array([0x61, 0x0a, 0xe9, 0x0a]),
    'Cannot read the key file "k.txt": it must be UTF-8 text, got other bytes in line 2',
  ],
  [
    "it is not UTF-8 behind a character that two chunks share",
    new Uint8Array([0x61, 0x0a, 0xc3, 0xa9, 0x0a, 0xe9, 0x62]),
    'Cannot read the key file "k.txt": it must be UTF-8 text, got other bytes in line 3',
  ],
  [
    "it ends within a character",
    new Uint8Array([0x61, 0x0a, 0xc3]),
    'Cannot read the key file "k.txt": it must be UTF-8 text, got other bytes in line 2',
  ],
];

for (const [when, text, message] of broken) {
  Deno.test(`readKeys() refuses a key file when ${when}`, async () => {
    for (const pieceBytes of [3, 1 << 16]) {
      await rejects(keysOf(readKeys(source, { open: opener(text, pieceBytes) })), {
        name: "UsageError",
        message,
      });
    }
  });
}

Deno.test("readKeys() reads no more of a line that never ends than a line may have", async () => {
  const piece = new TextEncoder().encode("x".repeat(16_384));
  let pulls = 0;
  const pull = (controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>) => {
    pulls += 1;
    controller.enqueue(piece);
  };
  const open: OpenKeys = () => Promise.resolve(new ReadableStream({ pull }, { highWaterMark: 0 }));
  await rejects(keysOf(readKeys({ kind: "stdin" }, { open })), { message: /at most 65536 characters/ });
  strictEqual(pulls, 5);
});

Deno.test("readKeys() names the line when the text is cut anywhere", async () => {
  for (const pieceBytes of [1, 2, 3, 7]) {
    const blocks = readKeys({ kind: "stdin" }, { open: opener("é\r\n\r\nb\r\nc\u0085d\r\ne", pieceBytes) });
    await rejects(keysOf(blocks), {
      message:
        'Cannot read line 4 of standard input: it must be a key without control characters, got "c\u0085d"',
    });
  }
});

Deno.test("readKeys() names a file that is not there", async () => {
  const missing = { kind: "file", file: "/nowhere/k.txt" } as const;
  const expected = {
    name: "UsageError",
    message: 'Cannot read the key file "/nowhere/k.txt": there is no such file',
  };
  await rejects(keysOf(readKeys(missing)), expected);
});

Deno.test("readKeys() names a file that cannot be read to its end", async () => {
  const open: OpenKeys = () =>
    Promise.resolve(
      new ReadableStream({ pull: (controller) => controller.error(new Error("I/O error\n(5)")) }),
    );
  const expected = {
    name: "UsageError",
    message: 'Cannot read the key file "k.txt": I/O error (5)',
  };
  await rejects(keysOf(readKeys(source, { open })), expected);
});

Deno.test("readKeys() reads a real file", async () => {
  const file = new URL("../../../fixtures/jobs/keys.txt", import.meta.url).pathname;
  deepStrictEqual(await keysOf(readKeys({ kind: "file", file })), [
    "first",
    "second",
    "# third",
    "fourth café",
  ]);
});

Deno.test("readKeys() gives a range in blocks, both ends included", async () => {
  for (const [first, last] of [[0, 0], [5, 6], [1, 1_024], [1, 1_025], [1_000, 5_000]] as const) {
    const keys = await keysOf(readKeys({ kind: "range", first, last }));
    strictEqual(keys.length, last - first + 1);
    deepStrictEqual([keys[0], keys.at(-1)], [String(first), String(last)]);
  }
});

Deno.test("readKeys() gives the last numbers that are exact", async () => {
  const last = Number.MAX_SAFE_INTEGER;
  deepStrictEqual(await keysOf(readKeys({ kind: "range", first: last - 2, last })), [
    "9007199254740989",
    "9007199254740990",
    "9007199254740991",
  ]);
});

Deno.test("readKeys() starts a range of 100 million at once", async () => {
  for await (const block of readKeys({ kind: "range", first: 1, last: 100_000_000 })) {
    strictEqual(block.length, 1_024);
    break;
  }
});

Deno.test("controlFirst() gives control keys first, once each, and the others without them", async () => {
  const blocks = blocksOf(["a", "c", "b"], ["c"], ["d", "c2"]);
  const all: (readonly string[])[] = [];
  for await (const block of controlFirst(blocks, ["c", "z", "c"])) all.push(block);
  deepStrictEqual(all, [["c", "z"], ["a", "b"], ["d", "c2"]]);
});

Deno.test("controlFirst() passes blocks through when there is no control key", async () => {
  deepStrictEqual(await keysOf(controlFirst(blocksOf(["a"], ["b"]), [])), ["a", "b"]);
});

Deno.test("keyRule() takes any text that fits on a line", () => {
  for (const key of ["a", "a b", "#", "é", ".", "{key}", "x".repeat(2_048)]) {
    strictEqual(keyRule(key), undefined);
  }
  strictEqual(keyRule(""), "must be a key that is not empty");
  strictEqual(keyRule(" a"), "must be a key without white space around it");
  strictEqual(keyRule("a\nb"), "must be a key without control characters");
  strictEqual(keyRule("a\ud800b"), "must be a key of whole Unicode characters");
  strictEqual(keyRule("x".repeat(2_049)), "must be a key of at most 2048 characters");
  strictEqual(keyRule("a\0b"), "must be a key without control characters");
  for (const lone of ["\ud800", "a\udc00", "\udc00\ud800"]) {
    strictEqual(keyRule(lone), "must be a key of whole Unicode characters");
  }
});
