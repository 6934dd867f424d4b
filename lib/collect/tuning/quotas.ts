/**
 * The longer rates of a job, such as 1,000 a day: budgets, looked after on the main thread, which allows the Workers a
 * few starts at a time. What is allowed is in the store before it may be started, so neither a restart nor `kill -9`
 * nor the next run on the same database begins with a fresh budget; what was allowed and not used is given back.
 *
 * @module
 */

import type { Rate } from "../../job/job.ts";
import { paceLimits } from "../../limits.ts";
import type { StoreWriter } from "../../store/database.ts";
import { Quota } from "./quota.ts";
import type { Pace } from "../../pace/pace.ts";

/** What an quotas is kept with. */
export interface QuotasOptions {
  readonly pace: Pace;
  readonly store: StoreWriter;
  /** Whose budget it is: `host:port`. */
  readonly host: string;
}

/** One per run. {@linkcode tick} is to be called every `pace.tickMs`. */
export class Quotas {
  readonly #options: QuotasOptions;
  readonly #budgets: readonly Quota[];
  /** Starts that the budgets know of. */
  #counted = 0;
  /** What the store has, so that it is told only what is new. */
  readonly #kept = new Map<Quota, string>();

  private constructor(budgets: readonly Quota[], options: QuotasOptions) {
    this.#budgets = budgets;
    this.#options = options;
  }

  /** Goes on from what the store knows. Rates of less than a minute are none of its business. */
  static async open(rates: readonly Rate[], options: QuotasOptions): Promise<Quotas> {
    const budgets: Quota[] = [];
    for (const rate of rates.filter(({ perMs }) => perMs >= paceLimits.budgetMsMin)) {
      budgets.push(new Quota(rate, await options.store.starts({ host: options.host, perMs: rate.perMs })));
    }
    return new Quotas(budgets, options);
  }

  /** Counts what has been started, and allows what may be started until the next looks. */
  async tick(nowMs: number): Promise<void> {
    if (this.#budgets.length === 0) return;
    const started = this.#count(nowMs);
    const room = Math.min(...this.#budgets.map((budget) => budget.room(nowMs)));
    const reserve = Math.min(room, this.#reserveMax());
    await this.#keep(nowMs, reserve);
    this.#options.pace.allow(started + reserve);
  }

  /** Allows nothing more, and gives back what was not used. No request may be started any more. */
  async close(nowMs: number): Promise<void> {
    if (this.#budgets.length === 0) return;
    this.#count(nowMs);
    await this.#keep(nowMs, 0);
  }

  #count(nowMs: number): number {
    const { started } = this.#options.pace;
    for (const budget of this.#budgets) budget.add(nowMs, started - this.#counted);
    this.#counted = started;
    return started;
  }

  /** As many as the pace starts until four looks later: a busy main thread is to hold nobody up. */
  #reserveMax(): number {
    return Math.ceil(4 * paceLimits.tickMs * 1_000 / this.#options.pace.intervalUs);
  }

  async #keep(nowMs: number, reserve: number): Promise<void> {
    const { store, host } = this.#options;
    for (const budget of this.#budgets) {
      const counts = budget.with(nowMs, reserve);
      const text = JSON.stringify([...counts]);
      if (this.#kept.get(budget) === text) continue;
      await store.keepStarts({ host, perMs: budget.rate.perMs }, counts);
      this.#kept.set(budget, text);
    }
  }
}
