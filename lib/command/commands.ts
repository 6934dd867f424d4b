/**
 * The commands of trawl: texts, flags, exit codes, examples and actions. Loads the code of one command only, since
 * loading all of them doubles the time and memory of a start.
 *
 * @module
 */

import type { Command } from "./command.ts";
import { exitCode } from "./exit_code.ts";
import type { Flag } from "./flag.ts";
import { flags } from "./flags.ts";

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

/** All commands, in the order of the help. */
export const commands: readonly Command[] = [
  {
    name: "run",
    operands: "JOB",
    operandKind: "job",
    summary: "ask every key and store the rows",
    about:
      "JOB is a preset or a TOML file; --url with --rows replaces it. Without --window, a job with windows collects " +
      "every window that is due. If the last run is unfinished, the same command resumes it. The exit code is the " +
      "worst of the windows that this start worked on, in the order 1, 2, 3, 75, 0; if there was none, that of the " +
      "newest finished window.",
    flags: [
      ...jobFlags,
      flags.limit,
      flags.retryFailed,
      flags.retryFailedWindows,
      flags.isNew,
      flags.minCoverage,
      flags.ignoreFreeSpace,
      flags.json,
      flags.metrics,
      flags.quiet,
      ...common,
    ],
    exits: [
      [exitCode.done, "every key has a verdict, and the coverage is reached"],
      [exitCode.incomplete, "the coverage is too low, or a control key failed for a lasting reason"],
      [
        exitCode.interrupted,
        "interrupted, API down or in maintenance, disk full, or another run has the database: run the same " +
        "command again",
      ],
    ],
    examples: [
      "trawl run ripestat-updates --window yesterday",
      "trawl run ./my-api.toml --limit 100",
      "trawl run --url 'https://api.example/{key}' --rows '$[*]' --keys keys.txt",
    ],
    action: async (...given) => (await import("./run.ts")).runCommand(...given),
  },
  {
    name: "check",
    operands: "JOB",
    operandKind: "job",
    summary: "validate a job and show its first requests",
    about:
      "Lists every mistake of the job file, up to 100, or shows tables, limits and requests with their headers. With " +
      "--try it also asks some keys. Stores nothing. Secrets are shown as ***.",
    flags: [flags.tryKeys, ...jobFlags, ...common],
    exits: [[exitCode.incomplete, "a key of --try failed"]],
    examples: ["trawl check ./my-api.toml", "trawl check ./my-api.toml --try 3"],
    action: async (...given) => (await import("./check.ts")).checkCommand(...given),
  },
  {
    name: "plan",
    operands: "JOB",
    operandKind: "job",
    summary: "forecast requests, time, bytes and disk use",
    about:
      "Asks a random sample of the keys as run does, within the same limits, and stores nothing. Also names what " +
      "will limit the run.",
    flags: [flags.probe, ...jobFlags, flags.limit, flags.json, ...common],
    exits: [
      [
        exitCode.incomplete,
        "no forecast: a control key failed for a lasting reason, or every key of the probe",
      ],
      [
        exitCode.interrupted,
        "no forecast: interrupted, API down or in maintenance: run the same command again",
      ],
    ],
    examples: [
      "trawl plan ripestat-updates --window yesterday",
      "trawl plan ./my-api.toml --probe 500 --json",
    ],
    action: async (...given) => (await import("./plan.ts")).planCommand(...given),
  },
  {
    name: "status",
    operands: "[DB]",
    operandKind: "file",
    summary: "show runs, coverage, and failures by reason",
    about:
      "Also the age of the newest window of each job and the size of the file. Without DB, the only .db file of this " +
      "folder. Reads only; a run may be under way.",
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
    exits: [
      [exitCode.failed, "the database is damaged"],
      [exitCode.incomplete, "--check found a window too old or its coverage too low"],
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
    operandKind: "file",
    summary: "copy a database, also during a run",
    about:
      "Copies the database as it is at one moment, and checks the copy. FILE must not exist. Without --db, the only " +
      ".db file of this folder.",
    flags: [flags.db, flags.quiet, ...common],
    examples: ["trawl backup --db ripestat-updates.db /mnt/backup/2026-11-24.db"],
    action: async (...given) => (await import("./backup.ts")).backupCommand(...given),
  },
  {
    name: "init",
    operands: "[PRESET]",
    operandKind: "preset",
    summary: "write a job file, and with --systemd its units",
    about:
      "Without PRESET, the job file shows every field with its default and bounds. With --systemd, PRESET may also " +
      "be your own job file, which is not changed. Prints the names of the written files.",
    flags: [flags.systemd, flags.metricsFolder, flags.name, flags.dir, flags.force, ...common],
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
    operandKind: "file",
    summary: "print the values that PATH selects from JSON",
    about:
      "PATH is an RFC 9535 path. Reads files, or standard input without FILE, in one pass and constant memory. " +
      "Prints one value a line.",
    flags: [flags.raw, ...common],
    exits: [[exitCode.failed, "an input is no JSON; the other inputs were read"]],
    examples: ["curl -s https://api.example/items | trawl extract '$.items[*].id'"],
    action: async (...given) => (await import("./extract.ts")).extractCommand(...given),
  },
  {
    name: "simulate",
    operands: "",
    operandKind: "none",
    summary: "serve a practice API on 127.0.0.1",
    about:
      "Prints its address on standard output and runs until Ctrl-C. The same seed gives the same answers; --truth " +
      "prints the rows that a key must lead to.",
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
    operandKind: "none",
    summary: "collect 2,000 keys from the practice API",
    about:
      "Starts the practice API itself. Stores the rows in demo.db in this folder. Takes less than a minute and needs " +
      "no network.",
    flags: [flags.db, flags.quiet, ...common],
    examples: ["trawl demo"],
    action: async (...given) => (await import("./demo.ts")).demoCommand(...given),
  },
  {
    name: "completions",
    operands: "SHELL",
    operandKind: ["bash", "zsh", "fish"],
    summary: "print the completion script of bash, zsh or fish",
    about: "Completes commands, flags, their values, presets and files.",
    flags: common,
    examples: [
      "trawl completions bash > ~/.local/share/bash-completion/completions/trawl",
      'trawl completions zsh > "${fpath[1]}/_trawl"',
      "trawl completions fish > ~/.config/fish/completions/trawl.fish",
    ],
    action: async (args, context) =>
      (await import("./completions.ts")).completionsCommand(args, context, commands),
  },
  {
    name: "help",
    operands: "[COMMAND]",
    operandKind: "command",
    summary: "explain a command, or print the manual",
    about: "Without COMMAND, lists all commands. trawl -V or --version prints the versions.",
    flags: [flags.format, ...common],
    examples: ["trawl help run", "trawl help --format man | man -l -"],
    action: async (args, context) => (await import("./help_command.ts")).helpCommand(args, context, commands),
  },
];
