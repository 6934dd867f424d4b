/**
 * Looks whether the process may open more files, before a Worker starts: without a file descriptor for its event loop,
 * Deno ends the whole process. Opens and closes the null device, at most `descriptorsMin` times. Never waits.
 *
 * @module
 */

import { descriptorText, UsageError } from "../../errors.ts";

/** A Worker needs five for its event loop, and some more while its modules are read. */
const descriptorsMin = 16;

/**
 * Returns if a Worker can start, and where the system does not tell.
 *
 * @throws {UsageError} If too few descriptors are left: the requests in flight have them.
 */
export function requireDescriptors(): void {
  if (Deno.build.os === "windows") return;
  const files: Deno.FsFile[] = [];
  try {
    for (let count = 0; count < descriptorsMin; count++) files.push(Deno.openSync("/dev/null"));
  } catch (error) {
    const why = descriptorText(error);
    if (why === undefined) return;
    throw new UsageError(
      `Cannot start a Worker: ${why}, or lower limits.in_flight; then run again to resume`,
    );
  } finally {
    files.forEach((file) => file.close());
  }
}
