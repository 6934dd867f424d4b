/**
 * The simulator's introspection, on the same port: `/simulator/stats`, `log`, `reset` and `keys`, and the profile's
 * truth below `/truth/`. Maps a target to an answer.
 *
 * @module
 */

import { type Answer, errorAnswer, jsonAnswer, type Profile, type Target } from "./profile.ts";
import { logTimesMax, type Meter } from "./meter.ts";

/** The sources of introspection. */
export interface Introspected {
  /** Provides the keys and the truth. */
  readonly profile: Profile;
  /** Provides the counters and the log. */
  readonly meter: Meter;
  /** Resets everything else that counts requests. */
  readonly reset: () => void;
}

/** Whether a target is below `/simulator/` or `/truth/`. */
export function isIntrospection(target: string): boolean {
  return target.startsWith("/simulator/") || target.startsWith("/truth/");
}

/** Answers a target for which `isIntrospection()` holds. */
export function introspect({ path, query }: Target, { profile, meter, reset }: Introspected): Answer {
  switch (path) {
    case "/simulator/stats":
      return jsonAnswer(200, JSON.stringify(meter.stats()));
    case "/simulator/log":
      return jsonAnswer(200, JSON.stringify(meter.recent(Number(query.get("last") ?? logTimesMax) || 0)));
    case "/simulator/reset":
      meter.reset();
      reset();
      return jsonAnswer(200, "{}");
    case "/simulator/keys":
      return jsonAnswer(200, JSON.stringify(profile.keys));
    default:
      return (path.startsWith("/truth/") ? profile.truth?.({ path, query }) : undefined) ??
        errorAnswer(404, `nothing is at ${path}`);
  }
}
