/**
 * Every flag of trawl. `commands.ts` says which command takes which. Texts and parsers only.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { parseDuration } from "../job/parse_units.ts";
import { forecastLimits } from "../forecast/forecast_limits.ts";
import { databaseLimits, runLimits } from "../limits.ts";
import { formatBytes } from "../text/format.ts";
import type { Arguments, Flag } from "./flag.ts";
import { oneOf, text, whole } from "./flag_values.ts";
import { jobFlags } from "./job_flags.ts";
import { simulateFlags } from "./simulate_flags.ts";

const ageMsMax = 3_650 * 86_400_000;

/** All flags, by their use in the code. */
export const flags = {
  ...jobFlags,
  ...simulateFlags,
  help: {
    name: "help",
    short: "h",
    help: "show the flags; --help explains them",
    more: "-h prints one line for each flag.",
  },
  verbose: {
    name: "verbose",
    help: "print more: the stack trace of an error",
    more:
      "It follows the error's message, with its causes; secrets are replaced by ***. With --json also the " +
      "messages and the progress.",
  },
  quiet: {
    name: "quiet",
    short: "q",
    help: "print errors only",
    more: "No progress and no summary on standard error. --json still prints its object.",
  },
  db: {
    name: "db",
    value: "FILE",
    completion: "file",
    help: "database file",
    more:
      "trawl run creates it with mode 0600 if it is missing. Several jobs may share one file. Default: NAME.db " +
      "for a job of that name, demo.db for demo, else the only .db file of this folder.",
    examples: ["/var/lib/trawl/all.db"],
    parse: text,
  },
  limit: {
    name: "limit",
    value: "N",
    default: "all keys",
    help: "ask the first N keys only",
    more:
      "At least 1. Control keys do not count. The same command without --limit asks the remaining keys in the " +
      "same run.",
    examples: ["100"],
    parse: whole({ min: 1 }),
  },
  retryFailed: {
    name: "retry-failed",
    help: "ask the failed keys of the last run again",
    more: "Deletes their failures first. Keys with another verdict are not asked.",
  },
  retryFailedWindows: {
    name: "retry-failed-windows",
    value: "N",
    default: "the job's failed_windows, or 0",
    help: "ask failed keys of the N newest windows once more",
    more:
      `0 to ${runLimits.windowsMax}, for jobs with a [window]. Each start asks the keys again that failed for a ` +
      "passing reason in the N newest finished windows, after the windows that are due. The shipped unit passes 1.",
    examples: ["1"],
    parse: whole({ min: 0, max: runLimits.windowsMax }),
  },
  isNew: {
    name: "new",
    help: "start a new run",
    more: "Abandons an unfinished run, and asks a finished window again.",
  },
  ignoreFreeSpace: {
    name: "ignore-free-space",
    help: "run even if the disk is nearly full",
    more:
      "By default a run starts only if the disk has room for what earlier runs of the job took, and it ends " +
      `with exit code 75 once less than ${formatBytes(databaseLimits.freeBytesMin)} are free.`,
  },
  json: {
    name: "json",
    help: "print the result as one JSON object",
    more:
      "On standard output; its fields are stable. run prints one object a line for each window. Standard error " +
      "then has errors only, and with --verbose messages and progress too.",
  },
  metrics: {
    name: "metrics",
    value: "FILE",
    completion: "file",
    help: "write Prometheus metrics to FILE",
    more:
      "In the textfile format of node_exporter. FILE must end in .prom. It is replaced atomically every 15 s " +
      "and at the end. Use one file per job.",
    examples: ["/var/lib/node_exporter/updates.prom"],
    parse: metricsFile,
  },
  metricsFolder: {
    name: "metrics",
    value: "FOLDER",
    completion: "folder",
    default: "no metrics",
    help: "have the service write Prometheus metrics here",
    more:
      "With --systemd. An absolute path: the service writes FOLDER/trawl-JOB.prom with mode 0644, for the textfile " +
      "collector of node_exporter, and may write nothing else there. Prints the commands that make the folder.",
    examples: ["/var/lib/node_exporter"],
    parse: absoluteFolder,
  },
  tryKeys: {
    name: "try",
    value: "N",
    help: "ask the first N keys and show their rows",
    more:
      "At least 1. Shows each key's verdict and up to 5 rows, and stores nothing. Exit code 3 if a key fails.",
    examples: ["3"],
    parse: whole({ min: 1 }),
  },
  probe: {
    name: "probe",
    value: "N",
    default: "as many as needed, for a minute at most",
    help: "ask a random sample of N keys",
    more:
      `1 to ${forecastLimits.keysMax}. By default the probe ends once the mean latency is known to 2 % (2,500 ` +
      "keys if latencies are exponential) or after a minute. With N it asks all N, however long that takes.",
    examples: ["500"],
    parse: whole({ min: 1, max: forecastLimits.keysMax }),
  },
  run: {
    name: "run",
    value: "ID",
    default: "the last 20 runs",
    help: "show one run",
    more: "ID is the number in the first column of status.",
    examples: ["3"],
    parse: whole({ min: 1 }),
  },
  check: {
    name: "check",
    help: "print one line for a monitor; exit with 0, 3 or 1",
    more:
      "0 if all is well, 3 if not, 1 if the file is damaged. Checks the newest finished window of each job: its " +
      "age against --max-age, its coverage against --min-coverage.",
  },
  maxAge: {
    name: "max-age",
    value: "TIME",
    default: "any age",
    help: "largest age of the newest window, with --check",
    more:
      "The time since that window was finished, in s, m, h or d, from 1s to 3650d. 26h suits a daily job that " +
      "may be 2 hours late.",
    examples: ["26h"],
    parse: (text: string): number => parseDuration(text, { min: 1_000, max: ageMsMax }),
  },
  checkFile: {
    name: "check-file",
    help: "check every page of the database file",
    more: "Files of up to 64 MiB are always checked. Larger ones take 10 to 20 seconds a gigabyte.",
  },
  failed: {
    name: "failed",
    help: "list the failed keys",
    more:
      "One a line on standard output: key, reason, HTTP status and attempts, separated by tabs. Of the last " +
      "run, or of the run that --run names. With --verbose also what the server said, which is kept for the " +
      "first five failures of each reason.",
  },
  raw: {
    name: "raw",
    short: "r",
    help: "print strings without quotes and escapes",
    more: "Other values stay JSON. A string with line breaks spans several lines.",
  },
  systemd: {
    name: "systemd",
    help: "also write a systemd service and timer",
    more:
      "trawl-JOB.service runs the job once in a sandbox; trawl-JOB.timer starts it when a window becomes due, " +
      "or daily for a job without windows.",
  },
  name: {
    name: "name",
    value: "NAME",
    default: "the preset's name, or my-api",
    help: "name of the new job",
    more: "1 to 100 letters, digits, dots, hyphens or underscores. The file is NAME.toml.",
    examples: ["my-api"],
    parse: text,
  },
  dir: {
    name: "dir",
    value: "FOLDER",
    completion: "file",
    default: "the current folder",
    help: "folder to write to",
    more: "It must exist.",
    examples: ["/etc/trawl"],
    parse: text,
  },
  force: {
    name: "force",
    help: "replace existing files",
    more: "By default nothing is written if one of the files exists.",
  },
  format: {
    name: "format",
    value: "FORMAT",
    completion: ["text", "man", "markdown"],
    default: "text",
    help: "format of the help: text, man or markdown",
    more: "man and markdown print the manual of all commands.",
    examples: ["man"],
    parse: oneOf("text", "man", "markdown"),
  },
} as const satisfies Record<string, Flag>;

/** Whether messages and progress are left out: with `--quiet`, and with `--json` unless `--verbose` asks for them. */
export function isSilent(args: Arguments): boolean {
  return args.get(flags.quiet) || (args.get(flags.json) && !args.get(flags.verbose));
}

/** A path for a unit file, where blanks, quotes, % and $ would need escaping. */
function absoluteFolder(folder: string): string {
  if (!/^\/[\w.@+:/-]+$/.test(folder)) {
    throw new UsageError("must be an absolute path of letters, digits and ._-@+:");
  }
  return folder;
}

/** The collector ignores other names. */
function metricsFile(file: string): string {
  if (!file.endsWith(".prom")) {
    throw new UsageError("must end in .prom, as node_exporter ignores other files");
  }
  return file;
}
