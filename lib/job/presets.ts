/**
 * Presets: job files that come with trawl, as texts with comments, to run as they are or to copy as a start. Also
 * finds the text of a job by its name, a preset's or a file's; that file is all it reads.
 *
 * @module
 */

import { messageOf, UsageError } from "../errors.ts";
import { nearest } from "./nearest.ts";

/** A job file that comes with trawl. */
export interface Preset {
  /** One line for a list. */
  readonly summary: string;
  /** TOML. */
  readonly text: string;
}

const ripestatUpdates =
  `# How many routing updates each autonomous system made in one UTC day, as the collectors of RIPE RIS saw them:
# one row per system, minute and type (A: announcement, W: withdrawal).
#
# RIPEstat asks whoever sends more than 1,000 requests a day to register a name, and to send it:
#   export TRAWL_SOURCEAPP=your-name        (letters, digits, "-" and "_")
# A whole day of some 85,000 systems takes about six hours.

name = "ripestat-updates"

[set]
host = "https://stat.ripe.net"    # --set host=http://127.0.0.1:8080 asks a practice server instead

[keys]
# All systems in the routing table at the moment.
url  = "{set.host}/data/ris-asns/data.json?list_asns=true&sourceapp={env.TRAWL_SOURCEAPP}"
path = "$.data.asns[*]"
# The RIS beacons announce and withdraw their prefixes on a schedule: if they are silent, RIPEstat is broken.
control = ["12654"]

[window]
every    = "1d"    # the UTC day
lag      = "3h"    # the data is about two hours behind
catch_up = 7       # after an outage, at most the last seven days are asked for

[request]
url = "{set.host}/data/bgp-updates/data.json?resource=AS{key}&starttime={window.start}&endtime={window.end}&unix_timestamps=TRUE&sourceapp={env.TRAWL_SOURCEAPP}"
# The largest systems are computed for minutes before the first byte comes.
timeout  = { connect = "10s", first_byte = "10m", idle = "60s", total = "30m" }
max_body = "8GiB"

[limits]
in_flight = 8      # RIPEstat's limit per IP address

[retry]
attempts = 5

[accept]
# An answer that was cut short has no end of this array, or not as many updates as it says.
require = "$.data.updates"
count   = "$.data.nr_updates"
# Under maintenance RIPEstat answers 200 and "ok" with no data.
fail_if = [
  { path = "$.data_call_status", starts_with = "maintenance" },
  { path = "$.status", equals = "maintenance" },
]

[rows]
path  = "$.data.updates[*]"
table = "updates"
within_window = "ts"    # the answer may hold a little more than was asked for

[rows.columns]
ts   = { path = "$.timestamp", type = "time" }
type = { path = "$.type", type = "text" }

# Counts instead of the updates themselves, of which there are hundreds of millions a day.
# Without this table, every update becomes a row.
[rows.count]
by    = "ts"
every = "1m"
`;

const ripestatActivity =
  `# How many announcements and withdrawals each autonomous system made in every hour of one UTC day, as counted by
# RIPEstat itself: small answers, so a whole day is soon asked for, but no minutes and no single updates.
#
# RIPEstat asks whoever sends more than 1,000 requests a day to register a name, and to send it:
#   export TRAWL_SOURCEAPP=your-name        (letters, digits, "-" and "_")

name = "ripestat-activity"

[set]
host = "https://stat.ripe.net"    # --set host=http://127.0.0.1:8080 asks a practice server instead

[keys]
# All systems in the routing table at the moment.
url  = "{set.host}/data/ris-asns/data.json?list_asns=true&sourceapp={env.TRAWL_SOURCEAPP}"
path = "$.data.asns[*]"
# The RIS beacons announce and withdraw their prefixes on a schedule: if they are silent, RIPEstat is broken.
control = ["12654"]

[window]
every    = "1d"    # the UTC day
lag      = "3h"    # the data is about two hours behind
catch_up = 7       # after an outage, at most the last seven days are asked for

[request]
# Samples of an hour (3600 s), as many as there are (0: no cap), those without updates left out.
url = "{set.host}/data/bgp-update-activity/data.json?resource=AS{key}&starttime={window.start}&endtime={window.end}&min_sampling_period=3600&max_samples=0&hide_empty_samples=true&sourceapp={env.TRAWL_SOURCEAPP}"

[limits]
in_flight = 8      # RIPEstat's limit per IP address

[accept]
require = "$.data.updates"
# Under maintenance RIPEstat answers 200 and "ok" with no data.
fail_if = [
  { path = "$.data_call_status", starts_with = "maintenance" },
  { path = "$.status", equals = "maintenance" },
]

[rows]
path  = "$.data.updates[*]"
table = "activity"
within_window = "ts"    # the last sample may begin where the window ends

[rows.columns]
ts            = { path = "$.starttime", type = "time" }    # when the hour began
announcements = { path = "$.announcements", type = "integer" }
withdrawals   = { path = "$.withdrawals", type = "integer" }    # null where RIPEstat does not count them
`;

/** All presets by name. */
export const presets: Readonly<Record<string, Preset>> = {
  "ripestat-updates": {
    summary: "BGP updates of every autonomous system per minute and type, one UTC day a run",
    text: ripestatUpdates,
  },
  "ripestat-activity": {
    summary: "announcements and withdrawals of every autonomous system per hour, one UTC day a run",
    text: ripestatActivity,
  },
};

/** The text of a job, and what messages call it: the preset's name or the file's. */
export interface JobText {
  readonly file: string;
  readonly text: string;
}

/**
 * The text of the job that a preset or a file holds; a preset wins over a file of the same name. What has a `/` in
 * it or ends in `.toml` is a file.
 *
 * @throws {UsageError} If there is no such preset or file, or the file cannot be read.
 */
export async function resolveJobName(
  nameOrFile: string,
  readTextFile: (file: string) => Promise<string> = Deno.readTextFile,
): Promise<JobText> {
  const preset = Object.hasOwn(presets, nameOrFile) ? presets[nameOrFile] : undefined;
  if (preset !== undefined) return { file: nameOrFile, text: preset.text };
  if (!/[/\\]|\.toml$/.test(nameOrFile)) throw unknownName(nameOrFile);
  try {
    return { file: nameOrFile, text: await readTextFile(nameOrFile) };
  } catch (error) {
    const present = error instanceof Deno.errors.NotFound ? "there is no such file" : messageOf(error);
    throw new UsageError(`Cannot read the job file ${JSON.stringify(nameOrFile)} as UTF-8 text: ${present}`, {
      cause: error,
    });
  }
}

function unknownName(name: string): UsageError {
  const names = Object.keys(presets);
  const meant = nearest(name, names);
  const hint = meant === undefined ? "" : ` (did you mean "${meant}")`;
  return new UsageError(
    `Cannot find the job ${JSON.stringify(name)} as it must be a preset (${
      names.join(", ")
    }) or a TOML file ` +
      `such as ./${name}.toml: there is no such preset${hint}`,
  );
}
