/**
 * What passes between the main thread and the practice API's Worker. Types only.
 *
 * @module
 */

import type { SimulateOptions } from "./engine/options.ts";

/** What the Worker is told: first how to behave, at last to close. */
export type ToSimulatorWorker = { readonly options: SimulateOptions } | { readonly close: true };

/** What the Worker says, once for each message. */
export type FromSimulatorWorker =
  | { readonly url: string; readonly port: number }
  | { readonly error: string }
  | { readonly closed: true };
