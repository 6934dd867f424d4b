/**
 * Finds how many requests in flight are of use. More are of none where answers take longer and there are no more of
 * them: they wait in a queue of the server's, as in TCP Vegas (Brakmo and Peterson 1995) and Netflix's
 * concurrency-limits. By Little's law the server works on as many at once as it gives answers a second, times the time
 * that an answer takes where nothing waits. Pure: numbers in, a number out.
 *
 * @module
 */

import { tuningLimits } from "../../limits.ts";
import type { Tick } from "./tick.ts";
import { type Found, Search } from "./search.ts";

/** Sums over a round. */
interface Round {
  ms: number;
  answers: number;
  latencyMs: number;
  /** In flight, summed over the looks. */
  inFlight: number;
  looks: number;
}

/** Milliseconds: until an answer's first byte; and until its slot is free, by Little's law. */
interface Times {
  readonly latencyMs: number;
  readonly slotMs: number;
}

/** One per run. */
export class InFlightTuner {
  readonly #search: Search;
  /** Answers still to come that were asked for before the last change. */
  #unsettled = 0;
  #round: Round = emptyRound();
  /** What answers take where nothing waits. */
  #base: Times | undefined;
  /** Rounds one after the other in which they took longer, or less long (below 0). */
  #changed = 0;
  /** What they took, and how many were in flight, before the last step down because of a queue. */
  #before: { readonly times: Times; readonly inFlight: number } | undefined;

  /** `max` is the most that may be tried. */
  constructor(max: number, found?: Found) {
    const bounds = { first: tuningLimits.inFlightFirst, min: 1, max, passed: tuningLimits.inFlightPassed };
    this.#search = new Search(bounds, found);
    this.#begin();
  }

  /** A whole number from 1 on. */
  get inFlight(): number {
    return Math.round(this.#search.value);
  }

  /** For the next run. */
  get found(): Found {
    return this.#search.found;
  }

  /** Takes in what happened since the last look. Returns whether it made a step down because of a refusal. */
  look({ ms, answers, latencyMs, refusals, inFlight, isHeld }: Tick): boolean {
    if (refusals > 0) this.#search.refuse(this.inFlight);
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
    round.looks++;
    const answersMin = this.#search.isDoubling ? tuningLimits.answersDoubling : tuningLimits.answersMin;
    if (round.looks > 1 && round.answers >= Math.max(answersMin, this.inFlight)) this.#judge();
    return false;
  }

  #judge(): void {
    const { ms, answers, latencyMs, inFlight, looks } = this.#round;
    const mean = inFlight / looks;
    // Held up elsewhere, such as by the pace, a slot more would be of no use, and a queue is not this one's.
    if (mean >= tuningLimits.inFlightUsed * this.inFlight) {
      this.#learn({ latencyMs: latencyMs / answers, slotMs: mean * ms / answers }, ms);
    }
    this.#begin();
  }

  #learn(times: Times, ms: number): void {
    if (this.#isNoQueue(times)) {
      // Less in flight has helped nothing: the server has become slower, whatever is in flight.
      this.#base = times;
      this.#search.settle(this.#before?.inFlight ?? this.inFlight);
    }
    this.#before = undefined;
    this.#base ??= times;
    const growth = growthOf(times, this.#base);
    if (this.#search.isDoubling) {
      if (growth > tuningLimits.queueDoubling) return this.#step(times, growth);
      if (Math.abs(growth - 1) < tuningLimits.noise) this.#base = meanOf(times, this.#base);
      return this.#search.grow(ms);
    }
    const change = growth > tuningLimits.queue ? 1 : growth < 1 / tuningLimits.queue ? -1 : 0;
    this.#changed = change === 0 || change * this.#changed < 0 ? change : this.#changed + change;
    if (this.#changed >= tuningLimits.changedRounds) return this.#step(times, growth);
    if (this.#changed <= -tuningLimits.changedRounds) {
      // The server has become faster, or has got room: how fast it is without a queue shows lower down only.
      this.#base = undefined;
      this.#changed = 0;
      return this.#search.restart(this.inFlight / tuningLimits.growth);
    }
    if (change === 0) this.#search.grow(ms);
  }

  #step(times: Times, growth: number): void {
    const { inFlight } = this;
    this.#before = { times, inFlight };
    this.#changed = 0;
    this.#search.settle(inFlight / growth * tuningLimits.inFlightSpare);
  }

  /** Whether the last step down has left answers as slow as they were. */
  #isNoQueue({ latencyMs }: Times): boolean {
    const before = this.#before;
    return before !== undefined && this.inFlight < (1 - tuningLimits.noise) * before.inFlight &&
      latencyMs > (1 - tuningLimits.noise) * before.times.latencyMs;
  }

  #begin(): void {
    this.#round = emptyRound();
    this.#unsettled = this.inFlight;
  }
}

function emptyRound(): Round {
  return { ms: 0, answers: 0, latencyMs: 0, inFlight: 0, looks: 0 };
}

/** How many times as long; where the two tell different things, only as far as both agree. */
function growthOf(now: Times, base: Times): number {
  return Math.min(now.latencyMs / base.latencyMs, now.slotMs / base.slotMs);
}

function meanOf(a: Times, b: Times): Times {
  return { latencyMs: (a.latencyMs + b.latencyMs) / 2, slotMs: (a.slotMs + b.slotMs) / 2 };
}
