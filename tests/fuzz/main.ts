/**
 * `deno task fuzz --minutes N --seed S`: the property tests and the fuzz tests with a random seed. The property tests
 * run once; the fuzz tests share N minutes.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";

const tests = new URL("../", import.meta.url).pathname;

/** Test files below `folder` with the text that they hold. */
async function* filesOf(folder: string): AsyncGenerator<{ readonly path: string; readonly text: string }> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}${name}`;
    if (isDirectory) yield* filesOf(`${path}/`);
    else if (name.endsWith("_test.ts")) yield { path, text: await Deno.readTextFile(path) };
  }
}

/** Runs test files; returns whether all tests passed. */
async function passes(paths: readonly string[], env: Readonly<Record<string, string>>): Promise<boolean> {
  const args = ["test", "--quiet", "--allow-all", ...paths];
  return (await new Deno.Command(Deno.execPath(), { args, env }).spawn().status).success;
}

const flags = parseArgs([...Deno.args], { string: ["minutes", "seed"] });
const minutes = String(flags["minutes"] ?? 10);
const seed = String(flags["seed"] ?? Math.floor(Math.random() * 2 ** 32));
const files = await Array.fromAsync(filesOf(tests));
const fuzzTests = files.reduce((count, { text }) => count + (text.match(/^fuzz\(/gm)?.length ?? 0), 0);
const seconds = Number(minutes) * 60 / fuzzTests;
if (!(seconds > 0)) {
  throw new RangeError(`Cannot use --minutes "${minutes}": it must be a number above 0, got ${minutes}`);
}
const pathsWith = (call: RegExp) => files.filter(({ text }) => call.test(text)).map(({ path }) => path);
Deno.stderr.writeSync(new TextEncoder().encode(`fuzz: --seed ${seed} repeats this\n`));
const env = { TRAWL_SEED: seed, TRAWL_FUZZ_SECONDS: String(seconds) };
const [property, fuzz] = [pathsWith(/^ *(await )?assertProperty\(/m), pathsWith(/^fuzz\(/m)];
Deno.exitCode = await passes(property, env) && await passes(fuzz, env) ? 0 : 1;
