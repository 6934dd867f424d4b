/**
 * Commands of the contestants: trawl with the flags of its task, scripts of this folder, and programs that may be
 * missing. Only looks programs up; runs only Python, to list its modules.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };
import { keyLines } from "../support/simulator.ts";
import type { Contestant } from "./harness.ts";
import type { Command, Ended } from "./process.ts";

const root = new URL("../../", import.meta.url).pathname;
const here = new URL("./", import.meta.url).pathname;

/** Candidates for Python: the system's own may have modules that the first one on the path lacks. */
const pythons = ["python3", "/usr/bin/python3"];

/** `trawl ARGS`, with exactly the flags of the task. */
export function trawl(...args: readonly string[]): Command {
  const base = config.tasks.trawl.command.split(" ").slice(1);
  return {
    program: Deno.execPath(),
    args: [...base.map((arg) => arg === "main.ts" ? `${root}main.ts` : arg), ...args],
  };
}

/** A TypeScript file of this folder. */
export function script(file: string, ...args: readonly string[]): Command {
  return {
    program: Deno.execPath(),
    args: ["run", "--quiet", "--allow-net", "--allow-read", `${here}${file}`, ...args],
  };
}

/** The same if `deno.json` maps `module`; else undefined. */
export function scriptWith(module: string, file: string, ...args: readonly string[]): Command | undefined {
  return module in config.imports ? script(file, ...args) : undefined;
}

/** A Python file of this folder, run by the first Python that has the module. */
export async function python(
  module: string,
  file: string,
  ...args: readonly string[]
): Promise<Command | undefined> {
  for (const program of pythons) {
    try {
      const { success } = await new Deno.Command(program, {
        args: ["-c", `import ${module}`],
        stdout: "null",
        stderr: "null",
      }).output();
      if (success) return { program, args: [`${here}${file}`, ...args] };
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return undefined;
}

/** The path of a program on the PATH or in the folders of servers; undefined if it is not installed. */
export function installed(program: string, ...args: readonly string[]): Command | undefined {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];
  const found = folders.map((folder) => `${folder}/${program}`).find(isFile);
  return found === undefined ? undefined : { program: found, args };
}

/** The work of `trawl run`. */
export interface StoredRun {
  /** A server that answers `/hello/{key}`; undefined where it is not installed. */
  readonly url: string | undefined;
  /** Keys, from 1 on. */
  readonly keys: number;
  readonly folder: string;
  readonly flags: readonly string[];
  /** The share of requests that may be refused; by default any. */
  readonly refusedMax?: number;
}

/** `trawl run` into a new database. */
export function storedRun(
  { url, keys, folder, flags, refusedMax = 1 }: StoredRun,
): Pick<Contestant, "command" | "before" | "isDone"> {
  const database = `${folder}/run.db`;
  return {
    command: url === undefined ? undefined : trawl(
      ...["run", "--url", `${url}/hello/{key}`, "--rows", "$", "--keys", keyFileOf(keys, folder)],
      ...["--db", database, "--quiet", "--json", ...flags],
    ),
    before: () => removeDatabase(database),
    isDone: hasStored(keys, refusedMax),
  };
}

/** A file with the keys from 1 to `keys`. */
export function keyFileOf(keys: number, folder: string): string {
  const file = `${folder}/${keys}.txt`;
  Deno.writeTextFileSync(file, keyLines(keys));
  return file;
}

/** Checks that `trawl run --json` stored an answer for every key. Attempts beyond the keys are refusals. */
export function hasStored(keys: number, refusedMax: number = 1): (ended: Ended) => boolean {
  return ({ text }) => {
    const summary: unknown = JSON.parse(text);
    if (typeof summary !== "object" || summary === null || !("ok" in summary && "attempts" in summary)) {
      return false;
    }
    return summary.ok === keys && Number(summary.attempts) - keys <= refusedMax * Number(summary.attempts);
  };
}

/** Removes a database and the files that SQLite keeps beside it. */
export async function removeDatabase(file: string): Promise<void> {
  for (const part of [file, `${file}-wal`, `${file}-shm`]) {
    await Deno.remove(part).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
