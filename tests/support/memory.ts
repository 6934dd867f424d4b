/**
 * The peak of a process's resident memory, as the kernel counts it.
 *
 * @module
 */

import type { Running } from "./trawl.ts";

/** Bytes of `VmHWM`, looked at until the process has ended; NaN where there is no /proc. */
export async function peakMemoryOf(running: Running): Promise<number> {
  let peak = NaN;
  let isOver = false;
  const over = running.ended.then(() => isOver = true);
  while (!isOver) {
    try {
      const status = await Deno.readTextFile(`/proc/${running.pid}/status`);
      const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
      if (kib !== undefined) peak = Number(kib) * 1_024;
    } catch {
      // It has just ended.
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([over, new Promise((resolve) => timer = setTimeout(resolve, 20))]);
    clearTimeout(timer);
  }
  return peak;
}
