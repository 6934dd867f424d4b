/**
 * The profile `ripestat`: the three calls of RIPEstat's data API that a sweep of all ASNs needs, with made-up data in
 * the real shape. Takes path and query, gives the question and its answer. Holds the list of ASNs, no answer.
 *
 * @module
 */

import { type Answer, jsonAnswer, type Profile, type Question } from "../../engine/profile.ts";
import { type Cover, envelope, type Fields, type Generation, openArray } from "./envelope.ts";
import { type ContentFault, LIST_KEY } from "../../engine/fault.ts";
import type { History } from "./history.ts";
import type { Settings } from "../../engine/options.ts";
import type { Population } from "./population.ts";
import { readAsn, readSampling, readSpan, readUnix, type Sampling, type Span } from "./ripestat_query.ts";
import { mix } from "../../engine/random.ts";
import { UpdateEncoder } from "./update_encoder.ts";
import { historyOf, truthBetween } from "./truth.ts";
import { updatesBody } from "./updates_body.ts";

/** An answer of `bgp-update-activity` is held, so the number of its samples is limited: some 2 MB pretty. */
const SAMPLES_MAX = 20_000;
/** Data is some hours behind the clock: an answer says it was computed so long after its window. */
const LAG_MS = 3 * 3_600_000;
/** The answers about no window bear this time: 2025-06-10. */
const LIST_TIME_MS = Date.UTC(2025, 5, 10, 3);

/** The profile over a population. */
export function ripestat(settings: Settings, population: Population): Profile {
  return (target) => {
    const call = /^\/data\/([a-z-]+)\/data\.json$/.exec(target.path)?.[1];
    const known = call === "ris-asns" || call === "bgp-updates" || call === "bgp-update-activity";
    if (!known) return undefined;
    try {
      return call === "ris-asns"
        ? askList(settings, population)
        : askHistory({ call, settings, population }, target.query);
    } catch (error) {
      if (error instanceof RangeError) return refusal(call, error.message);
      throw error;
    }
  };
}

/** The generation in which a key is answered. */
export function generationFor(settings: Settings, hash: number): Generation {
  if (settings.envelope !== "mixed") return settings.envelope;
  return mix(hash, 0x6e9) % 2 === 0 ? "a" : "b";
}

function refusal(call: string, message: string): Question {
  const cover: Cover = {
    generation: "b",
    call,
    hash: 0,
    timeMs: LIST_TIME_MS,
    status: "error",
    statusCode: 400,
    messages: [["error", message]],
  };
  return { key: "", identity: "", answer: () => jsonAnswer(400, envelope(cover, {})) };
}

function askList(settings: Settings, population: Population): Question {
  const hash = mix(settings.seed, 0x1157);
  const cover: Cover = {
    generation: generationFor(settings, hash),
    call: "ris-asns",
    hash,
    timeMs: LIST_TIME_MS,
  };
  return {
    key: LIST_KEY,
    identity: LIST_KEY,
    answer: (fault) => {
      if (fault?.kind === "maintenance") return maintenance(cover);
      const asns = fault?.kind === "empty" ? [] : population.asns;
      const counts = { counts: { total: asns.length + (fault?.kind === "wrong-count" ? 1 : 0) } };
      return jsonAnswer(200, envelope(cover, fault?.kind === "missing" ? counts : { asns, ...counts }));
    },
  };
}

function askHistory(
  { call, settings, population }: {
    call: "bgp-updates" | "bgp-update-activity";
    settings: Settings;
    population: Population;
  },
  query: URLSearchParams,
): Question {
  const asn = readAsn(query);
  const span = readSpan(query);
  const sampling = readSampling(query);
  const unix = readUnix(query);
  const hash = population.hashOf(asn);
  const cover: Cover = {
    generation: generationFor(settings, hash),
    call,
    hash: mix(mix(hash, span.startS), span.endS),
    timeMs: span.endS * 1_000 + LAG_MS,
  };
  return {
    key: String(asn),
    identity: `${call}/${asn}/${span.startS}/${span.endS}`,
    answer: (fault) => {
      if (fault?.kind === "maintenance") return maintenance(cover);
      const history = historyOf(population, asn);
      return call === "bgp-updates"
        ? answerUpdates({ history, span, cover, fault }, unix)
        : answerActivity({ history, span, cover, fault }, sampling);
    },
  };
}

interface HistoryQuestion {
  readonly history: History;
  readonly span: Span;
  readonly cover: Cover;
  readonly fault: ContentFault | undefined;
}

function answerUpdates({ history, span, cover, fault }: HistoryQuestion, unix: boolean): Answer {
  const pretty = cover.generation === "a";
  // The end is included, as at RIPEstat: an update of the next midnight is in the answer, though not in the window.
  const included = { startS: span.startS, endS: fault?.kind === "empty" ? span.startS : span.endS + 1 };
  const stretches = () => history.stretches(included.startS, included.endS);
  let count = 0;
  for (const { first, end } of stretches()) count += end - first;
  const total = { "nr_updates": count + (fault?.kind === "wrong-count" ? 1 : 0) };
  const asked = { resource: String(history.asn), ...echo(span, unix) };
  if (fault?.kind === "missing") return jsonAnswer(200, envelope(cover, { ...asked, ...total }));
  const totalFirst = pretty || mix(history.hash, 0x707) % 2 === 0;
  const data = totalFirst ? { ...asked, ...total, updates: [] } : { ...asked, updates: [], ...total };
  const { head, tail } = openArray(envelope(cover, data), "updates");
  const body = updatesBody({
    head,
    tail: pretty && count > 0 ? `\n        ${tail}` : tail,
    sheet: new UpdateEncoder(history, { pretty, unix }),
    stretches,
  });
  return { status: 200, headers: ["content-type: application/json"], body };
}

function answerActivity({ history, span, cover, fault }: HistoryQuestion, sampling: Sampling): Answer {
  const samplesMax = sampling.samplesMax === 0 ? SAMPLES_MAX : Math.min(sampling.samplesMax, SAMPLES_MAX);
  const periodS = Math.max(sampling.periodMinS, Math.ceil((span.endS - span.startS) / samplesMax));
  const updates: Fields[] = [];
  for (let startS = span.startS; startS < span.endS && fault?.kind !== "empty"; startS += periodS) {
    const { announcements } = truthBetween(history, { startS, endS: Math.min(span.endS, startS + periodS) });
    if (announcements === 0 && sampling.hideEmpty) continue;
    // RIPEstat counts no withdrawals for an ASN.
    updates.push({ announcements, withdrawals: null, starttime: isoText(startS) });
  }
  const asked = {
    resource: String(history.asn),
    "resource_type": "asn",
    ...echo(span, false),
    "sampling_period": periodS,
    "max_samples": sampling.samplesMax,
  };
  const count = { "nr_updates": updates.length + 1 };
  const counted = fault?.kind === "wrong-count" ? count : {};
  return jsonAnswer(
    200,
    envelope(cover, fault?.kind === "missing" ? asked : { ...asked, updates, ...counted }),
  );
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
  const said: Cover = {
    ...cover,
    callStatus: "maintenance - This data is currently unavailable",
    messages: [["info", "This data is currently unavailable due to maintenance. Please try again later."]],
    cached: true,
  };
  return jsonAnswer(200, envelope(said, {}));
}
