/**
 * `trawl simulate`: serves the practice API until it is interrupted, or prints the rows that one key must lead to.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { parseWindow } from "../job/window.ts";
import { parseFault } from "../simulate/parse_fault.ts";
import { truthOf } from "../simulate/profiles/ripestat/truth.ts";
import type { SimulateOptions } from "../simulate/simulate_options.ts";
import { startSimulator } from "../simulate/simulator.ts";
import type { CommandContext } from "./context.ts";
import { type ExitCode, exitCode } from "./exit_code.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";

/** The practice API has answers for any UTC day. */
const dayRule = { everyMs: 86_400_000, lagMs: 0, catchUp: 1 };

/** Ends with exit code 0 when interrupted. */
export async function simulateCommand(
  args: Arguments,
  { out, log, now, interruptible }: CommandContext,
): Promise<ExitCode> {
  const options = simulateOptions(args);
  const key = args.get(flags.truth);
  if (key !== undefined) {
    const window = parseWindow(args.get(flags.window) ?? "yesterday", dayRule, { nowMs: now() });
    for (const row of truthOf(options, key, window).updates()) out(`${JSON.stringify(row)}\n`);
    return exitCode.done;
  }
  const signal = interruptible();
  const simulator = await startSimulator(options);
  out(`${simulator.url}\n`);
  log("trawl: the practice API is ready; Ctrl-C ends it\n");
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  await simulator.close();
  return exitCode.done;
}

function simulateOptions(args: Arguments): SimulateOptions {
  const [operand] = args.operands;
  if (operand !== undefined) throw new UsageError(`simulate takes flags only: remove "${operand}"`);
  const sizes = args.get(flags.size).map(({ key, updates }) => [key, updates]);
  return {
    ...given({
      profile: args.get(flags.profile),
      seed: args.get(flags.seed),
      port: args.get(flags.port),
      pieces: args.get(flags.pieces),
      latency: args.get(flags.delay),
      rate: args.get(flags.allow),
    }),
    faults: args.get(flags.fault).map(parseFault),
    ripestat: {
      ...given({ asns: args.get(flags.asns), envelope: args.get(flags.envelope) }),
      sizes: Object.fromEntries(sizes),
    },
  };
}

type Given<T> = { readonly [Name in keyof T]?: Exclude<T[Name], undefined> };

/** The fields that are not undefined: the simulator fills in a default only for a missing field. */
function given<T extends Readonly<Record<string, unknown>>>(options: T): Given<T>;
function given(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
