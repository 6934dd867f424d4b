/**
 * `trawl init`: writes a job file to start from, and with `--systemd` the units that run it. Replaces no file without
 * `--force`.
 *
 * @module
 */

import { dirname, join, relative } from "node:path";
import { messageOf, UsageError } from "../errors.ts";
import blank from "../job/presets/blank.toml" with { type: "text" };
import { loadJob } from "../job/load_job.ts";
import { presets, resolveJobName } from "../job/presets.ts";
import { jobFile } from "../job/job_schema.ts";
import { type CommandContext, envIfAllowed } from "./context.ts";
import { type ExitCode, exitCode } from "./exit_code.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";
import { ownProgramWords } from "./program_words.ts";
import { shellWord } from "./shell_word.ts";
import { metricsGroup, serviceText, timerText, type UnitFacts, unitName } from "./systemd/unit_files.ts";

/** The name of the job in `presets/blank.toml`. */
const blankName = "my-api";

/** Prints the names of the written files on standard output, one a line. */
export async function initCommand(args: Arguments, { out, log, env }: CommandContext): Promise<ExitCode> {
  const source = await sourceOf(args);
  const facts = { ...factsOf(source, env), metricsFolder: metricsFolderOf(args) };
  const files = filesOf(facts, { source, hasUnits: args.get(flags.systemd) });
  const folder = args.get(flags.dir) ?? ".";
  const paths = files.map(([name]) => join(folder, name));
  // Before any file is written.
  if (!args.get(flags.force)) { for (const path of paths) await refuseExisting(path); }
  for (const [index, [, text]] of files.entries()) await write(paths[index] ?? "", text);
  out(paths.map((path) => `${path}\n`).join(""));
  log(nextSteps(facts, { source, paths, program: ownProgramWords((name) => envIfAllowed(name, env)) }));
  return exitCode.done;
}

/** The text of a job: of a preset, of the blank job, or of a file, which is never changed. */
interface Source {
  /** Its name in messages. */
  readonly file: string;
  readonly text: string;
  readonly isFile: boolean;
}

async function sourceOf(args: Arguments): Promise<Source> {
  const [operand, ...more] = args.operands;
  const name = args.get(flags.name);
  if (more[0] !== undefined) {
    throw new UsageError(`Too many operands: name one preset, not also "${more[0]}"`);
  }
  const isFile = operand !== undefined && !Object.hasOwn(presets, operand);
  const { file, text } = operand === undefined
    ? { file: blankName, text: blank }
    : await resolveJobName(operand);
  if (isFile && name !== undefined) {
    throw new UsageError(`--name needs a preset: "${operand}" is a job file, which has its own name`);
  }
  if (name === undefined) return { file, text, isFile };
  const { success, error } = jobFile.shape.name.safeParse(name);
  if (!success) {
    throw new UsageError(`Cannot use --name: ${error.issues[0]?.message}, got ${JSON.stringify(name)}`);
  }
  const renamed = text.replace(`name = "${file}"`, `name = "${name}"`).replaceAll(
    `./${file}.toml`,
    `./${name}.toml`,
  );
  return { file: name, text: renamed, isFile };
}

/** @throws {UsageError} If `--metrics` is given without `--systemd`: a job file has no place for it. */
function metricsFolderOf(args: Arguments): string | undefined {
  const folder = args.get(flags.metricsFolder);
  if (folder !== undefined && !args.get(flags.systemd)) {
    throw new UsageError("--metrics needs --systemd: add it, or give --metrics FILE to trawl run");
  }
  return folder?.replace(/\/+$/, "");
}

/** The job, and the variables and secrets that it names. They need not exist yet, so each has a stand-in. */
function factsOf({ file, text }: Source, env: CommandContext["env"]): UnitFacts {
  const variables = new Set<string>();
  const secrets = new Set<string>();
  const standIn = "x";
  const job = loadJob(text, {
    file,
    env: (name) => {
      variables.add(name);
      return env(name) ?? standIn;
    },
    secret: (name) => {
      secrets.add(name);
      return standIn;
    },
  });
  return { job, variables: [...variables], secrets: [...secrets] };
}

/** Names and texts of the files to write. */
function filesOf(
  facts: UnitFacts,
  { source, hasUnits }: { readonly source: Source; readonly hasUnits: boolean },
): (readonly [name: string, text: string])[] {
  const { job } = facts;
  if (source.isFile && !hasUnits) {
    throw new UsageError(
      `"${source.file}" is a job file already: add --systemd to write units for it, or name a preset`,
    );
  }
  if (hasUnits && job.keys.kind === "stdin") {
    throw new UsageError(
      `"${source.file}" has no [keys]: add them, because a service has no standard input`,
    );
  }
  return [
    ...(source.isFile ? [] : [[`${job.name}.toml`, source.text] as const]),
    ...(hasUnits
      ? [
        [`${unitName(job)}.service`, serviceText(facts)] as const,
        [`${unitName(job)}.timer`, timerText(job)] as const,
      ]
      : []),
  ];
}

async function refuseExisting(path: string): Promise<void> {
  try {
    await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw cannotWrite(path, error);
  }
  throw new UsageError(
    `"${path}" exists: add --force to replace it`,
  );
}

async function write(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, text);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

function cannotWrite(path: string, error: unknown): UsageError {
  return new UsageError(
    `Cannot write "${path}": its folder must exist and be writable, got ${messageOf(error)}`,
    { cause: error },
  );
}

/** The next commands to run. */
function nextSteps(
  facts: UnitFacts,
  { source, paths, program }: {
    readonly source: Source;
    readonly paths: readonly string[];
    readonly program: string;
  },
): string {
  const [jobPath = "", ...units] = source.isFile ? [source.file, ...paths] : paths;
  if (units.length === 0) {
    const file = jobPath.includes("/") ? jobPath : `./${jobPath}`;
    return `trawl: fill it in, then try it:\n  ${program} check ${shellWord(file)} --try 3\n`;
  }
  const { job, variables, secrets, metricsFolder } = facts;
  const steps = [
    `sudo install -D -m 644 ${shellWord(jobPath)} /etc/trawl/${job.name}.toml`,
    ...keyFileSteps(facts, jobPath),
    ...(variables.length === 0 ? [] : [`sudoedit /etc/trawl/${job.name}.env`]),
    ...secrets.map((secret) => `sudo install -m 600 /dev/stdin /etc/trawl/${secret}`),
    ...(metricsFolder === undefined ? [] : [
      `sudo groupadd --force --system ${metricsGroup}`,
      `sudo install -d -m 775 -g ${metricsGroup} ${metricsFolder}`,
    ]),
    `sudo install -m 644 -t /etc/systemd/system ${units.map(shellWord).join(" ")}`,
    "sudo systemctl daemon-reload",
    `sudo systemctl enable --now ${unitName(job)}.timer`,
  ];
  // A checkout has no executable yet.
  const first = Deno.build.standalone
    ? ""
    : "trawl: the service starts the executable /usr/local/bin/trawl: deno task compile makes it, see docs/server.md\n";
  return `${first}trawl: next, on the server:\n${steps.map((step) => `  ${step}\n`).join("")}`;
}

/** A key file inside the folder of the job file is installed with it. */
function keyFileSteps({ job: { keys } }: UnitFacts, jobPath: string): string[] {
  const name = keys.kind === "file" ? relative(dirname(jobPath), keys.file) : "..";
  if (keys.kind !== "file" || name.startsWith("..")) return [];
  return [`sudo install -D -m 644 ${shellWord(keys.file)} ${shellWord(`/etc/trawl/${name}`)}`];
}
