/**
 * Every flag of trawl. Which command takes which stands in `commands.ts`.
 *
 * @module
 */

import type { Flag } from "./flag.ts";

/** Flags by what they are about. */
export const flags = {
  help: {
    name: "help",
    short: "h",
    help: "show what this command does",
    more: "-h is short, --help is long.",
  },
  version: { name: "version", help: "show the version", more: "Of trawl, of Deno and of SQLite." },
  verbose: {
    name: "verbose",
    help: "show more, such as where an error came from",
    more: "An error is followed by its stack and by what caused it.",
  },
  url: {
    name: "url",
    value: "URL",
    help: "what to ask, instead of a job: a URL with {key} in it",
    more: "The key is percent-encoded where it stands. Needs --rows. Also {env.NAME} and {secret.NAME}.",
  },
  rows: {
    name: "rows",
    value: "PATH",
    help: "what to keep of an answer, with --url: a JSON path (RFC 9535)",
    more: "Every node that the path selects is a row, such as '$.items[*]' or '$.items[?@.size > 10]'.",
  },
  column: {
    name: "column",
    value: "NAME=PATH[:TYPE]",
    many: true,
    help: "a column of the row, with --url; may be repeated",
    more: "The path is counted from the row. TYPE is integer, text, real, time, json or any (the default). " +
      "Without any --column a row has one column, value.",
  },
  db: {
    name: "db",
    value: "FILE",
    help: "the database file (default: the job's name with .db)",
    more: "Made with mode 0600 if there is none. Several jobs may share one file.",
  },
  keys: {
    name: "keys",
    value: "FILE",
    help: "the keys, one a line; - is standard input",
    more: "Wins over the job's keys. Read lazily: the length of the list does not matter.",
  },
  window: {
    name: "window",
    value: "WHEN",
    help: "the time span to ask for, such as 2026-11-20 or yesterday",
    more:
      "Also 2026-11-20T06:00Z, or a START/END. Without it, the windows that are due and not finished yet.",
  },
  inFlight: {
    name: "in-flight",
    value: "N|auto",
    help: "requests under way at once (default: the job's, or 8)",
    more:
      "Over all Workers together, 1 to 10000; auto finds how many are of use, and keeps it in the database.",
  },
  rate: {
    name: "rate",
    value: "N/s|auto",
    help: "requests started per second at most (default: the job's, or no limit)",
    more:
      "Also N/min, N/h, N/day, which are counted over all runs on the database. Requests are spread evenly. " +
      "auto finds the highest rate that the server allows, and keeps it in the database.",
  },
  batch: {
    name: "batch",
    value: "N",
    help: "keys per Worker (default: the job's, or some seconds' worth)",
    more: "Each batch has a Worker of its own, which is thrown away afterwards; 1 to 50000.",
  },
  limit: {
    name: "limit",
    value: "N",
    help: "ask only the first N keys",
    more: "Control keys are asked besides. Without the limit, the same command asks the others.",
  },
  retryFailed: {
    name: "retry-failed",
    help: "ask the failed keys of the last run again",
    more: "Their failures are forgotten, all other keys are left as they are.",
  },
  isNew: {
    name: "new",
    help: "begin a new run, whatever there is",
    more: "An unfinished run is given up, a finished window asked once more.",
  },
  ignoreFreeSpace: {
    name: "ignore-free-space",
    help: "run however little room the disk has",
    more:
      "Without it, a run begins only where the disk has room for what earlier runs of the job took, and ends " +
      "when less than 256 MiB are free.",
  },
  checkFile: {
    name: "check-file",
    help: "check every page of the file and every sum, however long it takes",
    more: "Up to 64 MiB a file is always checked. Larger ones take ten to twenty seconds a gigabyte.",
  },
  set: {
    name: "set",
    value: "NAME=VALUE",
    many: true,
    help: "a value for {set.NAME} in the job; may be repeated",
    more:
      "Replaces the value in the job file's [set] table. Belongs to the job: another value is another run.",
  },
  minCoverage: {
    name: "min-coverage",
    value: "P",
    help: "the share of keys that must end with an answer (default: 0.99)",
    more: "0 to 1. Below it the exit code is 3.",
  },
  json: {
    name: "json",
    help: "one JSON object on standard output instead of words",
    more: "For other programs; its fields are stable.",
  },
  metrics: {
    name: "metrics",
    value: "FILE",
    help: "write what Prometheus is to know, for the node exporter's textfile collector",
    more: "The name must end in .prom. Written whole every 15 s and at the end; one file for each job.",
  },
  quiet: { name: "quiet", short: "q", help: "no progress, no summary", more: "Errors are still shown." },
  tryKeys: {
    name: "try",
    value: "N",
    help: "ask the first N keys and show their rows, storing nothing",
    more: "As many rows as fit are shown of each answer, and its verdict.",
  },
  probe: {
    name: "probe",
    value: "N",
    help: "ask N keys of the list (default: as many as tell enough, for a minute at most)",
    more:
      "1 to 100000. Enough is told when the mean latency is known to 2 %, which takes 2,500 keys where latencies " +
      "are exponential, or the minute is over. With N all N are asked, however long that takes.",
  },
  run: {
    name: "run",
    value: "ID",
    help: "one run instead of the last ones",
    more: "The id that status shows.",
  },
  check: {
    name: "check",
    help: "one line and an exit code for a monitor: 0 all is well, 3 it is not",
    more: "Looks at the newest finished window of each job: its age (--max-age), and its coverage.",
  },
  maxAge: {
    name: "max-age",
    value: "TIME",
    help: "how long ago the newest window may have been finished, such as 26h; with --check",
    more: "In s, m, h or d. Without it, any age is well.",
  },
  failed: {
    name: "failed",
    help: "the keys that failed, one a line on standard output",
    more: "Key, reason, HTTP status and attempts, separated by tabs; of the last run or of --run.",
  },
  raw: {
    name: "raw",
    short: "r",
    help: "strings without quotes and escapes",
    more: "Other values stay JSON. A string with line breaks takes several lines.",
  },
  systemd: {
    name: "systemd",
    help: "also write the units trawl-JOB.service and trawl-JOB.timer",
    more:
      "The service is one run, in a sandbox; the timer starts it when a window of the job becomes due, or daily.",
  },
  name: {
    name: "name",
    value: "NAME",
    help: "the name of the new job (default: the preset's, or my-api)",
    more: "1 to 100 letters, digits, dots, hyphens or underscores. Its file is NAME.toml.",
  },
  dir: {
    name: "dir",
    value: "FOLDER",
    help: "where to write (default: this folder)",
    more: "The folder must be there.",
  },
  force: {
    name: "force",
    help: "replace files that are there",
    more: "Without it, nothing is written if one of them is there.",
  },
  profile: {
    name: "profile",
    value: "NAME",
    help: "what to answer like: ripestat or hello (default: ripestat)",
    more: "ripestat has ris-asns, bgp-updates and bgp-update-activity; hello answers /hello/KEY.",
  },
  port: {
    name: "port",
    value: "N",
    help: "the port on 127.0.0.1 (default: any free one)",
    more: "Shown on standard output once it listens.",
  },
  seed: {
    name: "seed",
    value: "N",
    help: "what all answers follow from (default: 1)",
    more: "The same seed gives the same answers, for ever.",
  },
  asns: {
    name: "asns",
    value: "N",
    help: "how many ASNs the list has (default: 2000)",
    more: "1 to 100000, for the profile ripestat.",
  },
  size: {
    name: "size",
    value: "KEY=SIZE",
    many: true,
    help: "how much one ASN answers, such as 3333=100000 or 3333=1GiB; may be repeated",
    more: "A number of updates, or about so many bytes.",
  },
  delay: {
    name: "delay",
    value: "MS",
    help: "the pause before an answer: 80, 0..3000 (uniform) or ~80 (exponential)",
    more: "Milliseconds. Default: none; for hello 0..3000, as in the study of 100 million requests.",
  },
  envelope: {
    name: "envelope",
    value: "A|B",
    help: "RIPEstat's older or newer form: a, b or mixed (default: mixed)",
    more: "a is indented, b has no white space at all and another order.",
  },
  pieces: {
    name: "pieces",
    value: "BYTES",
    help: "cut bodies into pieces of this size",
    more: "1 to 65536; each piece is a write and a chunk of its own.",
  },
  fault: {
    name: "fault",
    value: "RULE",
    many: true,
    help: "something that goes wrong, such as 'status=503 p=0.1 retry-after=2'; may be repeated",
    more:
      "status=CODE, reset, reset-body, cut, stall=MS, slow-headers=MS, malformed, html, maintenance, empty, " +
      "missing, wrong-count, gzip, bad-gzip, redirect, truncate-json; with p=SHARE, attempts=N, keys=A,B, and " +
      "after=S for=S, seconds from the first request on.",
  },
  allow: {
    name: "allow",
    value: "N/s",
    help: "answer more requests than this with 429",
    more: "With a Retry-After. Also N/min, N/h, N/day.",
  },
  truth: {
    name: "truth",
    value: "KEY",
    help: "print what a perfect client stores for a key, and serve nothing",
    more: "One JSON array a row, of the window given by --window.",
  },
} as const satisfies Record<string, Flag>;
