/**
 * The peak of a process's resident memory, as the kernel counts it.
 *
 * @module
 */

import type { Running } from "./trawl.ts";

/** Whether {@linkcode peakMemoryOf} works here: it reads /proc. */
export const hasProc = Deno.build.os === "linux";

/** Bytes of `VmHWM`, polled until the process ends. @throws {Error} If the process ended before it was read once. */
export async function peakMemoryOf(running: Running): Promise<number> {
  let peak: number | undefined;
  let hasEnded = false;
  const ended = running.ended.then(() => hasEnded = true);
  while (!hasEnded) {
    try {
      const status = await Deno.readTextFile(`/proc/${running.pid}/status`);
      const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
      if (kib !== undefined) peak = Number(kib) * 1_024;
    } catch {
      // The process has just ended.
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([ended, new Promise((resolve) => timer = setTimeout(resolve, 20))]);
    clearTimeout(timer);
  }
  if (peak === undefined) throw new Error("Cannot measure the memory of a process: it ended too soon");
  return peak;
}
