/**
 * What limits a run now: its own caps, the server, the store, or this machine. Read from where requests waited.
 *
 * @module
 */

/** Milliseconds waited within some span, and what was in flight at its end. */
export interface Waits {
  readonly spanMs: number;
  readonly slotMs: number;
  readonly paceMs: number;
  readonly storeMs: number;
  readonly inFlight: number;
  readonly inFlightMax: number;
}

/** What has to be waited for in more than this share of the time is the limit. */
const share = 0.3;

/** What can limit a run, and what that means. */
export const limits = {
  "rate": "its own rate",
  "in_flight": "its own cap on requests in flight",
  "server": "the server: there is less in flight than there may be",
  "disk": "the disk: Workers wait for the store",
  "CPU": "this machine's processors",
} as const;

/** What limited the run within the span; undefined if nothing was going on. */
export function limitOf(waits: Waits): keyof typeof limits | undefined {
  const { spanMs, slotMs, paceMs, storeMs, inFlight, inFlightMax } = waits;
  if (spanMs <= 0) return undefined;
  if (storeMs / spanMs > share) return "disk";
  if (paceMs / spanMs > share && paceMs >= slotMs) return "rate";
  if (slotMs / spanMs > share || inFlight >= inFlightMax) return "in_flight";
  return inFlight > 0 && inFlight < inFlightMax / 2 ? "server" : "CPU";
}
