/**
 * Jobs that ask the practice API.
 *
 * @module
 */

import type { Window } from "../../lib/job/job.ts";

/** A closed UTC day. */
export const day = "2026-11-20";

export const dayWindow: Window = { startMs: Date.UTC(2026, 10, 20), endMs: Date.UTC(2026, 10, 21) };

/** Lines to be added to the job's text: to a table, or at its end. */
export interface MoreLines {
  readonly keys?: string;
  readonly request?: string;
  readonly end?: string;
}

/** A job that keeps every update as a row of its own. */
export function updatesJob(url: string, { keys = "", request = "", end = "" }: MoreLines = {}): string {
  const query = "resource=AS{key}&starttime={window.start}&endtime={window.end}&unix_timestamps=TRUE";
  return `
name = "updates"
[keys]
url = "${url}/data/ris-asns/data.json?list_asns=true"
path = "$.data.asns[*]"
${keys}
[window]
every = "1d"
[request]
url = "${url}/data/bgp-updates/data.json?${query}"
${request}
[accept]
require = "$.data.updates"
count = "$.data.nr_updates"
fail_if = [{ path = "$.data_call_status", starts_with = "maintenance" }]
[rows]
path = "$.data.updates[*]"
table = "updates"
within_window = "ts"
[rows.columns]
ts = { path = "$.timestamp", type = "time" }
type = { path = "$.type", type = "text" }
${end}`;
}
