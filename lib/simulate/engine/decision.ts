/**
 * The decision about one request: its answer, its delay and its faults. Applies introspection, the rate limit, the
 * profile, the fault rules and the latency, in this order. Counts attempts if there are fault rules.
 *
 * @module
 */

import { AttemptLog } from "./attempt_log.ts";
import { answerWith, unmoved } from "./content_fault.ts";
import type { EngineSettings } from "./engine_options.ts";
import { type Faults, noFault, type Plan } from "./fault.ts";
import { introspect, isIntrospection } from "./introspection.ts";
import { latencyMs } from "./latency.ts";
import type { Meter } from "./meter.ts";
import { type Answer, errorAnswer, parseTarget, type Profile } from "./profile.ts";
import { hashText, mix } from "./random.ts";
import { RequestLimit } from "./request_limit.ts";

/** What the server does about one request. */
export interface Decision {
  /** The faults on the way. */
  readonly plan: Plan;
  /** The delay before the answer, in milliseconds. */
  readonly delayMs: number;
  /** Makes the answer, after the delay. */
  answer(): Answer;
}

/** What decisions depend on besides the settings. */
export interface DeciderOptions {
  readonly profile: Profile;
  readonly faults: Faults;
  readonly meter: Meter;
  /** Unix milliseconds. */
  readonly now: () => number;
}

const latencySalt = 0x1a7e;

/** Returns the function that decides about a request's target. */
export function decider(
  settings: EngineSettings,
  { profile, faults, meter, now }: DeciderOptions,
): (target: string) => Decision {
  const attempts = new AttemptLog();
  const introspected = { profile, meter, reset: () => attempts.clear() };
  const limit = settings.rate === undefined ? undefined : new RequestLimit(settings.rate);
  const salt = mix(settings.seed, latencySalt);

  return (text) => {
    const { target, moved } = unmoved(parseTarget(text));
    if (isIntrospection(target.path)) return atOnce(() => introspect(target, introspected));
    const waitMs = limit?.waitMs(now()) ?? 0;
    if (waitMs > 0) return atOnce(() => tooManyRequests(waitMs));
    const call = profile.match(target);
    if (call === undefined) return atOnce(() => errorAnswer(404, `nothing is at ${target.path}`));
    // Following a redirect belongs to the same attempt.
    const attempt = faults.none ? 1 : attempts.count(call.identity, moved ? 0 : 1);
    const decided = faults.plan(call.key, attempt, now() - (meter.firstMs ?? now()));
    const plan = moved && decided.content?.kind === "redirect" ? { ...decided, content: undefined } : decided;
    return {
      plan,
      delayMs: latencyMs(settings.latency, mix(hashText(call.key, salt), attempt)),
      answer: () => answerWith(call, { plan, target: text, nowMs: now() }),
    };
  };
}

function atOnce(answer: () => Answer): Decision {
  return { plan: noFault, delayMs: 0, answer };
}

function tooManyRequests(waitMs: number): Answer {
  const answer = errorAnswer(429, "too many requests");
  return { ...answer, headers: [...answer.headers, `retry-after: ${Math.ceil(waitMs / 1_000)}`] };
}
