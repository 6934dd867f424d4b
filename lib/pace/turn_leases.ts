/**
 * Turns of a pace that several processes share (`limits.share`): the times at which this process may start a request.
 * The main thread writes a few leases, and Workers look up the next turn. Numbers in shared memory; a version that is
 * odd during a write keeps a reader from seeing half of it. No clock, no I/O.
 *
 * @module
 */

import type { SharedNumbers } from "./shared_numbers.ts";

/** Turns repeat a pattern of this many; a bit of the mask stands for each. */
export const patternTurns = 16;

/** Leases that are held at once: the current one, and some that follow. */
export const leasesMax = 4;

/** The mask of a holder that has all turns. */
const allTurns = 2 ** patternTurns - 1;

/** Turn `n` is at `startUs + n × intervalUs`, for n < count; it is ours if the mask has bit `n % patternTurns`. */
export interface TurnLease {
  /** Microseconds since 1970. */
  readonly startUs: number;
  readonly intervalUs: number;
  readonly count: number;
  readonly mask: number;
  /** A turn may be taken this late; a later one is lost. */
  readonly lateUs: number;
}

const Place = { version: 0, count: 1, leases: 2 } as const;
const fields = 5;

/** Numbers that the leases occupy in shared memory. */
export const turnLeasesCount = Place.leases + leasesMax * fields;

/** A turn, and the least time from it to the next one of ours. */
export interface Turn {
  readonly atUs: number;
  readonly gapUs: number;
  /** Between two turns of any holder. */
  readonly intervalUs: number;
}

/** What a look-up found. `none`: no turn is leased; `busy`: the leases are being written. */
export type FoundTurn = Turn | "none" | "busy";

/** A view of the shared leases; each thread makes its own. */
export class TurnLeases {
  readonly #numbers: SharedNumbers;

  /** `numbers` has {@linkcode turnLeasesCount} places, all zero at first. */
  constructor(numbers: SharedNumbers) {
    this.#numbers = numbers;
  }

  /** Replaces the leases; only the first {@linkcode leasesMax} are kept. Main thread only. */
  set(leases: readonly TurnLease[]): void {
    const numbers = this.#numbers;
    const kept = leases.slice(0, leasesMax);
    numbers.add(Place.version, 1);
    numbers.set(Place.count, kept.length);
    for (const [index, lease] of kept.entries()) {
      const place = Place.leases + index * fields;
      numbers.set(place, lease.startUs);
      numbers.set(place + 1, lease.intervalUs);
      numbers.set(place + 2, lease.count);
      numbers.set(place + 3, lease.mask);
      numbers.set(place + 4, lease.lateUs);
    }
    numbers.add(Place.version, 1);
  }

  /** The first turn that can be taken at `nowUs` or later, and is not before `fromUs`. */
  next(fromUs: number, nowUs: number): FoundTurn {
    const numbers = this.#numbers;
    const version = numbers.get(Place.version);
    let found: Turn | undefined;
    const count = numbers.get(Place.count);
    for (let index = 0; index < count && found === undefined; index++) {
      const place = Place.leases + index * fields;
      const lease = {
        startUs: numbers.get(place),
        intervalUs: numbers.get(place + 1),
        count: numbers.get(place + 2),
        mask: numbers.get(place + 3),
        lateUs: numbers.get(place + 4),
      };
      found = turnOf(lease, Math.max(fromUs, nowUs - lease.lateUs));
    }
    const isWhole = version % 2 === 0 && numbers.get(Place.version) === version;
    return isWhole ? found ?? "none" : "busy";
  }
}

/** The first turn of a lease at `fromUs` or later. */
function turnOf({ startUs, intervalUs, count, mask }: TurnLease, fromUs: number): Turn | undefined {
  if (mask === allTurns) {
    // All turns may be later by the same time, but the last one not later than planned: the next one is another's.
    const atUs = Math.max(startUs, fromUs);
    return atUs <= startUs + (count - 1) * intervalUs ? { atUs, gapUs: intervalUs, intervalUs } : undefined;
  }
  const first = Math.max(0, Math.ceil((fromUs - startUs) / intervalUs));
  for (let turn = first; turn < Math.min(count, first + patternTurns); turn++) {
    if ((mask >> (turn % patternTurns) & 1) === 1) {
      return { atUs: startUs + turn * intervalUs, gapUs: 1, intervalUs };
    }
  }
  return undefined;
}
