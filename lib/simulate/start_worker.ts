/**
 * Starts the simulator in a Worker, so that a client on the main thread has a core to itself. Takes the same options;
 * its counters are read over HTTP, at `/simulator/stats`.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import type { SimulateOptions } from "./simulate_options.ts";
import type { FromSimulatorWorker, ToSimulatorWorker } from "./worker_messages.ts";

/** A simulator that runs in a Worker. */
export interface SimulatorWorker {
  /** `http://127.0.0.1:PORT`, without a trailing slash. */
  readonly url: string;
  /** The port it listens on. */
  readonly port: number;
  /** Closes the simulator and ends its Worker. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a simulator in a Worker whose only permission is the network of 127.0.0.1.
 *
 * @throws {UsageError} If an option is wrong or the port is in use.
 */
export async function startSimulatorWorker(options: SimulateOptions): Promise<SimulatorWorker> {
  const worker = new Worker(new URL("./simulator_worker.ts", import.meta.url), {
    type: "module",
    deno: { permissions: { net: ["127.0.0.1"] } },
  });
  let closing: Promise<unknown> | undefined;
  const close = async () => {
    closing ??= call(worker, { close: true });
    await closing;
    worker.terminate();
  };
  try {
    const reply = await call(worker, { options });
    if ("url" in reply) return { url: reply.url, port: reply.port, close };
    throw new UsageError("error" in reply ? reply.error : "The simulator did not start: its Worker closed");
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

/** Sends one message and waits for the reply. */
function call(worker: Worker, message: ToSimulatorWorker): Promise<FromSimulatorWorker> {
  const { promise, resolve, reject } = Promise.withResolvers<FromSimulatorWorker>();
  worker.onmessage = ({ data }: MessageEvent<FromSimulatorWorker>) => resolve(data);
  worker.onerror = (event) => {
    // An unhandled error in a Worker ends the process.
    event.preventDefault();
    reject(new Error(`The Worker of the simulator failed: ${event.message}`));
  };
  worker.postMessage(message);
  return promise;
}
