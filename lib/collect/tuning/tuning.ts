/**
 * Runs the tuners of a job with `rate = "auto"` or `in_flight = "auto"`, on the main thread: reads the feedback of
 * the Workers, sets the pace and the in-flight slots, and stores what was found for the next run.
 *
 * @module
 */

import type { Job } from "../../job/job.ts";
import type { SharedState } from "../../pace/shared_state.ts";
import type { Tunable, TunedRecord } from "../../store/records.ts";
import type { StoreWriter } from "../../store/database.ts";
import { InFlightTuner } from "./in_flight_tuner.ts";
import { RateTuner } from "./rate_tuner.ts";
import type { Tick } from "./tick.ts";

/** Found values are stored this often, so that a killed run loses little. */
const keepMs = 10_000;

/** What the tuners read, set and store. */
export interface TuningOptions {
  readonly shared: SharedState;
  readonly store: Pick<StoreWriter, "learned" | "keepTuned">;
  /** The server whose limits they are: `host:port`. */
  readonly host: string;
}

/** One per run. The supervisor calls {@linkcode tick} every `supervisorTickMs`. */
export class Tuning {
  readonly #options: TuningOptions;
  readonly #rate: RateTuner | undefined;
  readonly #inFlight: InFlightTuner | undefined;
  /** At the last tick. */
  #last: { readonly us: number; readonly starts: number; readonly isHeld: boolean } | undefined;
  #sums = { answers: 0, latencyMs: 0, refusals: 0 };
  /** The breaker's successes at the last step down. */
  #successesAtStep: number | undefined;
  #keptUs: number | undefined;

  private constructor(
    tuners: { readonly rate: RateTuner | undefined; readonly inFlight: InFlightTuner | undefined },
    options: TuningOptions,
  ) {
    this.#rate = tuners.rate;
    this.#inFlight = tuners.inFlight;
    this.#options = options;
    this.#apply();
  }

  /** Starts just below the stored values. Without an automatic limit, no method does anything. */
  static async open({ inFlight, auto }: Job["limits"], options: TuningOptions): Promise<Tuning> {
    const { shared, store, host } = options;
    const { intervalUs } = shared.pace;
    const rateMax = intervalUs === 0 ? Infinity : 1e6 / intervalUs;
    return new Tuning({
      rate: auto?.rate === true ? new RateTuner(rateMax, await store.learned(host, "rate")) : undefined,
      inFlight: auto?.inFlight === true
        ? new InFlightTuner(inFlight, await store.learned(host, "in_flight"))
        : undefined,
    }, options);
  }

  /** Gives the tuners the feedback since the last tick, and applies what they find. `nowUs` is since 1970. */
  async tick(nowUs: number): Promise<void> {
    if (this.#rate === undefined && this.#inFlight === undefined) return;
    const { circuitBreaker, feedback } = this.#options.shared;
    this.#keptUs ??= nowUs;
    const tick = this.#tickAt(nowUs);
    if (tick === undefined) return;
    if (this.#tune(tick)) {
      this.#successesAtStep = circuitBreaker.successes;
      feedback.steppedDown(nowUs);
    }
    this.#apply();
    if (nowUs - this.#keptUs < keepMs * 1_000) return;
    this.#keptUs = nowUs;
    await this.close();
  }

  /** Refusals lower the rate where the rate is tuned, else the slots. Returns whether there was a step down. */
  #tune(tick: Tick): boolean {
    if (this.#rate === undefined) return this.#inFlight?.tick(tick) ?? false;
    this.#inFlight?.tick({ ...tick, refusals: 0, isHeld: tick.isHeld || tick.refusals > 0 });
    return this.#rate.tick(tick);
  }

  /** Stores what was found. */
  async close(): Promise<void> {
    await this.#keep("rate", this.#rate?.found);
    await this.#keep("in_flight", this.#inFlight?.found);
  }

  /** Undefined at the first tick, and after the clock was set back. */
  #tickAt(nowUs: number): Tick | undefined {
    const { shared } = this.#options;
    const { pace, circuitBreaker, feedback } = shared;
    const now = {
      us: nowUs,
      starts: pace.started,
      isHeld: circuitBreaker.isDown || pace.pausedMs(nowUs) > 0,
    };
    const [last, before, sums] = [this.#last, this.#sums, feedback.read()];
    this.#last = now;
    this.#sums = sums;
    if (last === undefined || nowUs <= last.us) return undefined;
    return {
      ms: (nowUs - last.us) / 1_000,
      starts: now.starts - last.starts,
      answers: sums.answers - before.answers,
      latencyMs: sums.latencyMs - before.latencyMs,
      refusals: this.#isOutage() ? 0 : sums.refusals - before.refusals,
      inFlight: shared.inFlight(),
      isHeld: now.isHeld || last.isHeld,
    };
  }

  /** An API that is down refuses at any rate, so during an outage one step down is enough. */
  #isOutage(): boolean {
    const { circuitBreaker } = this.#options.shared;
    return circuitBreaker.isDown && circuitBreaker.successes === this.#successesAtStep;
  }

  #apply(): void {
    const { shared } = this.#options;
    if (this.#rate !== undefined) shared.pace.tune(Math.ceil(1e6 / this.#rate.rate));
    if (this.#inFlight !== undefined) shared.resize(this.#inFlight.inFlight);
  }

  async #keep(what: Tunable, found: TunedRecord | undefined): Promise<void> {
    const { store, host } = this.#options;
    if (found !== undefined) await store.keepTuned(host, what, found);
  }
}
