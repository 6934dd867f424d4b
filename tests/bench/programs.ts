/**
 * How the programs are started that take part: trawl the way its task does, a script of this folder, and what a
 * system may or may not have. Looks for programs, runs none but Python, to learn which modules it has.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };
import { keyLines } from "../support/simulator.ts";
import type { Contestant } from "./harness.ts";
import type { Command, Ended } from "./process.ts";

const root = new URL("../../", import.meta.url).pathname;
const here = new URL("./", import.meta.url).pathname;

/** A Python of the system's own may have modules that the first one on the path has not. */
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

/** The same, if `module` is mapped in `deno.json`. */
export function scriptWith(module: string, file: string, ...args: readonly string[]): Command | undefined {
  return module in config.imports ? script(file, ...args) : undefined;
}

/** A Python file of this folder, by the first Python that has the module. */
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

/** A program on the path, or in the places where servers are put; undefined where it is not installed. */
export function installed(program: string, ...args: readonly string[]): Command | undefined {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];
  const found = folders.map((folder) => `${folder}/${program}`).find(isFile);
  return found === undefined ? undefined : { program: found, args };
}

/** What `trawl run` is to ask. */
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

/** `trawl run` of that, into a new database. */
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

/** Whether `trawl run --json` has stored an answer to every key; each attempt beyond the keys was a refusal. */
export function hasStored(keys: number, refusedMax: number = 1): (ended: Ended) => boolean {
  return ({ text }) => {
    const summary: unknown = JSON.parse(text);
    if (typeof summary !== "object" || summary === null || !("ok" in summary && "attempts" in summary)) {
      return false;
    }
    return summary.ok === keys && Number(summary.attempts) - keys <= refusedMax * Number(summary.attempts);
  };
}

/** Removes a database with what SQLite keeps beside it. */
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
