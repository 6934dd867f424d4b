/**
 * What limits a run now: its own caps, the server, the store, or this machine. Read from where requests waited.
 *
 * @module
 */

import type { Progress } from "./progress.ts";

/** Milliseconds since the run began, and how many of them were waited for what, over all Workers. */
export interface Waits {
  readonly ms: number;
  readonly slotMs: number;
  readonly paceMs: number;
  readonly serverMs: number;
  readonly storeMs: number;
}

const none: Waits = { ms: 0, slotMs: 0, paceMs: 0, serverMs: 0, storeMs: 0 };

/** What has been waited for until now. */
export function waitsOf(progress: Progress): Waits {
  return {
    ms: progress.elapsedMs,
    slotMs: progress.waitedMs("slot"),
    paceMs: progress.waitedMs("pace"),
    serverMs: progress.waitedMs("server"),
    storeMs: progress.waitedMs("store"),
  };
}

/** What has to be waited for in more than this share of the time is the limit. */
const share = 0.3;

/** What can limit a run, and what that means. */
export const limits = {
  "rate": "its own rate",
  "in_flight": "its own cap on requests in flight",
  "refusals": "the server: it refused requests, asked to wait, or was down",
  "down": "the server: it is down, and asked now and then how it is",
  "server": "the server: there is less in flight than there may be",
  "disk": "the disk: Workers wait for the store",
  "CPU": "this machine's processors",
} as const;

/** What can limit a run, in words; what it found itself is not called its own. */
export function limitText(
  limit: keyof typeof limits,
  { foundRate, foundInFlight }: Pick<Progress, "foundRate" | "foundInFlight">,
): string {
  if (limit === "rate" && foundRate !== undefined) return "the rate that it found the server to allow";
  if (limit === "in_flight" && foundInFlight !== undefined) {
    return "the number in flight that it found to be of use";
  }
  return limits[limit];
}

/** What has limited the run since an earlier look, or its begin; undefined if nothing was going on. */
export function bottleneckOf(progress: Progress, since: Waits = none): keyof typeof limits | undefined {
  const now = waitsOf(progress);
  const spanMs = now.ms - since.ms;
  const slotMs = now.slotMs - since.slotMs;
  const paceMs = now.paceMs - since.paceMs;
  if (spanMs <= 0) return undefined;
  if (progress.isDown) return "down";
  if ((now.serverMs - since.serverMs) / spanMs > share) return "refusals";
  if ((now.storeMs - since.storeMs) / spanMs > share) return "disk";
  if (paceMs / spanMs > share && paceMs >= slotMs) return "rate";
  const { inFlight, inFlightMax } = progress;
  if (slotMs / spanMs > share || inFlight >= inFlightMax) return "in_flight";
  return inFlight > 0 && inFlight < inFlightMax / 2 ? "server" : "CPU";
}
