/**
 * What is done to a trawl from within: its clock jumps, its Workers fall ill. It is done to the globals that trawl
 * uses, before it begins; nothing in `lib` knows of it.
 *
 * @module
 */

/** The wall clock is set, for all threads at once. */
export interface Jump {
  /** When, milliseconds since 1970 on the clock that does not jump. */
  readonly atMs: number;
  /** Forward, or where below 0 back. */
  readonly byMs: number;
}

/** What happens to a Worker: an uncaught error, by a timer or a promise; it ends without a word; a busy loop. */
export const illnesses = ["throws", "rejects", "closes", "spins"] as const;

/** A Worker falls ill. */
export interface Illness {
  /** The how-many-th Worker of the process, from 0. */
  readonly worker: number;
  readonly how: typeof illnesses[number];
  /** Milliseconds after its start. */
  readonly afterMs: number;
  /** A busy loop ends after so long, milliseconds. Default never. */
  readonly forMs?: number;
}

/** All that is done to one process. */
export interface Torn {
  readonly jumps: readonly Jump[];
  readonly ill: readonly Illness[];
}

/** What a torn Worker is told, in the query of its address. */
export interface TornWorker {
  readonly jumps: readonly Jump[];
  readonly illness: Illness | undefined;
}

/** From now on the clock of this thread jumps. */
export function jumpClock(jumps: readonly Jump[]): void {
  if (jumps.length === 0) return;
  const steady = Date.now;
  Date.now = () => {
    const nowMs = steady();
    return jumps.reduce((sum, { atMs, byMs }) => nowMs < atMs ? sum : sum + byMs, nowMs);
  };
}

/** From now on the Workers of trawl that this thread starts are torn; until disposed. */
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
