/**
 * The simulator for one test, and arguments of runs that ask it.
 *
 * @module
 */

import type { SimulateOptions } from "../../lib/simulate/simulate_options.ts";
import { type Simulator, startSimulator } from "../../lib/simulate/simulator.ts";
import { TempFolder } from "./temp.ts";

/** Runs `test` with a simulator and an empty folder; closes and removes both afterwards. */
export async function withSimulator(
  options: SimulateOptions,
  test: (simulator: Simulator, folder: TempFolder) => Promise<void>,
): Promise<void> {
  using folder = new TempFolder();
  const simulator = await startSimulator(options);
  try {
    await test(simulator, folder);
  } finally {
    await simulator.close();
  }
}

/** The keys from 1 to `count`, one a line. */
export function keyLines(count: number): string {
  return Array.from({ length: count }, (_, index) => `${index + 1}\n`).join("");
}

/** The arguments of a run without a job file, which asks the profile `hello` for the keys of a file. */
export function helloRun(url: string, keys: string, ...more: readonly string[]): string[] {
  return ["run", "--url", `${url}/hello/{key}`, "--rows", "$", "--keys", keys, ...more];
}
