/**
 * Waits for a condition that another process or thread brings about.
 *
 * @module
 */

import { delay } from "@std/async/delay";

/** Polls `condition` every 5 ms. @throws {Error} If the condition does not hold within a minute. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 60_000;
  while (!await condition()) {
    if (performance.now() > endMs) throw new Error(`Waited a minute for a condition: ${condition}`);
    await delay(5);
  }
}
