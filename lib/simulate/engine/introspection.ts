/**
 * What the practice API tells about itself, on the same port: what it has seen, when, what keys there are, and the
 * truth that a perfect client would have stored. Takes a target, gives the answer where the path is one of these.
 *
 * @module
 */

import { type Answer, jsonAnswer, type Target } from "./profile.ts";
import { LOG_TIMES_MAX, type Meter } from "./meter.ts";
import type { Population } from "../profiles/ripestat/population.ts";
import { readAsn, readSpan } from "../profiles/ripestat/ripestat_query.ts";
import { historyOf, TRUTH_LINE_BYTES, truthBetween } from "../profiles/ripestat/truth.ts";

/** What there is to tell about. */
export interface Told {
  /** Undefined where the profile has no list of keys. */
  readonly population: Population | undefined;
  /** What was seen. */
  readonly meter: Meter;
  /** Forgets which questions were put. */
  readonly reset: () => void;
}

/** Answers `/simulator/…` and `/truth/…`; undefined for any other path. */
export function introspection({ population, meter, reset }: Told): (target: Target) => Answer | undefined {
  return ({ path, query }) => {
    if (!path.startsWith("/simulator/") && !path.startsWith("/truth/")) return undefined;
    switch (path) {
      case "/simulator/stats":
        return jsonAnswer(200, JSON.stringify(meter.stats()));
      case "/simulator/log":
        return jsonAnswer(200, JSON.stringify(meter.recent(Number(query.get("last") ?? LOG_TIMES_MAX) || 0)));
      case "/simulator/reset":
        meter.reset();
        reset();
        return jsonAnswer(200, "{}");
      case "/simulator/keys":
        return jsonAnswer(200, JSON.stringify(population?.asns ?? []));
      case "/truth/bgp-updates":
        if (population !== undefined) return tellTruth(population, query);
    }
    return jsonAnswer(404, JSON.stringify({ status: "error", message: `nothing is at ${path}` }));
  };
}

function tellTruth(population: Population, query: URLSearchParams): Answer {
  try {
    const truth = truthBetween(historyOf(population, readAsn(query)), readSpan(query));
    if (query.get("summary") !== "1") {
      const body = { length: truth.count * TRUTH_LINE_BYTES, blocks: () => truth.lines() };
      return { status: 200, headers: ["content-type: application/x-ndjson"], body };
    }
    const { count: updates, announcements, withdrawals } = truth;
    return jsonAnswer(200, JSON.stringify({ updates, announcements, withdrawals, sha256: truth.sha256() }));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return jsonAnswer(400, JSON.stringify({ status: "error", message: error.message }));
  }
}
