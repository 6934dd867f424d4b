/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * The simulator in a Worker, on its own thread. Options in, `{ url, port }` or `{ error }` out;
 * `{ close: true }` in, `{ closed: true }` out. Entry of the Worker, never imported.
 *
 * @module
 */

import { messageOf } from "../errors.ts";
import { type Simulator, startSimulator } from "./simulator.ts";
import type { FromSimulatorWorker, ToSimulatorWorker } from "./worker_messages.ts";

let simulator: Simulator | undefined;

function post(message: FromSimulatorWorker): void {
  self.postMessage(message);
}

self.addEventListener("message", async ({ data }: MessageEvent<ToSimulatorWorker>) => {
  try {
    if ("close" in data) {
      await simulator?.close();
      post({ closed: true });
    } else {
      simulator = await startSimulator(data.options);
      post({ url: simulator.url, port: simulator.port });
    }
  } catch (error) {
    post({ error: messageOf(error) });
  }
});
