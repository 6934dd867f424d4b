/**
 * Finds how many requests in flight are useful, by the latency gradient of TCP Vegas (Brakmo and Peterson 1995) and
 * Netflix's concurrency-limits: where answers take longer and throughput stays, the extra requests wait in the
 * server's queue. The latency without a queue is measured again every 20 rounds, with fewer requests in flight, as
 * BBR does. Pure: no clock, no I/O.
 *
 * docs/measurements.md has the figures.
 *
 * @module
 */

import type { TunedRecord } from "../../store/records.ts";
import { Aimd } from "./aimd.ts";
import type { Tick } from "./tick.ts";

const firstInFlight = 4;

/** Answers in a round: fewer during slow start, where a slow step costs more than a wrong one. */
const answersMinSlowStart = 16;
const answersMin = 48;

/** A round that used a smaller share of the slots is ignored: the pace or the store holds requests back. */
const usedMin = 0.85;

/** Answers that take this many times as long wait in a queue. Means of 16 answers are noisier than means of 48. */
const queueSlowStart = 1.5;
const queue = 1.25;

/** Slots above the server's places, which keep the server busy while answers travel. */
const spare = 1.15;

/**
 * One of every `drainRounds` rounds uses this share of the slots, to measure the latency without a queue: the share is
 * below `1 / queue`.
 */
const drainRounds = 20;
const drainTo = 0.6;

/** A change of the latency by these factors is no noise: the server may have become slower, or has become faster. */
const slower = 2;
const faster = 0.75;

/** Milliseconds of one answer: until its first byte, and until its slot is free (by Little's law). */
interface Times {
  readonly latencyMs: number;
  readonly slotMs: number;
}

/** One per run. */
export class InFlightTuner {
  readonly #aimd: Aimd;
  #round = emptyRound();
  /** Answers outstanding whose requests started before the last change. */
  #unsettled = 0;
  /** Times without a queue. */
  #base: Times | undefined;
  #rounds = 0;
  #isDraining = false;

  /** `max` is the most that may be in flight. */
  constructor(max: number, found?: TunedRecord) {
    this.#aimd = new Aimd({ first: firstInFlight, min: 1, max }, found);
    this.#begin();
  }

  /** A whole number from 1 on. */
  get inFlight(): number {
    return Math.max(1, Math.round(this.#aimd.value * (this.#isDraining ? drainTo : 1)));
  }

  /** What the next run starts from. */
  get found(): TunedRecord {
    return this.#aimd.found;
  }

  /** Returns whether a refusal caused a step down. */
  tick({ ms, answers, latencyMs, refusals, inFlight, isHeld }: Tick): boolean {
    if (refusals > 0) this.#aimd.refuse(this.inFlight);
    if (refusals > 0 || isHeld) {
      this.#begin();
      return refusals > 0;
    }
    this.#unsettled -= answers;
    if (this.#unsettled > 0) return false;
    const round = this.#round;
    round.ms += ms;
    round.answers += answers;
    round.latencyMs += latencyMs;
    round.inFlight += inFlight;
    round.ticks++;
    const wanted = Math.max(this.#aimd.isSlowStart ? answersMinSlowStart : answersMin, this.inFlight);
    if (round.ticks > 1 && round.answers >= wanted) this.#judge();
    return false;
  }

  #judge(): void {
    const { ms, answers, latencyMs, inFlight, ticks } = this.#round;
    const mean = inFlight / ticks;
    if (mean >= usedMin * this.inFlight) {
      this.#learn({ latencyMs: latencyMs / answers, slotMs: mean * ms / answers });
    }
    this.#begin();
  }

  #learn(times: Times): void {
    if (this.#isDraining) {
      this.#base = times;
      this.#isDraining = false;
      return;
    }
    const { isSlowStart } = this.#aimd;
    const growth = growthOf(times, this.#base ??= times);
    if (growth < faster) this.#base = times;
    if (growth > (isSlowStart ? queueSlowStart : queue)) this.#aimd.settle(this.inFlight * spare / growth);
    else this.#aimd.grow();
    // A long queue is verified at once: a slower server looks the same, and slow start measures few answers.
    const isDoubtful = growth > (isSlowStart ? queueSlowStart : slower);
    this.#isDraining = isDoubtful || ++this.#rounds % drainRounds === 0;
  }

  #begin(): void {
    this.#round = emptyRound();
    this.#unsettled = this.inFlight;
  }
}

/** Sums over a round; `inFlight` is summed over the ticks. */
function emptyRound() {
  return { ms: 0, answers: 0, latencyMs: 0, inFlight: 0, ticks: 0 };
}

/** How many times as long as `base`, by the smaller of both times: a slow body alone is no queue. */
function growthOf(times: Times, base: Times): number {
  return Math.min(times.latencyMs / base.latencyMs, times.slotMs / base.slotMs);
}
