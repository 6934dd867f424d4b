/**
 * Starts the practice API in a Worker of its own, so that a client on the main thread does not share its core. Takes
 * the same options; what was seen is asked over HTTP, at `/simulator/stats`.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import type { SimulateOptions } from "./engine/options.ts";
import type { FromSimulatorWorker, ToSimulatorWorker } from "./worker_messages.ts";

/** A practice API in a Worker. */
export interface SimulatorWorker {
  /** `http://127.0.0.1:<port>`, without a slash at its end. */
  readonly url: string;
  /** The port it listens on. */
  readonly port: number;
  /** Closes the API and ends the Worker. May be called again. */
  close(): Promise<void>;
}

/**
 * Starts a practice API in a Worker that may use 127.0.0.1 and nothing else.
 *
 * @throws {UsageError} If an option is wrong or the port is taken.
 */
export async function startSimulatorWorker(options: SimulateOptions): Promise<SimulatorWorker> {
  const worker = new Worker(new URL("./simulator_worker.ts", import.meta.url), {
    type: "module",
    deno: { permissions: { net: ["127.0.0.1"] } },
  });
  let closing: Promise<unknown> | undefined;
  const close = async () => {
    closing ??= tell(worker, { close: true });
    await closing;
    worker.terminate();
  };
  try {
    const said = await tell(worker, { options });
    if ("url" in said) return { url: said.url, port: said.port, close };
    throw new UsageError("error" in said ? said.error : "Cannot start the practice API as its Worker closed");
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

/** Sends one message and waits for the reply. */
function tell(worker: Worker, message: ToSimulatorWorker): Promise<FromSimulatorWorker> {
  const { promise, resolve, reject } = Promise.withResolvers<FromSimulatorWorker>();
  worker.onmessage = ({ data }: MessageEvent<FromSimulatorWorker>) => resolve(data);
  worker.onerror = (event) => {
    // Otherwise the error would end the process.
    event.preventDefault();
    reject(new Error(`Cannot run the practice API in a Worker: ${event.message}`));
  };
  worker.postMessage(message);
  return promise;
}
