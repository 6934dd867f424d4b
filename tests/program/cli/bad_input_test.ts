/**
 * Mistakes in arguments, job files and databases: one line on standard error, exit code 2, no file written.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { TempFolder } from "../../support/temp.ts";
import { trawlHere } from "../../support/in_process.ts";
import { executable, trawl } from "../../support/trawl.ts";

/** A valid job. */
const good = `name = "a"
[keys]
range = "1..3"
[request]
url = "http://127.0.0.1:9/{key}"
[rows]
path = "$.items[*]"
`;

interface Case {
  readonly what: string;
  /** Files by name, which the test writes first. */
  readonly files?: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly message: RegExp;
  /** Whether it needs a process of its own: for a working directory, or to see `main.ts` end. */
  readonly isProcess?: true;
}

const url = "http://127.0.0.1:9/{key}";

const cases: readonly Case[] = [
  {
    what: "no job",
    isProcess: true,
    args: ["run"],
    message: /^trawl: No job: name a JOB, or give --url and --rows/,
  },
  {
    what: "an unknown command",
    args: ["rum"],
    message: /^trawl: Unknown command "rum": did you mean "run"\?$/,
  },
  { what: "an unknown preset", args: ["run", "ripestat-update"], message: /did you mean "ripestat-updates"/ },
  {
    what: "an unknown flag",
    args: ["run", "a", "--in-fligth", "3"],
    message: /^trawl: Unknown flag --in-fligth: did you mean --in-flight\?$/,
  },
  {
    what: "a flag without its value",
    args: ["run", "a", "--db"],
    message: /^trawl: --db has no value: write --db FILE$/,
  },
  {
    what: "a missing job file",
    args: ["run", "./none.toml"],
    message: /"\.\/none\.toml": there is no such file/,
  },
  {
    what: "a TOML mistake",
    isProcess: true,
    files: { "a.toml": 'name = "a"\n[keys]\nfile = keys.txt\n' },
    args: ["run", "a.toml"],
    message: /^trawl: a\.toml:3:8: Cannot read the job file as TOML: /,
  },
  {
    what: "a wrong value",
    files: { "a.toml": `${good}[limits]\nin_flight = "eight"\n` },
    args: ["run", "a.toml"],
    message:
      /^trawl: a\.toml:9:13: limits\.in_flight: must be a whole number from 1 to 10000, or "auto": found "eight"$/,
  },
  {
    what: "an unknown field",
    files: { "a.toml": `${good}[limit]\nin_flight = 8\n` },
    args: ["run", "a.toml"],
    message: /^trawl: a\.toml:8:2: limit: .*did you mean "limits"/,
  },
  {
    what: "a bad path",
    files: { "a.toml": good.replace("$.items[*]", "$.items[") },
    args: ["run", "a.toml"],
    message: /^trawl: a\.toml:7:\d+: rows\.path: .*\$\.items\[/,
  },
  {
    what: "a path that needs the whole document",
    files: { "a.toml": good.replace("$.items[*]", "$.items[-1]") },
    args: ["run", "a.toml"],
    message: /^trawl: a\.toml:7:\d+: rows\.path: .*whole document/,
  },
  {
    what: "a bad URL",
    files: { "a.toml": good.replace("http://127", "127") },
    args: ["run", "a.toml"],
    message: /^trawl: a\.toml:5:\d+: request\.url: must begin with http:\/\/ or https:\/\//,
  },
  {
    what: "an unknown placeholder",
    files: { "a.toml": good.replace("{key}", "{key}?w={windw.start}") },
    args: ["run", "a.toml"],
    message: /^trawl: a\.toml:5:\d+: request\.url: .*windw\.start/,
  },
  {
    what: "a missing environment variable",
    files: { "a.toml": good.replace("{key}", "{key}?a={env.TRAWL_NOT_SET}") },
    args: ["run", "a.toml"],
    message: /^trawl: a\.toml:5:\d+: request\.url: .*environment variable TRAWL_NOT_SET/,
  },
  {
    what: "a missing secret",
    files: {
      "a.toml": good.replace("[rows]", 'headers = { authorization = "Bearer {secret.TRAWL_TOKEN}" }\n[rows]'),
    },
    args: ["run", "a.toml"],
    message: /^trawl: a\.toml:6:\d+: request\.headers\.authorization: .*TRAWL_TOKEN/,
  },
  {
    what: "an unreadable key file",
    args: ["run", "--url", url, "--rows", "$", "--keys", "none.txt"],
    message: /^trawl: Cannot read the key file "none\.txt": there is no such file$/,
  },
  {
    what: "an empty key file",
    files: { "keys.txt": "\n\n" },
    args: ["run", "--url", url, "--rows", "$", "--keys", "keys.txt"],
    message: /^trawl: Cannot read the key file "keys\.txt": it must hold at least one key, got none$/,
  },
  {
    what: "--url without --rows",
    args: ["run", "--url", url],
    message: /^trawl: --url needs --rows: add a path such as /,
  },
  {
    what: "a bad column",
    args: ["run", "--url", url, "--rows", "$.a[*]", "--column", "x"],
    message: /^trawl: Cannot use --column: must be NAME=PATH or NAME=PATH:TYPE, got "x"$/,
  },
  {
    what: "--window for a job without one",
    files: { "a.toml": good },
    args: ["run", "a.toml", "--window", "yesterday"],
    message: /^trawl: Cannot use --window: the job must have a \[window\], got "a" without$/,
  },
  {
    what: "a window that is none",
    args: ["run", "ripestat-updates", "--window", "last week"],
    message: /"last week"/,
  },
  {
    what: "a rate that is none",
    files: { "a.toml": good },
    args: ["run", "a.toml", "--rate", "fast"],
    message: /^trawl: Cannot use --rate: must be .*, got "fast"$/,
  },
  {
    what: "a --set that the job does not have",
    files: { "a.toml": good },
    args: ["run", "a.toml", "--set", "host=x"],
    message: /host/,
  },
  {
    what: "a file that is no database",
    files: { "a.toml": good, "a.db": "this is no database".repeat(100) },
    args: ["run", "a.toml"],
    message: /^trawl: Cannot use the database "a\.db": it is not an SQLite database, or its beginning/,
  },
  {
    what: "a folder that is not there",
    files: { "a.toml": good },
    args: ["run", "a.toml", "--db", "none/a.db"],
    message: /^trawl: Cannot write the database "none\/a\.db": its folder must exist and be writable, /,
  },
  {
    what: "run on SQLite's name for memory",
    isProcess: true,
    files: { "a.toml": good },
    args: ["run", "a.toml", "--db", ":memory:"],
    message: /^trawl: Cannot use the database ":memory:": it must be the name of a file, got SQLite's name/,
  },
  {
    what: "plan for a URI",
    isProcess: true,
    files: { "a.toml": good },
    args: ["plan", "a.toml", "--db", "file:x.db"],
    message:
      /^trawl: Cannot use the database "file:x\.db": .*, got a URI; write \.\/file:x\.db for a file of/,
  },
  {
    what: "status of a folder",
    isProcess: true,
    args: ["status", "."],
    message: /^trawl: Cannot use the database "\.": .*, got a folder; add the name of a file$/,
  },
  {
    what: "backup of a URL",
    isProcess: true,
    args: ["backup", "copy.db", "--db", "postgres://host/db"],
    message:
      /^trawl: Cannot use the database "postgres:\/\/host\/db": .*, got a URL of postgres:\/\/; results/,
  },
  {
    what: "status of no database",
    args: ["status", "none.db"],
    message: /^trawl: Cannot open the database "none\.db"/,
  },
  {
    what: "status without a database",
    isProcess: true,
    args: ["status"],
    message: /^trawl: No \.db file in this folder: name the database$/,
  },
  {
    what: "extract without a path",
    args: ["extract"],
    message: /^trawl: Cannot extract: a PATH must be given/,
  },
  { what: "extract with a bad path", args: ["extract", "items"], message: /^trawl: .*items/ },
  { what: "a wrong fault", args: ["simulate", "--fault", "explode"], message: /explode/ },
  {
    what: "a wrong port",
    args: ["simulate", "--port", "x"],
    message: /^trawl: Cannot use --port: must be a whole number from 0 to 65535, got "x"$/,
  },
];

/** Runs the command in the folder: in this process where that is the same, as its paths get the folder in front. */
async function mistaken(args: readonly string[], folder: TempFolder, isProcess: boolean) {
  const env = { TRAWL_SOURCEAPP: "test" };
  if (isProcess || executable !== undefined) return await trawl(args, { cwd: folder.path, env });
  const at = `${folder.path}/`;
  const placed = args.map((arg) => /^[\w./]+\.(toml|txt|db)$/.test(arg) ? at + arg : arg);
  const database = args[0] === "run" && !args.includes("--db") ? ["--db", `${at}a.db`] : [];
  const { stderr, ...said } = await trawlHere([...placed, ...database], { env });
  return { ...said, stderr: stderr.replaceAll(at, "") };
}

for (const { what, files = {}, args, message, isProcess = false } of cases) {
  Deno.test(`trawl names the mistake in one line and exits with 2: ${what}`, async () => {
    using folder = new TempFolder();
    for (const [name, text] of Object.entries(files)) folder.file(name, text);
    const before = folder.names();
    const { code, stdout, stderr } = await mistaken(args, folder, isProcess);
    assert.equal(code, 2, stderr);
    assert.equal(stdout, "");
    assert.match(stderr.trimEnd(), message);
    assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
    assert.deepEqual(folder.names(), before, "nothing is made");
  });
}

Deno.test("trawl run refuses a database from a newer version", async () => {
  using folder = new TempFolder();
  folder.file("a.toml", `${good.replace("1..3", "1..1")}[retry]\nattempts = 1\n`);
  // Nothing listens on the port: the run fails, but the database is made.
  await mistaken(["run", "a.toml", "--quiet"], folder, false);
  const db = new DatabaseSync(folder.file("a.db"));
  db.exec("PRAGMA user_version = 99");
  db.close();
  for (const args of [["run", "a.toml"], ["status", "a.db"]]) {
    const { code, stderr } = await mistaken(args, folder, false);
    assert.equal(code, 2, stderr);
    assert.match(
      stderr,
      /^trawl: Cannot use the database "a\.db": a newer trawl wrote it: its schema has version 99/,
    );
  }
});
