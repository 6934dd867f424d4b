/**
 * A Worker of trawl with the illness that the query of its URL names. Entry of the Worker, never imported.
 *
 * @module
 */

import "../../lib/worker/worker.ts";
import { type Illness, jumpClock, type TornWorker } from "./torn.ts";

declare const self: { close(): void };

const torn: TornWorker = JSON.parse(new URL(import.meta.url).searchParams.get("torn") ?? "{}");

function fall({ how, forMs }: Illness): void {
  if (how === "throws") throw new Error("this Worker was made to throw");
  if (how === "rejects") return void Promise.reject(new Error("this Worker was made to reject"));
  if (how === "closes") return self.close();
  const untilMs = performance.now() + (forMs ?? Infinity);
  while (performance.now() < untilMs);
}

jumpClock(torn.jumps);
const { illness } = torn;
if (illness !== undefined) setTimeout(() => fall(illness), illness.afterMs);
