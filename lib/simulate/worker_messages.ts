/**
 * The messages between the main thread and the simulator's Worker. Types only.
 *
 * @module
 */

import type { SimulateOptions } from "./simulate_options.ts";

/** To the Worker: first the options, finally the request to close. */
export type ToSimulatorWorker = { readonly options: SimulateOptions } | { readonly close: true };

/** From the Worker: one reply per message. */
export type FromSimulatorWorker =
  | { readonly url: string; readonly port: number }
  | { readonly error: string }
  | { readonly closed: true };
