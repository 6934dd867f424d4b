/**
 * The verbs of trawl: what each does, which flags it takes, and examples. Help, the README and the tests read this.
 * Only the verb that is asked for is loaded: all of them together would double the time and memory of a start.
 *
 * @module
 */

import type { Action } from "./context.ts";
import type { Flag } from "./flag.ts";
import { flags } from "./flags.ts";

/** A verb. */
export interface Command {
  readonly name: string;
  /** What stands behind the name, such as `JOB`. */
  readonly operands: string;
  /** One line. */
  readonly summary: string;
  /** Some sentences. */
  readonly about: string;
  readonly flags: readonly Flag[];
  readonly examples: readonly string[];
  readonly action: Action;
}

const jobFlags: readonly Flag[] = [
  flags.url,
  flags.rows,
  flags.column,
  flags.keys,
  flags.window,
  flags.set,
  flags.db,
  flags.inFlight,
  flags.rate,
  flags.batch,
];

const common: readonly Flag[] = [flags.verbose, flags.help];

/** All verbs, in the order in which help shows them. */
export const commands: readonly Command[] = [
  {
    name: "run",
    operands: "JOB",
    summary: "collect: ask every key, keep the rows in a database",
    about:
      "JOB is a preset's name or a TOML file; with --url and --rows there is none. An unfinished run goes on by " +
      "itself. Exit codes: 0 all keys have a verdict, 2 wrong usage or job, 3 coverage too low or a control key " +
      "broken, 75 interrupted, the disk is full, or another run has the database: run again to go on.",
    flags: [
      ...jobFlags,
      flags.limit,
      flags.retryFailed,
      flags.isNew,
      flags.minCoverage,
      flags.ignoreFreeSpace,
      flags.json,
      flags.metrics,
      flags.quiet,
      ...common,
    ],
    examples: [
      "trawl run ripestat-updates --window yesterday",
      "trawl run ./my-api.toml --limit 100",
      "trawl run --url 'https://api.example/v1/items/{key}' --rows '$.items[*]' --keys keys.txt",
    ],
    action: async (...given) => (await import("./run.ts")).runCommand(...given),
  },
  {
    name: "check",
    operands: "JOB",
    summary: "validate a job and show its first requests; with --try N ask N keys",
    about: "Stores nothing. Secrets are shown as asterisks.",
    flags: [flags.tryKeys, ...jobFlags, ...common],
    examples: ["trawl check ./my-api.toml", "trawl check ./my-api.toml --try 3"],
    action: async (...given) => (await import("./check.ts")).checkCommand(...given),
  },
  {
    name: "plan",
    operands: "JOB",
    summary: "forecast from a probe of a few keys: requests, hours, bytes, disk, and what will limit",
    about:
      "Asks a random sample of the keys, as run would and within the same limits, and stores nothing. Exit codes: " +
      "2 wrong usage or job, 3 a control key or every key of the probe failed, 75 interrupted or no answer.",
    flags: [flags.probe, ...jobFlags, flags.limit, flags.json, ...common],
    examples: [
      "trawl plan ripestat-updates --window yesterday",
      "trawl plan ./my-api.toml --probe 500 --json",
    ],
    action: async (...given) => (await import("./plan.ts")).planCommand(...given),
  },
  {
    name: "status",
    operands: "[DB]",
    summary: "runs, coverage, age, size, and failures by reason; with --check, one line for a monitor",
    about:
      "Without DB, the only database of this folder. Exit code 1 if the file is damaged, 3 if --check finds " +
      "that all is not well.",
    flags: [
      flags.run,
      flags.failed,
      flags.check,
      flags.maxAge,
      flags.minCoverage,
      flags.checkFile,
      flags.db,
      flags.json,
      ...common,
    ],
    examples: [
      "trawl status demo.db",
      "trawl status demo.db --run 3 --failed",
      "trawl status demo.db --check --max-age 26h",
    ],
    action: async (...given) => (await import("./status.ts")).statusCommand(...given),
  },
  {
    name: "backup",
    operands: "FILE",
    summary: "a copy of a database, while a run may be on",
    about:
      "Of the database that --db names, or the only one of this folder, as it is at one moment; FILE is new.",
    flags: [flags.db, flags.quiet, ...common],
    examples: ["trawl backup --db ripestat-updates.db /mnt/backup/2026-11-24.db"],
    action: async (...given) => (await import("./backup.ts")).backupCommand(...given),
  },
  {
    name: "init",
    operands: "[PRESET]",
    summary: "write a job file to begin with, and with --systemd the units that run it",
    about:
      "PRESET is ripestat-updates or ripestat-activity; without one, the file shows every field, its default and its " +
      "bounds. With --systemd it may also be the file of a job that you have, which is left as it is.",
    flags: [flags.systemd, flags.name, flags.dir, flags.force, ...common],
    examples: [
      "trawl init --name my-api",
      "trawl init ripestat-updates --systemd",
      "trawl init ./my-api.toml --systemd",
    ],
    action: async (...given) => (await import("./init.ts")).initCommand(...given),
  },
  {
    name: "extract",
    operands: "PATH [FILE…]",
    summary: "what PATH selects from JSON files or standard input, one value a line",
    about: "Reads in one pass and constant memory, whatever the size. Exit code 1 if an input is no JSON.",
    flags: [flags.raw, ...common],
    examples: ["curl -s https://api.example/items | trawl extract '$.items[*].id'"],
    action: async (...given) => (await import("./extract.ts")).extractCommand(...given),
  },
  {
    name: "simulate",
    operands: "",
    summary: "the practice API, on this machine only",
    about:
      "Its address is printed on standard output. The same seed gives the same answers; --truth tells them.",
    flags: [
      flags.profile,
      flags.port,
      flags.seed,
      flags.asns,
      flags.size,
      flags.delay,
      flags.envelope,
      flags.pieces,
      flags.fault,
      flags.allow,
      flags.truth,
      flags.window,
      ...common,
    ],
    examples: ["trawl simulate --port 8080 --fault 'status=503 p=0.1' --delay 0..80"],
    action: async (...given) => (await import("./simulate.ts")).simulateCommand(...given),
  },
  {
    name: "demo",
    operands: "",
    summary: "see all of it: the practice API, a run of 2,000 keys, what came out",
    about: "Keeps demo.db in this folder. Needs no network.",
    flags: [flags.db, flags.quiet, ...common],
    examples: ["trawl demo"],
    action: async (...given) => (await import("./demo.ts")).demoCommand(...given),
  },
];
