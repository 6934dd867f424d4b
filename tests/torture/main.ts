/**
 * `deno task torture`: runs trawl under faults of the network, the API, the disk, the clock and its own process, on this
 * machine only, and compares what it stored with the truth. Prints the seeds, the problems of each, and a table. The
 * exit code is 1 if a key or row was lost or doubled, a process hung, or anything else was wrong.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { messageOf, UsageError } from "../../lib/errors.ts";
import { runKills } from "./kills.ts";
import { type Outcome, runSchedule } from "./run.ts";
import { scheduleOf } from "./schedule.ts";
import { tableOf } from "./table.ts";

/** Minutes without a flag: what CI has time for. */
const minutesDefault = 2;

/** Schedules at once. They wait most of the time. */
const atOnce = 2 * Math.min(2, navigator.hardwareConcurrency);

const flags = ["seeds", "seed", "minutes", "kills"] as const;

const encoder = new TextEncoder();

/** Runs the schedules of `seeds`, several at once. */
async function campaign(seeds: Iterator<number>, signal: AbortSignal): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const work = async () => {
    for (let next = seeds.next(); !next.done && !signal.aborted; next = seeds.next()) {
      const outcome = await runSchedule(scheduleOf(next.value), signal);
      outcomes.push(outcome);
      for (const problem of outcome.problems) print(`seed ${outcome.seed}: ${problem}\n`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return outcomes;
}

/** `count` seeds from `first`, or those that start before `untilMs` on `performance.now()`. */
function* seedsFrom(
  first: number,
  { count, untilMs }: { readonly count: number; readonly untilMs: number },
): Generator<number> {
  for (let seed = first; seed < first + count && performance.now() < untilMs; seed++) yield seed;
}

function wholeOf(args: Readonly<Record<string, unknown>>, flag: typeof flags[number]): number | undefined {
  if (args[flag] === undefined) return undefined;
  const text = String(args[flag]);
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  throw new UsageError(`Cannot use --${flag} as it must be a whole number from 1: "${text}"`);
}

/** Returns whether no problem was found. */
async function torture(argv: readonly string[], signal: AbortSignal): Promise<boolean> {
  const args = parseArgs([...argv], {
    string: [...flags],
    unknown: (arg) => {
      throw new UsageError(
        `Cannot use "${arg}" as the flags are --seeds N, --seed N, --minutes M and --kills N`,
      );
    },
  });
  const kills = wholeOf(args, "kills");
  const [seed, count] = [wholeOf(args, "seed"), wholeOf(args, "seeds")];
  if (kills !== undefined) return await tortureByKills(kills, seed ?? 1);
  const isOpen = seed === undefined && count === undefined;
  const minutes = wholeOf(args, "minutes") ?? (isOpen ? minutesDefault : Infinity);
  const sinceMs = performance.now();
  const first = seed ?? 1;
  const seeds = seedsFrom(first, {
    count: count ?? (seed === undefined ? Infinity : 1),
    untilMs: sinceMs + minutes * 60_000,
  });
  const outcomes = await campaign(seeds, signal);
  print(
    `seeds ${first} to ${first + outcomes.length - 1}; deno task torture --seed N goes through one again\n`,
  );
  print(tableOf(outcomes, performance.now() - sinceMs));
  return outcomes.every(({ problems }) => problems.length === 0);
}

async function tortureByKills(kills: number, seed: number): Promise<boolean> {
  const outcome = await runKills(kills, seed);
  for (const problem of outcome.problems) print(`${problem}\n`);
  const { kills: hit, writing, runs, rows } = outcome;
  print(
    `kills: ${hit}, ${writing} of them within a write; ${runs} runs, ${rows} rows compared with an undisturbed run's\n`,
  );
  print(`different: ${outcome.problems.length}\n`);
  return outcome.problems.length === 0;
}

function print(text: string): void {
  let bytes = encoder.encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}

if (import.meta.main) {
  const interrupt = new AbortController();
  const stop = () => interrupt.abort(new Error("interrupted"));
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, stop);
  try {
    Deno.exitCode = await torture(Deno.args, interrupt.signal) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UsageError || interrupt.signal.aborted)) throw error;
    print(`torture: ${messageOf(error)}\n`);
    Deno.exitCode = error instanceof UsageError ? 2 : 75;
  }
}
