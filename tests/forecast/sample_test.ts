import assert from "node:assert/strict";
import { sampleKeys, sampleRange } from "../../lib/forecast/sample.ts";
import { Random } from "../../lib/simulate/engine/random.ts";

/** Blocks of the numbers from 0, as keys. */
async function* blocks(count: number, size = 1_000): AsyncGenerator<readonly string[]> {
  for (let first = 0; first < count; first += size) {
    yield Array.from({ length: Math.min(size, count - first) }, (_, index) => String(first + index));
  }
}

const none: ReadonlySet<string> = new Set();

function randomOf(seed: number): () => number {
  const random = new Random(seed);
  return () => random.unit();
}

/** How many keys of the samples fall into each tenth of the list, over `rounds` samples. */
async function tenths(
  rounds: number,
  sample: (random: () => number) => Promise<readonly string[]>,
  count: number,
): Promise<number[]> {
  const counts = Array<number>(10).fill(0);
  for (let round = 0; round < rounds; round++) {
    for (const key of await sample(randomOf(round + 1))) {
      const tenth = Math.floor(Number(key) / count * 10);
      counts[tenth] = (counts[tenth] ?? 0) + 1;
    }
  }
  return counts;
}

/** Pearson's chi-squared of counts that should be alike. */
function chiSquared(counts: readonly number[]): number {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
}

// With nine degrees of freedom, one in 1,000 uniform counts exceeds 27.9; the seeds are fixed.
const chiSquaredMax = 27.9;

Deno.test("sampleKeys() takes keys from everywhere in the list alike", async () => {
  const counts = await tenths(200, async (random) => {
    return (await sampleKeys(blocks(5_000, 77), { size: 50, without: none, random })).keys;
  }, 5_000);
  assert.equal(counts.reduce((sum, count) => sum + count, 0), 200 * 50);
  assert.ok(chiSquared(counts) < chiSquaredMax, String(counts));
});

Deno.test("sampleKeys() gives a beginning of the sample that is a sample too", async () => {
  const counts = await tenths(600, async (random) => {
    const { keys } = await sampleKeys(blocks(3_000, 1_024), { size: 200, without: none, random });
    return keys.slice(0, 10);
  }, 3_000);
  assert.ok(chiSquared(counts) < chiSquaredMax, String(counts));
});

Deno.test("sampleKeys() counts exactly, and leaves control keys out of sample and count", async () => {
  const random = randomOf(7);
  const without = new Set(["3", "4999", "not there"]);
  const { keys, count } = await sampleKeys(blocks(5_000), { size: 4_000, without, random });
  assert.equal(count, 4_998);
  assert.equal(new Set(keys).size, 4_000);
  assert.ok(!keys.includes("3") && !keys.includes("4999"));
});

Deno.test("sampleKeys() takes all keys of a list that is shorter than the sample, and none of none", async () => {
  const random = randomOf(7);
  for (const length of [0, 1, 9, 10]) {
    const { keys, count } = await sampleKeys(blocks(length, 3), { size: 10, without: none, random });
    assert.equal(count, length);
    assert.deepEqual([...keys].sort(), Array.from({ length }, (_, index) => String(index)));
  }
});

Deno.test("sampleKeys() draws few numbers, whatever the length", async () => {
  const random = randomOf(7);
  let draws = 0;
  const block = Array.from({ length: 1_024 }, (_, index) => String(index));
  async function* long(): AsyncGenerator<readonly string[]> {
    for (let number = 0; number < 5_000; number++) yield await Promise.resolve(block);
  }
  const { count, keys } = await sampleKeys(long(), {
    size: 100,
    without: none,
    random: () => {
      draws++;
      return random();
    },
  });
  assert.deepEqual([count, keys.length], [5_000 * 1_024, 100]);
  // Li's algorithm replaces a key k·ln(n/k) times: 1,084 here, with three draws each, and 99 to shuffle.
  assert.ok(draws < 5_000, `${draws} draws`);
});

Deno.test("sampleRange() samples a range alike everywhere without going through it", async () => {
  const range = { kind: "range", first: 0, last: 99_999_999_999 } as const;
  const counts = await tenths(20, (random) => {
    const sample = sampleRange(range, { size: 500, without: none, random });
    assert.equal(sample?.count, 100_000_000_000);
    assert.equal(new Set(sample?.keys).size, 500);
    return Promise.resolve(sample?.keys ?? []);
  }, 100_000_000_000);
  assert.ok(chiSquared(counts) < chiSquaredMax, String(counts));
});

Deno.test("sampleRange() leaves out control keys that are in the range as a run writes them", () => {
  const range = { kind: "range", first: 1, last: 30 } as const;
  const without = new Set(["7", "07", "31", "x", "8.0", ""]);
  for (let seed = 1; seed <= 50; seed++) {
    const sample = sampleRange(range, { size: 14, without, random: randomOf(seed) });
    assert.equal(sample?.count, 29);
    assert.ok(!sample?.keys.includes("7"));
  }
});

Deno.test("sampleRange() leaves a short range to a pass through it", () => {
  const range = { kind: "range", first: 1, last: 199 } as const;
  assert.equal(sampleRange(range, { size: 100, without: none, random: () => 0.5 }), undefined);
});
