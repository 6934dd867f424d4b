/**
 * The peak of a run's resident memory, from its settings: requests in flight in, bytes out. Pure. The constants are
 * measured with answers that are as large as the limits allow (`docs/limits.md#memory`), and leave a quarter of room.
 *
 * @module
 */

import { inFlightForTwo } from "./worker_pool.ts";

const MiB = 1024 * 1024;

/** The program, its main thread, and the Workers that wait for their last responses. */
const programBytes = 192 * MiB;

/** A Worker that starts requests: `memoryLimits.budgetBytes`, twice what one answer may exceed it by, and its heap. */
const workerBytes = 176 * MiB;

/** A request in flight: its connection with TLS takes 0.1 MB, and its answer's head may have 400 KiB. */
const requestBytes = MiB / 2;

/** Bytes of resident memory that a run does not exceed. Neither keys nor the size of answers add to them. */
export function memoryNeedBytes(inFlight: number): number {
  const workers = inFlight < inFlightForTwo ? 1 : 2;
  return programBytes + workers * workerBytes + inFlight * requestBytes;
}
