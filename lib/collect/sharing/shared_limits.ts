/**
 * The limits that a run shares with other processes (`limits.share`), on the main thread: at every tick of the
 * supervisor it tells what it uses, and sets the slots, turns and starts that the holders' ledger leaves to it. Asks no
 * server. Holds two seconds of readings.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { InterruptedError } from "../../errors.ts";
import type { Job } from "../../job/job.ts";
import { nowUs, supervisorTickMs } from "../../pace/clock.ts";
import type { SharedState } from "../../pace/shared_state.ts";
import { patternTurns } from "../../pace/turn_leases.ts";
import type { Quotas } from "../tuning/quotas.ts";
import { ShareFolder } from "./share_folder.ts";
import {
  advance,
  type Allowance,
  emptyLedger,
  type HolderFacts,
  parseLedger,
  withoutHolder,
} from "./share_ledger.ts";
import { turnsBetween } from "./turn_plan.ts";

/** Ticks over which the most slots in use count as needed. */
const ticksRemembered = 8;

/** Turns in use are judged over this long and this many turns; a holder that uses this share of them can use more. */
const judgeUs = 1e6;
const judgeTurns = 2;
const usedMin = 0.8;

/** A holder keeps this many times the turns that it uses. */
const spare = 1.5;

/** The Worker whose slot the main thread takes for a request of its own, before there are Workers. */
const firstWorker = 0;

/** What is shared, and by whom. */
export interface SharedLimitsOptions {
  readonly shared: SharedState;
  /** The folder that holds a folder per name. */
  readonly folder: string;
  /** Microseconds since 1970. Default: the clock that all threads share. */
  readonly clock?: () => number;
}

/** What a request of the main thread waits for. */
export interface DuringOptions {
  readonly signal: AbortSignal;
  /** The job's own quotas. */
  readonly quotas: Pick<Quotas, "tick">;
}

/** One per run. Without its ticks the run soon starts no request any more. */
export class SharedLimits implements AsyncDisposable {
  readonly #folder: ShareFolder;
  readonly #limits: Job["limits"];
  readonly #shared: SharedState;
  readonly #clock: () => number;
  #allowance: Allowance = { slots: 0, leases: [], granted: 0, pausedUntilUs: 0 };
  /** Starts that the ledger has counted. */
  #reported = 0;
  #ticking: Promise<void> | undefined;
  readonly #taken: number[] = [];
  #waitedMs = 0;
  #turns = { sinceUs: 0, judgedUs: 0, started: 0, due: 0 };
  #wantTurns: number = patternTurns;

  private constructor(folder: ShareFolder, limits: Job["limits"], options: SharedLimitsOptions) {
    this.#folder = folder;
    this.#limits = limits;
    this.#shared = options.shared;
    this.#clock = options.clock ?? nowUs;
    // Nothing starts before the first tick.
    this.#shared.cap(0);
    this.#turns.judgedUs = this.#turns.sinceUs = this.#clock();
  }

  /**
   * Joins the holders of the name. Resolves before the first request may start.
   *
   * @throws {UsageError} If its folder cannot be written.
   * @throws {InterruptedError} If too many processes share it.
   */
  static async open(
    name: string,
    limits: Job["limits"],
    options: SharedLimitsOptions,
  ): Promise<SharedLimits> {
    return new SharedLimits(await ShareFolder.open(`${options.folder}/${name}`), limits, options);
  }

  /**
   * Tells what the run uses, and sets what it may use until the next tick.
   *
   * @throws {InterruptedError} If the ledger cannot be written.
   */
  async tick(): Promise<void> {
    // While another process keeps the lock, nothing changes: turns and starts that were granted run out.
    this.#ticking ??= this.#folder.locked(() => this.#advance()).then(() => {});
    await this.#ticking.finally(() => this.#ticking = undefined);
  }

  /** Makes a request of the main thread as if a Worker made it: in a slot, at a turn, and counted. */
  async during<T>(work: () => Promise<T>, options: DuringOptions): Promise<T> {
    await this.#turn(options);
    const timer = setInterval(() => void this.tick().catch(() => {}), supervisorTickMs);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      await this.#ticking?.catch(() => {});
      this.#shared.release(firstWorker);
    }
  }

  /** Leaves. To be called when no request can start any more, and none is in flight. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { id } = this.#folder;
    // An entry that stays is dropped by the next holder that looks: its file is unlocked.
    await this.#folder.locked(() => {
      const started = this.#shared.pace.started - this.#reported;
      const ledger = parseLedger(this.#folder.read() ?? "");
      if (ledger === undefined) return;
      this.#folder.write(JSON.stringify(withoutHolder(ledger, { id, started, nowUs: this.#clock() })));
    }).catch(() => {});
    this.#folder.close();
  }

  #advance(): void {
    const { pace } = this.#shared;
    const now = this.#clock();
    const { started } = pace;
    this.#observe(now, started);
    const moment = { nowUs: now, alive: this.#folder.alive() };
    const before = this.#folder.read();
    const { ledger, allowance } = advance(
      parseLedger(before ?? "") ?? emptyLedger,
      this.#facts(started, now),
      moment,
    );
    const text = JSON.stringify(ledger);
    if (text !== before) this.#folder.write(text);
    this.#reported = started;
    this.#allowance = allowance;
    pace.lease(allowance.leases);
    pace.grantShared(allowance.granted === undefined ? undefined : started + allowance.granted);
    const pauseMs = (allowance.pausedUntilUs - now) / 1_000;
    if (pauseMs > pace.pausedMs(now) + 1) pace.pause(now, pauseMs);
    this.#shared.cap(allowance.slots);
  }

  #facts(started: number, now: number): HolderFacts {
    const pausedUs = this.#shared.pace.pausedMs(now) * 1_000;
    const { rates, inFlight } = this.#limits;
    return {
      id: this.#folder.id,
      inFlight,
      rates,
      wantSlots: this.#wantSlots(),
      wantTurns: this.#wantTurns,
      started: started - this.#reported,
      pausedUntilUs: pausedUs > 0 ? Math.round(now + pausedUs) : 0,
      shrink: (slots) => {
        if (slots < this.#shared.inFlightMax) this.#shared.cap(slots);
        return this.#shared.slotsTaken;
      },
      pace: () => {
        if (this.#allowance.leases === undefined) this.#shared.pace.lease([]);
      },
    };
  }

  /** All that the job wants if its slots are in use, else a few more than were. */
  #wantSlots(): number {
    const { inFlightMax, inFlightWanted, slotsTaken } = this.#shared;
    const waitedMs = this.#shared.waitedMs("slot");
    const isSaturated = slotsTaken >= inFlightMax || waitedMs > this.#waitedMs;
    this.#waitedMs = waitedMs;
    this.#taken.push(isSaturated ? inFlightWanted : slotsTaken);
    if (this.#taken.length > ticksRemembered) this.#taken.shift();
    return Math.min(inFlightWanted, Math.max(...this.#taken) + 1);
  }

  /** Judges how many of its turns the run uses. */
  #observe(now: number, started: number): void {
    const turns = this.#turns;
    const leases = this.#allowance.leases ?? [];
    turns.due += turnsBetween(leases, turns.sinceUs, now);
    turns.started += started - this.#reported;
    turns.sinceUs = now;
    if (now >= turns.judgedUs && (now - turns.judgedUs < judgeUs || turns.due < judgeTurns)) return;
    const used = turns.due > 0 ? turns.started / turns.due : 1;
    const own = (leases.at(-1)?.mask ?? 0).toString(2).replaceAll("0", "").length;
    this.#wantTurns = used >= usedMin ? patternTurns : Math.max(1, Math.ceil(spare * used * own));
    this.#turns = { sinceUs: now, judgedUs: now, started: 0, due: 0 };
  }

  /** Waits for a slot and a turn, and counts a start. */
  async #turn({ signal, quotas }: DuringOptions): Promise<void> {
    for (let isHeld = false;;) {
      await this.tick();
      await quotas.tick(this.#clock() / 1_000);
      isHeld ||= this.#shared.tryAcquire(firstWorker);
      const waitUs = isHeld ? this.#shared.pace.tryStart(this.#clock()) : supervisorTickMs * 1_000;
      if (waitUs === 0) return;
      await delay(Math.min(Math.ceil(waitUs / 1_000), supervisorTickMs), { signal }).catch(() => {});
      if (signal.aborted) {
        throw new InterruptedError("The run was stopped while it waited for its turn: run again to resume");
      }
    }
  }
}
