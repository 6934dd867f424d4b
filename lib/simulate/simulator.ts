/**
 * The practice API: a deterministic stand-in for the APIs that trawl asks, on 127.0.0.1 only. What it answers to a
 * key and window follows from seed, key and window; what goes wrong follows also from the number of the attempt.
 * Holds the list of ASNs and, only where faults are wanted, how often each question was put.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { jsonAnswer, parseTarget, type Profile } from "./engine/profile.ts";
import { Attempts } from "./engine/attempt_log.ts";
import { answerWith, unmoved } from "./engine/content_fault.ts";
import { Faults, NO_FAULT } from "./engine/fault.ts";
import { helloProfile } from "./profiles/hello.ts";
import { introspection } from "./engine/introspection.ts";
import { latencyMs } from "./engine/latency.ts";
import { Meter, type SimulatorStats } from "./engine/meter.ts";
import { type Settings, settingsOf, type SimulateOptions } from "./engine/options.ts";
import { Population } from "./profiles/ripestat/population.ts";
import { hashText, mix } from "./engine/random.ts";
import { RateLimit } from "./engine/request_limit.ts";
import { ripestat } from "./profiles/ripestat/ripestat.ts";
import { type Decision, Server } from "./engine/server.ts";

/** A practice API that runs. */
export interface Simulator {
  /** `http://127.0.0.1:<port>`, without a slash at its end. */
  readonly url: string;
  /** The port it listens on. */
  readonly port: number;
  /** What it has seen so far. */
  stats(): SimulatorStats;
  /** Stops listening, cuts what is under way, and resolves when nothing is left. May be called again. */
  close(): Promise<void>;
}

const LATENCY_SALT = 0x1a7e;

/**
 * Starts a practice API.
 *
 * @throws {UsageError} If an option is wrong or the port is taken.
 */
// deno-lint-ignore require-await -- a promise like that of the same thing in a Worker, and errors come by it too
export async function startSimulator(options: SimulateOptions): Promise<Simulator> {
  const settings = settingsOf(options);
  const listener = listen(settings.port);
  const port = listener.addr.port;
  const meter = new Meter();
  const faults = new Faults(settings.faults, settings.seed);
  const server = new Server(listener, {
    decide: decider(settings, { faults, meter }),
    meter,
    now: nowMs,
    framing: settings.framing,
    pieces: settings.pieces,
    resets: faults.resets,
  });
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
    throw new UsageError(`Cannot listen on port "${port}" as it must be free: it is in use`, { cause });
  }
}

/** Unix milliseconds with fractions, so that the times of many requests a millisecond differ. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** What is done about each request: its question, its attempt, what goes wrong with it, and its pause. */
function decider(
  settings: Settings,
  { faults, meter }: { faults: Faults; meter: Meter },
): (target: string) => Decision {
  const population = settings.profile === "ripestat" ? new Population(settings) : undefined;
  const profile: Profile = population === undefined ? helloProfile(settings) : ripestat(settings, population);
  const attempts = new Attempts();
  const own = introspection({ population, meter, reset: () => attempts.clear() });
  const limit = settings.rate === undefined ? undefined : new RateLimit(settings.rate);
  const salt = mix(settings.seed, LATENCY_SALT);

  return (text) => {
    const { target, moved } = unmoved(parseTarget(text));
    const told = own(target);
    if (told !== undefined) return { plan: NO_FAULT, delayMs: 0, answer: () => told };
    const waitMs = limit?.waitMs(nowMs()) ?? 0;
    if (waitMs > 0) return { plan: NO_FAULT, delayMs: 0, answer: () => tooManyRequests(waitMs) };
    const question = profile(target);
    if (question === undefined) return { plan: NO_FAULT, delayMs: 0, answer: () => notFound(target.path) };
    // Who follows a redirect is still at the same attempt.
    const attempt = faults.none ? 1 : attempts.count(question.identity, moved ? 0 : 1);
    const decided = faults.plan(question.key, attempt, nowMs() - (meter.firstMs ?? nowMs()));
    const plan = moved && decided.content?.kind === "redirect" ? { ...decided, content: undefined } : decided;
    return {
      plan,
      delayMs: latencyMs(settings.latency, mix(hashText(question.key, salt), attempt)),
      answer: () => answerWith(question, { plan, target: text, nowMs: nowMs() }),
    };
  };
}

function notFound(path: string) {
  return jsonAnswer(404, JSON.stringify({ status: "error", message: `nothing is at ${path}` }));
}

function tooManyRequests(waitMs: number) {
  const answer = jsonAnswer(429, JSON.stringify({ status: "error", message: "too many requests" }));
  return { ...answer, headers: [...answer.headers, `retry-after: ${Math.ceil(waitMs / 1_000)}`] };
}
