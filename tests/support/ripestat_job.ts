/**
 * A job that asks the simulator for RIPEstat updates.
 *
 * @module
 */

import type { Window } from "../../lib/job/job.ts";

/** A closed UTC day. */
export const day = "2026-11-20";

export const dayWindow: Window = { startMs: Date.UTC(2026, 10, 20), endMs: Date.UTC(2026, 10, 21) };

/** Lines to insert into a table of the job file, or to append. */
export interface MoreLines {
  readonly keys?: string;
  readonly request?: string;
  readonly end?: string;
}

/** A job file that stores every update as a row. */
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
equals = { "$.data.resource" = "{key}" }
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
