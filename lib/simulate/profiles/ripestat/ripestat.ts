/**
 * The profile `ripestat`: the three data calls of RIPEstat that a sweep of all ASNs needs, with generated data in the
 * real shape, and the truth about `bgp-updates`. Holds the list of ASNs and no answer.
 *
 * @module
 */

import { type Answer, type ApiCall, errorAnswer, jsonAnswer, type Profile } from "../../engine/profile.ts";
import { mix } from "../../engine/random.ts";
import { type Cover, envelope, type Fields, type Generation, openArray } from "./envelope.ts";
import type { History } from "./history.ts";
import { Population } from "./population.ts";
import {
  asnOf,
  ripestatFaultKinds,
  type RipestatOptions,
  type RipestatSettings,
  ripestatSettings,
} from "./ripestat_options.ts";
import { readAsn, readSampling, readSpan, readUnix, type Sampling, type Span } from "./ripestat_query.ts";
import { historyOf, truthBetween, truthLineBytes } from "./truth.ts";
import { UpdateEncoder } from "./update_encoder.ts";
import { updatesBody } from "./updates_body.ts";

/** The key of the call that lists the ASNs. */
const listKey = "ris-asns";

/** Samples of one `bgp-update-activity` answer, which is held in memory: 2 MB indented. */
const samplesMax = 20_000;
/** RIPEstat's data is some hours old: an answer says that it was computed this long after its window. */
const lagMs = 3 * 3_600_000;
/** The time of answers without a window: 2025-06-10T03:00Z. */
const listTimeMs = Date.UTC(2025, 5, 10, 3);

/**
 * Makes the profile for a seed.
 *
 * @throws {UsageError} If an option is wrong.
 */
export function ripestatProfile(
  options: RipestatOptions = {},
  seeded: { readonly seed?: number } = {},
): Profile {
  const settings = ripestatSettings(options, seeded);
  const population = new Population(settings);
  return {
    name: "ripestat",
    latency: { kind: "none" },
    faultKinds: ripestatFaultKinds,
    keys: population.asns,
    listKey,
    canonicalKey: (text) => String(asnOf(text) ?? text),
    match: (target) => {
      const name = /^\/data\/([a-z-]+)\/data\.json$/.exec(target.path)?.[1];
      if (name !== listKey && name !== "bgp-updates" && name !== "bgp-update-activity") return undefined;
      try {
        return name === listKey
          ? listCall(settings, population)
          : historyCall({ name, settings, population }, target.query);
      } catch (error) {
        if (error instanceof RangeError) return refusal(name, error.message);
        throw error;
      }
    },
    truth: ({ path, query }) => path === "/truth/bgp-updates" ? truthAnswer(population, query) : undefined,
  };
}

/** The truth as NDJSON, or its sums and SHA-256 with `summary=1`. */
function truthAnswer(population: Population, query: URLSearchParams): Answer {
  try {
    const truth = truthBetween(historyOf(population, readAsn(query)), readSpan(query));
    if (query.get("summary") !== "1") {
      const body = { length: truth.count * truthLineBytes, blocks: () => truth.lines() };
      return { status: 200, headers: ["content-type: application/x-ndjson"], body };
    }
    const { count: updates, announcements, withdrawals } = truth;
    return jsonAnswer(200, JSON.stringify({ updates, announcements, withdrawals, sha256: truth.sha256() }));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return errorAnswer(400, error.message);
  }
}

/** The generation of the envelope for a key. */
function generationOf(settings: RipestatSettings, hash: number): Generation {
  if (settings.envelope !== "mixed") return settings.envelope;
  return mix(hash, 0x6e9) % 2 === 0 ? "a" : "b";
}

function refusal(call: string, message: string): ApiCall {
  const cover: Cover = {
    generation: "b",
    call,
    hash: 0,
    timeMs: listTimeMs,
    status: "error",
    statusCode: 400,
    messages: [["error", message]],
  };
  return { key: "", identity: "", answer: () => jsonAnswer(400, envelope(cover, {})) };
}

function listCall(settings: RipestatSettings, population: Population): ApiCall {
  const hash = mix(settings.seed, 0x1157);
  const cover: Cover = {
    generation: generationOf(settings, hash),
    call: listKey,
    hash,
    timeMs: listTimeMs,
  };
  return {
    key: listKey,
    identity: listKey,
    answer: (fault) => {
      if (fault === "maintenance") return maintenance(cover);
      const asns = fault === "empty" ? [] : population.asns;
      const counts = { counts: { total: asns.length + (fault === "wrong-count" ? 1 : 0) } };
      return jsonAnswer(200, envelope(cover, fault === "missing" ? counts : { asns, ...counts }));
    },
  };
}

function historyCall(
  { name, settings, population }: {
    name: "bgp-updates" | "bgp-update-activity";
    settings: RipestatSettings;
    population: Population;
  },
  query: URLSearchParams,
): ApiCall {
  const asn = readAsn(query);
  const span = readSpan(query);
  const sampling = readSampling(query);
  const unix = readUnix(query);
  const hash = population.hashOf(asn);
  const cover: Cover = {
    generation: generationOf(settings, hash),
    call: name,
    hash: mix(mix(hash, span.startS), span.endS),
    timeMs: span.endS * 1_000 + lagMs,
  };
  return {
    key: String(asn),
    identity: `${name}/${asn}/${span.startS}/${span.endS}`,
    answer: (fault) => {
      if (fault === "maintenance") return maintenance(cover);
      const history = historyOf(population, asn);
      return name === "bgp-updates"
        ? updatesAnswer({ history, span, cover, fault }, unix)
        : activityAnswer({ history, span, cover, fault }, sampling);
    },
  };
}

interface HistoryRequest {
  readonly history: History;
  readonly span: Span;
  readonly cover: Cover;
  readonly fault: string | undefined;
}

function updatesAnswer({ history, span, cover, fault }: HistoryRequest, unix: boolean): Answer {
  const pretty = cover.generation === "a";
  // As at RIPEstat, the end is included: an answer may hold an update of the next midnight, outside the window.
  const included = { startS: span.startS, endS: fault === "empty" ? span.startS : span.endS + 1 };
  const stretches = () => history.stretches(included.startS, included.endS);
  let count = 0;
  for (const { first, end } of stretches()) count += end - first;
  const total = { "nr_updates": count + (fault === "wrong-count" ? 1 : 0) };
  const asked = { resource: resourceOf(history, fault), ...echo(span, unix) };
  if (fault === "missing") return jsonAnswer(200, envelope(cover, { ...asked, ...total }));
  if (fault === "null-rows") {
    return jsonAnswer(200, envelope(cover, { ...asked, updates: null, "nr_updates": 0 }));
  }
  const totalFirst = pretty || mix(history.hash, 0x707) % 2 === 0;
  const data = totalFirst ? { ...asked, ...total, updates: [] } : { ...asked, updates: [], ...total };
  const { head, tail } = openArray(envelope(cover, data), "updates");
  const body = updatesBody({
    head,
    tail: pretty && count > 0 ? `\n        ${tail}` : tail,
    encoder: new UpdateEncoder(history, { pretty, unix }),
    stretches,
  });
  return { status: 200, headers: ["content-type: application/json"], body };
}

function activityAnswer({ history, span, cover, fault }: HistoryRequest, sampling: Sampling): Answer {
  const samples = sampling.samplesMax === 0 ? samplesMax : Math.min(sampling.samplesMax, samplesMax);
  const periodS = Math.max(sampling.periodMinS, Math.ceil((span.endS - span.startS) / samples));
  const updates: Fields[] = [];
  for (let startS = span.startS; startS < span.endS && fault !== "empty"; startS += periodS) {
    const { announcements } = truthBetween(history, { startS, endS: Math.min(span.endS, startS + periodS) });
    if (announcements === 0 && sampling.hideEmpty) continue;
    // RIPEstat counts no withdrawals for an ASN.
    updates.push({ announcements, withdrawals: null, starttime: isoText(startS) });
  }
  const asked = {
    resource: resourceOf(history, fault),
    "resource_type": "asn",
    ...echo(span, false),
    "sampling_period": periodS,
    "max_samples": sampling.samplesMax,
  };
  const count = { "nr_updates": updates.length + 1 };
  const counted = fault === "wrong-count" ? count : {};
  const found = fault === "null-rows" ? null : updates;
  return jsonAnswer(
    200,
    envelope(cover, fault === "missing" ? asked : { ...asked, updates: found, ...counted }),
  );
}

/** The system that an answer is about: with the fault `other-key`, the next one. */
function resourceOf({ asn }: History, fault: string | undefined): string {
  return String(fault === "other-key" ? asn + 1 : asn);
}

/** The window as the answer repeats it. */
function echo({ startS, endS }: Span, unix: boolean): Fields {
  return {
    "query_starttime": unix ? startS : isoText(startS),
    "query_endtime": unix ? endS : isoText(endS),
  };
}

function isoText(second: number): string {
  return new Date(second * 1_000).toISOString().slice(0, 19);
}

function maintenance(cover: Cover): Answer {
  const shown: Cover = {
    ...cover,
    callStatus: "maintenance - This data is currently unavailable",
    messages: [["info", "This data is currently unavailable due to maintenance. Please try again later."]],
    cached: true,
  };
  return jsonAnswer(200, envelope(shown, {}));
}
