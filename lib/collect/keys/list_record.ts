/**
 * What a run remembers of its key list, in the store as JSON: enough to tell another list, or to find the keys that
 * were kept. Pure.
 *
 * @module
 */

import type { KeySurvey } from "./key_survey.ts";

/** The list of a run. `kept`: its keys are in the store; else they are in a file with this fingerprint. */
export interface ListRecord {
  /** Keys to be asked, control keys included. */
  readonly keys: number;
  /** Keys that occur before in the list; null for more than a million keys. */
  readonly duplicates: number | null;
  /** `KeyFileFacts.sha256`; absent for a kept list. */
  readonly sha256?: string;
}

/** The record of a list that was surveyed; undefined unless that is a file. */
export function recordOf({ keys, duplicates, file }: KeySurvey): ListRecord | undefined {
  if (keys === undefined || file === undefined) return undefined;
  return { keys, duplicates: duplicates ?? null, sha256: file.facts.sha256 };
}

/** Whether the keys of a list are in the store. */
export function isKept(record: ListRecord | undefined): record is ListRecord {
  return record !== undefined && record.sha256 === undefined;
}

/** The record in the store's JSON; undefined where there is none. */
export function parseRecord(json: string | null): ListRecord | undefined {
  return json === null ? undefined : JSON.parse(json);
}

/**
 * How a list differs from the one that a run began with, as a clause; undefined if it is the same, or if nothing but
 * reading it can tell.
 */
export function differenceOf(record: ListRecord | undefined, survey: KeySurvey): string | undefined {
  const now = recordOf(survey);
  if (record?.sha256 === undefined || now === undefined || now.sha256 === record.sha256) return undefined;
  const count = record.keys.toLocaleString("en-US");
  return record.keys === now.keys
    ? `it has ${count} keys as before, but its content is another one`
    : `it has ${now.keys.toLocaleString("en-US")} keys, and had ${count}`;
}
