/**
 * Limits that a run finds by itself, looked after on the main thread: tells the learners what happened, sets the pace
 * and the slots as they say, and keeps in the store what was found, so that the next run begins where this one ended.
 *
 * @module
 */

import type { Job } from "../../job/job.ts";
import { tuningLimits } from "../../limits.ts";
import type { Tunable } from "../../store/records.ts";
import type { StoreWriter } from "../../store/database.ts";
import type { SharedState } from "../../pace/shared_state.ts";
import { InFlightTuner } from "./in_flight_tuner.ts";
import type { Tick } from "./tick.ts";
import { RateTuner } from "./rate_tuner.ts";
import type { Found } from "./search.ts";

/** What is learned from, set, and kept with. */
export interface TuningOptions {
  readonly shared: SharedState;
  readonly store: Pick<StoreWriter, "learned" | "keepTuned">;
  /** Whose limits they are: `host:port`. */
  readonly host: string;
}

/** One per run. {@linkcode tick} is to be called every `pace.tickMs`. */
export class Tuning {
  readonly #options: TuningOptions;
  readonly #rate: RateTuner | undefined;
  readonly #inFlight: InFlightTuner | undefined;
  /** At the last look. */
  #last: { readonly us: number; readonly starts: number; readonly isHeld: boolean } | undefined;
  #sums = { answers: 0, latencyMs: 0, refusals: 0 };
  /** How often something had succeeded when the last step down was made. */
  #successesAtStep: number | undefined;
  #keptUs: number | undefined;

  private constructor(
    learners: { readonly rate: RateTuner | undefined; readonly inFlight: InFlightTuner | undefined },
    options: TuningOptions,
  ) {
    this.#rate = learners.rate;
    this.#inFlight = learners.inFlight;
    this.#options = options;
    this.#set();
  }

  /** Begins a bit below what the store knows. Where nothing is to be found, nothing is ever done. */
  static async open({ inFlight, auto }: Job["limits"], options: TuningOptions): Promise<Tuning> {
    const { shared, store, host } = options;
    const { intervalUs } = shared.pace;
    const rate = auto?.rate === true
      ? new RateTuner(intervalUs === 0 ? Infinity : 1e6 / intervalUs, await store.learned(host, "rate"))
      : undefined;
    const slots = auto?.inFlight === true
      ? new InFlightTuner(inFlight, await store.learned(host, "in_flight"))
      : undefined;
    return new Tuning({ rate, inFlight: slots }, options);
  }

  /** Takes in what happened since the last look. */
  async tick(nowUs: number): Promise<void> {
    if (this.#rate === undefined && this.#inFlight === undefined) return;
    const { breaker, feedback } = this.#options.shared;
    const look = this.#lookOf(nowUs);
    this.#keptUs ??= nowUs;
    if (look === undefined) return;
    if (this.#tell(look)) {
      this.#successesAtStep = breaker.successes;
      feedback.stepped(nowUs);
    }
    this.#set();
    if (nowUs - this.#keptUs < tuningLimits.keepMs * 1_000) return;
    this.#keptUs = nowUs;
    await this.close();
  }

  /** A refusal is about the rate, where that is to be found. Returns whether there was a step down. */
  #tell(look: Tick): boolean {
    if (this.#rate === undefined) return this.#inFlight?.look(look) ?? false;
    this.#inFlight?.look({ ...look, refusals: 0, isHeld: look.isHeld || look.refusals > 0 });
    return this.#rate.look(look);
  }

  /** Keeps what was found. */
  async close(): Promise<void> {
    await this.#keep("rate", this.#rate?.found);
    await this.#keep("in_flight", this.#inFlight?.found);
  }

  /** Undefined at the first look, and where the clock was set back. */
  #lookOf(nowUs: number): Tick | undefined {
    const { pace, breaker, feedback } = this.#options.shared;
    const now = { us: nowUs, starts: pace.started, isHeld: breaker.isDown || pace.pausedMs(nowUs) > 0 };
    const [last, before, sums] = [this.#last, this.#sums, feedback.read()];
    this.#last = now;
    this.#sums = sums;
    if (last === undefined || nowUs <= last.us) return undefined;
    const refusals = sums.refusals - before.refusals;
    return {
      ms: (nowUs - last.us) / 1_000,
      starts: now.starts - last.starts,
      answers: sums.answers - before.answers,
      latencyMs: sums.latencyMs - before.latencyMs,
      refusals: refusals > 0 && this.#isNews() ? refusals : 0,
      inFlight: this.#options.shared.held(),
      isHeld: now.isHeld || last.isHeld,
    };
  }

  /** An API that is down refuses whatever the rate: after one step, only a success makes a refusal news again. */
  #isNews(): boolean {
    const { breaker } = this.#options.shared;
    return !breaker.isDown || breaker.successes !== this.#successesAtStep;
  }

  #set(): void {
    const { pace } = this.#options.shared;
    if (this.#rate !== undefined) pace.learn(Math.ceil(1e6 / this.#rate.rate));
    if (this.#inFlight !== undefined) this.#options.shared.resize(this.#inFlight.inFlight);
  }

  async #keep(what: Tunable, found: Found | undefined): Promise<void> {
    const { store, host } = this.#options;
    if (found !== undefined) await store.keepTuned(host, what, found);
  }
}
