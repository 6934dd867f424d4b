/**
 * Disturbances inside the trawl process: clock jumps and sick Workers. Replaces globals before trawl starts; nothing in
 * `lib` knows of it.
 *
 * @module
 */

/** A jump of the wall clock, in all threads at once. */
export interface Jump {
  /** When, milliseconds since 1970 on the clock that does not jump. */
  readonly atMs: number;
  /** Forward, or where below 0 back. */
  readonly byMs: number;
}

/** Illnesses of a Worker: an uncaught error, an unhandled rejection, a silent end, a busy loop. */
export const illnesses = ["throws", "rejects", "closes", "spins"] as const;

/** An illness of one Worker. */
export interface Illness {
  /** The how-many-th Worker of the process, from 0. */
  readonly worker: number;
  readonly how: typeof illnesses[number];
  /** Milliseconds after its start. */
  readonly afterMs: number;
  /** Milliseconds after which a busy loop ends. Default: never. */
  readonly forMs?: number;
}

/** The disturbances of one process. */
export interface Torn {
  readonly jumps: readonly Jump[];
  readonly ill: readonly Illness[];
}

/** The disturbances of one Worker, in the query of its URL. */
export interface TornWorker {
  readonly jumps: readonly Jump[];
  readonly illness: Illness | undefined;
}

/** Makes the clock of this thread jump. */
export function jumpClock(jumps: readonly Jump[]): void {
  if (jumps.length === 0) return;
  const steady = Date.now;
  Date.now = () => {
    const nowMs = steady();
    return jumps.reduce((sum, { atMs, byMs }) => nowMs < atMs ? sum : sum + byMs, nowMs);
  };
}

/** Disturbs the Workers that this thread starts, until disposed. */
export function tearWorkers({ jumps, ill }: Torn): Disposable {
  const Whole = globalThis.Worker;
  let started = 0;
  globalThis.Worker = class extends Whole {
    constructor(specifier: string | URL, options?: WorkerOptions) {
      super(addressOf(String(specifier)), options);
    }
  };
  const addressOf = (specifier: string) => {
    if (!specifier.endsWith("/lib/worker/worker.ts")) return specifier;
    const worker = started++;
    const torn: TornWorker = { jumps, illness: ill.find((illness) => illness.worker === worker) };
    const address = new URL("./worker.ts", import.meta.url);
    address.search = new URLSearchParams({ torn: JSON.stringify(torn) }).toString();
    return address.href;
  };
  return { [Symbol.dispose]: () => void (globalThis.Worker = Whole) };
}
