/**
 * `deno task fuzz --minutes N --seed S`: the fuzz tests for longer than the gate has time for. They go on one after the
 * other, for the same time each.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";

const here = new URL(".", import.meta.url).pathname;

/** How many tests there are, by name. */
async function countTests(): Promise<number> {
  let count = 0;
  for await (const { name } of Deno.readDir(here)) {
    if (name.endsWith("_test.ts")) {
      count += (await Deno.readTextFile(here + name)).match(/^fuzz\(/gm)?.length ?? 0;
    }
  }
  return count;
}

const { minutes = "10", seed } = parseArgs([...Deno.args], { string: ["minutes", "seed"] });
const seconds = Number(minutes) * 60 / await countTests();
if (!(seconds > 0)) throw new RangeError(`Cannot fuzz as --minutes must be a number above 0: "${minutes}"`);
const { code } = await new Deno.Command(Deno.execPath(), {
  args: ["test", "--quiet", "--allow-all", here],
  env: { TRAWL_FUZZ_SECONDS: String(seconds), ...(typeof seed === "string" && { TRAWL_FUZZ_SEED: seed }) },
}).spawn().status;
Deno.exitCode = code;
