/**
 * `deno task bench [NAME…] [--size MB]`: trawl beside its alternatives, measured in one run on this machine. One
 * heading per question and one table per race on standard output; progress on standard error. Every load is
 * bounded in time and number, and on this machine only. Needs all permissions, since it starts programs.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { messageOf, UsageError } from "../../lib/errors.ts";
import { versionText } from "../../lib/command/version.ts";
import { auto } from "./auto.ts";
import { extract } from "./extract.ts";
import type { BenchContext, Scenario } from "./harness.ts";
import { hello } from "./hello.ts";
import { large } from "./large.ts";
import { plan } from "./plan.ts";
import { read } from "./read.ts";
import { slots } from "./slots.ts";
import { tableOf } from "./table.ts";

const questions: readonly Scenario[] = [auto, extract, hello, large, plan, read, slots];
const sizeMbDefault = 100;
/** V8's longest string: one contestant reads the whole file as text. */
const sizeMbMax = 500;

const encoder = new TextEncoder();

/** Runs the questions in turn; returns whether every installed contestant succeeded. */
async function bench(chosen: readonly Scenario[], context: BenchContext): Promise<boolean> {
  let isWhole = true;
  print(Deno.stdout, `# ${await versionText()}\n\n${machineText()}\n`);
  for (const question of chosen) {
    print(Deno.stdout, `\n## ${question.name}\n\n${question.about}\n`);
    for await (const outcome of question.ask(context)) {
      context.note("");
      print(Deno.stdout, `\n${tableOf(outcome)}`);
      isWhole &&= outcome.results.every(({ failure }) => failure === undefined);
    }
  }
  print(Deno.stdout, `\n${machineText()}\n`);
  return isWhole;
}

function machineText(): string {
  const load = Deno.loadavg()[0]?.toFixed(1);
  return `${navigator.hardwareConcurrency} cores, load ${load}, ${new Date().toISOString().slice(0, 16)}Z`;
}

function choose(names: readonly string[]): readonly Scenario[] {
  for (const name of names) {
    if (questions.some((question) => question.name === name)) continue;
    const known = questions.map((question) => question.name).join(", ");
    throw new UsageError(`Cannot bench "${name}" as it must be one of ${known}`);
  }
  return questions.filter(({ name }) => names.length === 0 || names.includes(name));
}

function sizeOf(text: string): number {
  const mb = /^\d+$/.test(text) ? Number(text) : NaN;
  if (mb >= 1 && mb <= sizeMbMax) return mb * 1e6;
  throw new UsageError(`Cannot use --size as it must be a number of MB from 1 to ${sizeMbMax}: "${text}"`);
}

/** Overwrites a progress line; prints nothing without a terminal. */
function note(text: string): void {
  if (Deno.stderr.isTerminal()) print(Deno.stderr, `\r\x1b[K${text}`);
}

function print(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = encoder.encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
}

if (import.meta.main) {
  const interrupt = new AbortController();
  const stop = () => interrupt.abort(new Error("interrupted"));
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, stop);
  let folder: string | undefined;
  try {
    const args = parseArgs(Deno.args, {
      string: ["size"],
      unknown: (arg, key) => {
        if (key !== undefined) throw new UsageError(`Cannot use "${arg}" as the only flag is --size MB`);
      },
    });
    const chosen = choose(args._.map(String));
    const fileBytes = sizeOf(String(args["size"] ?? sizeMbDefault));
    folder = await Deno.makeTempDir({ prefix: "trawl-bench-" });
    const isWhole = await bench(chosen, { folder, fileBytes, signal: interrupt.signal, note });
    Deno.exitCode = isWhole ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UsageError || interrupt.signal.aborted)) throw error;
    note("");
    print(Deno.stderr, `bench: ${messageOf(error)}\n`);
    Deno.exitCode = error instanceof UsageError ? 2 : 75;
  } finally {
    if (folder !== undefined) await Deno.remove(folder, { recursive: true });
  }
}
