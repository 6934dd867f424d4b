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

/** A few words for the bar and the summary. */
export function limitOf(waits: Waits): string {
  const { spanMs, slotMs, paceMs, storeMs, inFlight, inFlightMax } = waits;
  if (spanMs <= 0) return "";
  if (storeMs / spanMs > share) return "disk";
  if (paceMs / spanMs > share && paceMs >= slotMs) return "own rate";
  if (slotMs / spanMs > share || inFlight >= inFlightMax) return `own cap of ${inFlightMax} in flight`;
  return inFlight > 0 && inFlight < inFlightMax / 2 ? "the server" : "CPU";
}
