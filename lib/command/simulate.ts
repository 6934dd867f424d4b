/**
 * `trawl simulate`: serves the practice API until it is interrupted, or prints the truth about one key.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { parseRate } from "../job/parse_units.ts";
import { parseWindow } from "../job/window.ts";
import { parseLatency } from "../simulate/engine/latency.ts";
import { parseFault } from "../simulate/parse_fault.ts";
import { parseSize } from "../simulate/profiles/ripestat/ripestat_options.ts";
import { profileNames, type SimulateOptions } from "../simulate/simulate_options.ts";
import { startSimulator } from "../simulate/simulator.ts";
import { truthOf } from "../simulate/profiles/ripestat/truth.ts";
import { type Context, Exit } from "./context.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";

/** Any UTC day is a window of the practice API's. */
const dayRule = { everyMs: 86_400_000, lagMs: 0, catchUp: 1 };

/** Ends with exit code 0 once interrupted. */
export async function simulateCommand(
  args: Arguments,
  { out, log, interruptible }: Context,
): Promise<number> {
  const options = simulateOptions(args);
  const key = args.text(flags.truth);
  if (key !== undefined) {
    const window = parseWindow(args.text(flags.window) ?? "yesterday", dayRule, { nowMs: Date.now() });
    for (const row of truthOf(options, key, window).updates()) out(`${JSON.stringify(row)}\n`);
    return Exit.done;
  }
  const signal = interruptible();
  const simulator = await startSimulator(options);
  out(`${simulator.url}\n`);
  log("trawl: the practice API listens; Ctrl-C ends it\n");
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  await simulator.close();
  return Exit.done;
}

function simulateOptions(args: Arguments): SimulateOptions {
  const pick = <T>(name: string, value: T | undefined) => value === undefined ? {} : { [name]: value };
  const [operand] = args.operands;
  if (operand !== undefined) {
    throw new UsageError(`Cannot use "${operand}" as simulate takes flags only: see --help`);
  }
  const delay = args.text(flags.delay);
  const rate = args.text(flags.allow);
  const sizes = args.texts(flags.size).map(parseSize);
  return {
    ...pick("profile", oneOf(args, flags.profile, profileNames)),
    ...pick("seed", args.count(flags.seed, { min: 0 })),
    ...pick("port", args.count(flags.port, { min: 0 })),
    ...pick("pieces", args.count(flags.pieces, { min: 1 })),
    ...pick("latency", delay === undefined ? undefined : parseLatency(delay)),
    ...pick("rate", rate === undefined ? undefined : parseRate(rate)),
    faults: args.texts(flags.fault).map(parseFault),
    ripestat: {
      ...pick("asns", args.count(flags.asns, { min: 1 })),
      ...pick("envelope", oneOf(args, flags.envelope, ["a", "b", "mixed"])),
      sizes: Object.fromEntries(sizes.map(({ key, updates }) => [key, updates])),
    },
  };
}

function oneOf(
  args: Arguments,
  flag: typeof flags.profile | typeof flags.envelope,
  allowed: readonly string[],
): string | undefined {
  const value = args.text(flag);
  if (value === undefined || allowed.includes(value)) return value;
  throw new UsageError(`Cannot use --${flag.name} as it must be one of ${allowed.join(", ")}: "${value}"`);
}
