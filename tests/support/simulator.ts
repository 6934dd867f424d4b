/**
 * The practice API for one test, and what to ask it.
 *
 * @module
 */

import type { SimulateOptions } from "../../lib/simulate/simulate_options.ts";
import { type Simulator, startSimulator } from "../../lib/simulate/simulator.ts";
import { TempFolder } from "./temp.ts";

/** Has the practice API answer for one test, which gets an empty folder besides. */
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

/** Numbers from 1, one a line. */
export function keyLines(count: number): string {
  return Array.from({ length: count }, (_, index) => `${index + 1}\n`).join("");
}

/** The arguments of a run, without a job file, that asks the practice API `hello` for the keys of a file. */
export function helloRun(url: string, keys: string, ...more: readonly string[]): string[] {
  return ["run", "--url", `${url}/hello/{key}`, "--rows", "$", "--keys", keys, ...more];
}
