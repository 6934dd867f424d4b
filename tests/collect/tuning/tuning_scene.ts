/**
 * A run against a simulated server on a simulated clock: real slots, pace, circuit breaker, feedback and
 * tuners; only the requests are simulated, in steps of a millisecond.
 *
 * @module
 */

import { Tuning } from "../../../lib/collect/tuning/tuning.ts";
import { SharedState } from "../../../lib/pace/shared_state.ts";
import type { Job } from "../../../lib/job/job.ts";
import { supervisorTickMs } from "../../../lib/pace/clock.ts";
import { refusalPauseMs } from "../../../lib/pace/pace.ts";
import type { TunedRecord } from "../../../lib/store/records.ts";

/** A server: the outcome of a request that arrives `ms` milliseconds after the start. */
export type Server = (ms: number) => { readonly isRefused: boolean; readonly tookMs: number };

/** Counts of one second. */
export interface Second {
  readonly answers: number;
  readonly refusals: number;
  /** At its end. */
  readonly rate: number;
  readonly slots: number;
}

/** Keeps tuned values in memory. */
export class LearnedStore {
  readonly kept = new Map<string, TunedRecord>();

  learned(host: string, what: string): Promise<TunedRecord | undefined> {
    return Promise.resolve(this.kept.get(`${host} ${what}`));
  }

  keepTuned(host: string, what: string, found: TunedRecord): Promise<void> {
    this.kept.set(`${host} ${what}`, found);
    return Promise.resolve();
  }
}

const beginUs = 1e15;
const host = "h:80";

/** Plays a run of `seconds`. Each refusal names `retryAfterMs`, or no delay. */
export async function play(
  limits: Job["limits"],
  server: Server,
  options: {
    readonly seconds: number;
    readonly store?: LearnedStore;
    readonly retryAfterMs?: number;
  },
): Promise<Second[]> {
  const shared = new SharedState(SharedState.create(limits.inFlight, limits.rates, beginUs));
  const tuning = await Tuning.open(limits, { shared, store: options.store ?? new LearnedStore(), host });
  const underWay = new Map<number, { readonly startedMs: number; readonly isRefused: boolean }[]>();
  const seconds: Second[] = [];
  let [answers, refusals] = [0, 0];
  for (let ms = 0; ms < options.seconds * 1_000; ms++) {
    const nowUs = beginUs + ms * 1_000;
    for (const { startedMs, isRefused } of underWay.get(ms) ?? []) {
      shared.release(0);
      if (isRefused) {
        refusals++;
        shared.pace.pause(nowUs, options.retryAfterMs ?? refusalPauseMs);
        shared.feedback.refused(beginUs + startedMs * 1_000);
        shared.circuitBreaker.failed({ weight: 1, why: 503 }, nowUs);
      } else {
        answers++;
        shared.feedback.answered(ms - startedMs);
        shared.circuitBreaker.succeeded();
      }
    }
    underWay.delete(ms);
    while (shared.tryAcquire(0)) {
      if ((shared.circuitBreaker.tryPass(nowUs) || shared.pace.tryStart(nowUs)) > 0) {
        shared.release(0);
        break;
      }
      const { isRefused, tookMs } = server(ms);
      const endMs = ms + Math.max(1, Math.round(tookMs));
      const ending = underWay.get(endMs);
      if (ending === undefined) underWay.set(endMs, [{ startedMs: ms, isRefused }]);
      else ending.push({ startedMs: ms, isRefused });
    }
    if (ms % supervisorTickMs === 0) await tuning.tick(nowUs);
    if (ms % 1_000 < 999) continue;
    seconds.push({ answers, refusals, rate: 1e6 / shared.pace.intervalUs, slots: shared.inFlightMax });
    [answers, refusals] = [0, 0];
  }
  await tuning.close();
  return seconds;
}

/** A token bucket like nginx's `limit_req` with `burst` and `nodelay`; `rateAt` gives the requests per second. */
export function bucket(
  rateAt: (ms: number) => number,
  { burst, tookMs }: { readonly burst: number; readonly tookMs: () => number },
): Server {
  let [excess, lastMs] = [0, 0];
  return (ms) => {
    const next = Math.max(0, excess - (ms - lastMs) / 1_000 * rateAt(ms)) + 1;
    if (next > burst + 1) return { isRefused: true, tookMs: 5 };
    excess = next;
    lastMs = ms;
    return { isRefused: false, tookMs: tookMs() };
  };
}

/** A server with a queue that works on `placesAt` requests at a time. */
export function places(placesAt: (ms: number) => number, serviceMs: (ms: number) => number): Server {
  const free: number[] = [];
  return (ms) => {
    const count = placesAt(ms);
    while (free.length < count) free.push(ms);
    while (free.length > count) free.splice(free.indexOf(Math.max(...free)), 1);
    const first = free.indexOf(Math.min(...free));
    const endMs = Math.max(free[first] ?? ms, ms) + serviceMs(ms);
    free[first] = endMs;
    return { isRefused: false, tookMs: endMs - ms };
  };
}

/** Numbers from 0 to below 1 that are the same in every run (mulberry32). */
export function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
