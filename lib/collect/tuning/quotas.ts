/**
 * Quotas of a run: its rates over a minute or longer, such as 1,000 a day. Lives on the main thread and grants the
 * Workers a few starts per tick. A grant is stored before it is given, so neither `kill -9` nor the next run on the
 * database starts with a fresh quota; unused grants are returned at the end.
 *
 * @module
 */

import type { Rate } from "../../job/job.ts";
import { supervisorTickMs } from "../../pace/clock.ts";
import { isQuota, type Pace } from "../../pace/pace.ts";
import type { StoreWriter } from "../../store/database.ts";
import { Quota } from "./quota.ts";

/** A grant lasts this many ticks at the current pace, so that a busy main thread delays no request. */
const ticksGranted = 4;

/** What grants go to, and where they are stored. */
export interface QuotasOptions {
  readonly pace: Pace;
  readonly store: StoreWriter;
  /** The server that the quotas belong to: `host:port`. */
  readonly host: string;
}

/** One per run. The supervisor calls {@linkcode tick} every `supervisorTickMs`. */
export class Quotas {
  readonly #options: QuotasOptions;
  readonly #quotas: readonly Quota[];
  /** Starts that the quotas have counted. */
  #counted = 0;
  /** What the store holds, so that only changes are written. */
  readonly #stored = new Map<Quota, string>();

  private constructor(quotas: readonly Quota[], options: QuotasOptions) {
    this.#quotas = quotas;
    this.#options = options;
  }

  /** Continues from the stored counts. Ignores rates that are no quotas. */
  static async open(rates: readonly Rate[], options: QuotasOptions): Promise<Quotas> {
    const quotas: Quota[] = [];
    for (const rate of rates.filter(isQuota)) {
      quotas.push(new Quota(rate, await options.store.starts({ host: options.host, perMs: rate.perMs })));
    }
    return new Quotas(quotas, options);
  }

  /** Counts the requests started since the last tick, and grants those of the next ticks. */
  async tick(nowMs: number): Promise<void> {
    if (this.#quotas.length === 0) return;
    const started = this.#count(nowMs);
    const room = Math.min(...this.#quotas.map((quota) => quota.room(nowMs)));
    const grant = Math.min(room, this.#grantMax());
    await this.#keep(nowMs, grant);
    this.#options.pace.grant(started + grant);
  }

  /** Returns what was granted and not used. To be called when no request can start any more. */
  async close(nowMs: number): Promise<void> {
    if (this.#quotas.length === 0) return;
    this.#count(nowMs);
    await this.#keep(nowMs, 0);
  }

  #count(nowMs: number): number {
    const { started } = this.#options.pace;
    for (const quota of this.#quotas) quota.add(nowMs, started - this.#counted);
    this.#counted = started;
    return started;
  }

  #grantMax(): number {
    return Math.ceil(ticksGranted * supervisorTickMs * 1_000 / this.#options.pace.intervalUs);
  }

  async #keep(nowMs: number, grant: number): Promise<void> {
    const { store, host } = this.#options;
    for (const quota of this.#quotas) {
      const counts = quota.with(nowMs, grant);
      const text = JSON.stringify([...counts]);
      if (this.#stored.get(quota) === text) continue;
      await store.keepStarts({ host, perMs: quota.rate.perMs }, counts);
      this.#stored.set(quota, text);
    }
  }
}
