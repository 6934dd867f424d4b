/**
 * `trawl init`: writes a job file to begin with, and with `--systemd` the units that run it. Writes over nothing unless
 * told to.
 *
 * @module
 */

import { dirname, join, relative } from "node:path";
import { messageOf, UsageError } from "../errors.ts";
import blank from "../job/presets/blank.toml" with { type: "text" };
import { loadJob } from "../job/load_job.ts";
import { presets, resolveJobName } from "../job/presets.ts";
import { jobFile } from "../job/job_schema.ts";
import { type Context, Exit } from "./context.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";
import { serviceText, timerText, type UnitFacts, unitName } from "./systemd/unit_files.ts";

/** The name of the job that is written without a preset, as it stands in its file. */
const blankName = "my-api";

/** The files that were written are on standard output, a line each. */
export async function initCommand(args: Arguments, { out, log, env }: Context): Promise<number> {
  const source = await sourceOf(args);
  const facts = factsOf(source, env);
  const files = filesOf(facts, { source, hasUnits: args.has(flags.systemd) });
  const folder = args.text(flags.dir) ?? ".";
  const paths = files.map(([name]) => join(folder, name));
  // All or nothing.
  if (!args.has(flags.force)) { for (const path of paths) await refuseExisting(path); }
  for (const [index, [, text]] of files.entries()) await write(paths[index] ?? "", text);
  out(paths.map((path) => `${path}\n`).join(""));
  log(nextSteps(facts, { source, paths }));
  return Exit.done;
}

/** A job's text: a preset's, the blank one, or that of a file, which is left as it is. */
interface Source {
  /** As messages call it. */
  readonly file: string;
  readonly text: string;
  readonly isFile: boolean;
}

async function sourceOf(args: Arguments): Promise<Source> {
  const [operand, ...more] = args.operands;
  const name = args.text(flags.name);
  if (more.length > 0) throw new UsageError(`Cannot use "${more[0]}" as one job is written at a time`);
  const isFile = operand !== undefined && !Object.hasOwn(presets, operand);
  const { file, text } = operand === undefined
    ? { file: blankName, text: blank }
    : await resolveJobName(operand);
  if (isFile && name !== undefined) {
    throw new UsageError(`Cannot use --name as the job has its name in its file: "${operand}"`);
  }
  if (name === undefined) return { file, text, isFile };
  const { success, error } = jobFile.shape.name.safeParse(name);
  if (!success) {
    throw new UsageError(`--name: ${error.issues[0]?.message}: found ${JSON.stringify(name)}`);
  }
  const renamed = text.replace(`name = "${file}"`, `name = "${name}"`).replaceAll(
    `./${file}.toml`,
    `./${name}.toml`,
  );
  return { file: name, text: renamed, isFile };
}

/** The job, and what it wants of its surroundings, which need not be there yet. */
function factsOf({ file, text }: Source, env: Context["env"]): UnitFacts {
  const variables = new Set<string>();
  const secrets = new Set<string>();
  const anything = "x";
  const job = loadJob(text, {
    file,
    env: (name) => {
      variables.add(name);
      return env(name) ?? anything;
    },
    secret: (name) => {
      secrets.add(name);
      return anything;
    },
  });
  return { job, variables: [...variables], secrets: [...secrets] };
}

/** Names and texts of what is to be written. */
function filesOf(
  facts: UnitFacts,
  { source, hasUnits }: { readonly source: Source; readonly hasUnits: boolean },
): (readonly [name: string, text: string])[] {
  const { job } = facts;
  if (source.isFile && !hasUnits) {
    throw new UsageError(
      `Cannot write a job as "${source.file}" must be a preset: it is a job file, of which --systemd makes units`,
    );
  }
  if (hasUnits && job.keys.kind === "stdin") {
    throw new UsageError(
      `Cannot write units for "${source.file}" as it must have [keys]: a service has no standard input`,
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
    `Cannot write "${path}" as there must be no such file: there is one, which --force replaces`,
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
    `Cannot write "${path}" as its folder must be there and writable: ${messageOf(error)}`,
    {
      cause: error,
    },
  );
}

/** What to do with what was written, as commands. */
function nextSteps(
  facts: UnitFacts,
  { source, paths }: { readonly source: Source; readonly paths: readonly string[] },
): string {
  const [jobPath = "", ...units] = source.isFile ? [source.file, ...paths] : paths;
  if (units.length === 0) {
    const file = jobPath.includes("/") ? jobPath : `./${jobPath}`;
    return `trawl: fill it in, and try it:\n  trawl check ${shellWord(file)} --try 3\n`;
  }
  const { job, variables, secrets } = facts;
  const steps = [
    `sudo install -D -m 644 ${shellWord(jobPath)} /etc/trawl/${job.name}.toml`,
    ...keyFileSteps(facts, jobPath),
    ...(variables.length === 0 ? [] : [`sudoedit /etc/trawl/${job.name}.env`]),
    ...secrets.map((secret) => `sudo install -m 600 /dev/stdin /etc/trawl/${secret}`),
    `sudo install -m 644 -t /etc/systemd/system ${units.map(shellWord).join(" ")}`,
    "sudo systemctl daemon-reload",
    `sudo systemctl enable --now ${unitName(job)}.timer`,
  ];
  return `trawl: what is left to do on the server:\n${steps.map((step) => `  ${step}\n`).join("")}`;
}

/** A key file that is named from its job file on goes with it. */
function keyFileSteps({ job: { keys } }: UnitFacts, jobPath: string): string[] {
  const name = keys.kind === "file" ? relative(dirname(jobPath), keys.file) : "..";
  if (keys.kind !== "file" || name.startsWith("..")) return [];
  return [`sudo install -D -m 644 ${shellWord(keys.file)} ${shellWord(`/etc/trawl/${name}`)}`];
}

function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
