/**
 * The simulator: a deterministic stand-in for the APIs that trawl asks, on 127.0.0.1 only. An answer follows from seed,
 * key and window; a fault follows also from the number of the attempt. Puts profile and engine together.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { decider } from "./engine/decision.ts";
import { engineSettings } from "./engine/engine_options.ts";
import { Faults } from "./engine/fault.ts";
import { Meter, type SimulatorStats } from "./engine/meter.ts";
import { Server } from "./engine/server.ts";
import { createProfile, type SimulateOptions } from "./simulate_options.ts";

/** A running simulator. */
export interface Simulator {
  /** `http://127.0.0.1:PORT`, without a trailing slash. */
  readonly url: string;
  /** The port it listens on. */
  readonly port: number;
  /** A snapshot of its counters. */
  stats(): SimulatorStats;
  /** Stops listening, closes all connections and resolves once nothing is left. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a simulator.
 *
 * @throws {UsageError} If an option is wrong or the port is in use.
 */
// deno-lint-ignore require-await -- same signature as startSimulatorWorker(), and errors reject instead of throwing
export async function startSimulator(options: SimulateOptions): Promise<Simulator> {
  const profile = createProfile(options);
  const settings = engineSettings(options, profile);
  const listener = listen(settings.port);
  const port = listener.addr.port;
  const meter = new Meter();
  const { seed, framing, pieces } = settings;
  const faults = new Faults(settings.faults, {
    seed,
    listKey: profile.listKey,
    canonicalKey: profile.canonicalKey,
  });
  const decide = decider(settings, { profile, faults, meter, now: nowMs });
  const server = new Server(listener, { decide, meter, now: nowMs, framing, pieces, resets: faults.resets });
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    stats: () => meter.stats(),
    close: () => server.close(),
  };
}

function listen(port: number): Deno.TcpListener {
  try {
    return Deno.listen({ hostname: "127.0.0.1", port });
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AddrInUse)) throw cause;
    throw new UsageError(`Cannot listen on port "${port}": it is in use, choose another or 0 for any`, {
      cause,
    });
  }
}

/** Unix milliseconds with fractions, so that requests within one millisecond have different times. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
