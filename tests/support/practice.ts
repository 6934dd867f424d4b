/**
 * The practice API for one test, and keys to ask it.
 *
 * @module
 */

import type { SimulateOptions } from "../../lib/simulate/options.ts";
import { type Simulator, startSimulator } from "../../lib/simulate/simulator.ts";
import { TempFolder } from "./temp.ts";

/** Has the practice API answer for one test, which gets an empty folder besides. */
export async function practice(
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
