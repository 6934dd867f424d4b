/**
 * The words for what limits a run. Pure.
 *
 * @module
 */

import type { Bottleneck } from "../collect/bottleneck.ts";

/** Each bottleneck in words, as they follow `limited by`. */
export const bottleneckTexts: Readonly<Record<Bottleneck, string>> = {
  "rate": "the job's rate",
  "in_flight": "the job's limit on requests in flight",
  refusals: "the server: it refused requests, asked for pauses, or was down",
  down: "the server: it is down",
  server: "the server: it answers slower than requests come",
  disk: "the disk: Workers wait for the store",
  CPU: "this machine's CPU",
  retries: "the pauses before retries of failed requests",
  short: "unknown: the run was too short to tell",
};

/** Limits that automatic tuning has found: requests per second, requests in flight. */
export interface TunedLimits {
  readonly foundRate: number | undefined;
  readonly foundInFlight: number | undefined;
}

/** A bottleneck in words. A limit that automatic tuning has found is not called the job's. */
export function bottleneckText(bottleneck: Bottleneck, { foundRate, foundInFlight }: TunedLimits): string {
  if (bottleneck === "rate" && foundRate !== undefined) return "the rate that the server allows";
  if (bottleneck === "in_flight" && foundInFlight !== undefined) {
    return "the number in flight beyond which the server gets no faster";
  }
  return bottleneckTexts[bottleneck];
}
