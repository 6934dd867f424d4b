/**
 * Starts trawl as a process with the flags of `deno task trawl`. If `TRAWL_EXECUTABLE` names an executable, starts that
 * one as an unprivileged user. The environment holds only what a test sets and what Deno itself needs.
 *
 * @module
 */

import { resolve } from "node:path";
import config from "../../deno.json" with { type: "json" };

/** The folder of this checkout, with a slash at the end. */
export const root = new URL("../../", import.meta.url).pathname;

/** The executable to test; undefined for the checkout. */
export const executable = Deno.env.get("TRAWL_EXECUTABLE");

/** The user id of `nobody`. */
const nobody = 65_534;

/** The program and the arguments that precede trawl's own. */
export const program: Pick<Deno.CommandOptions, "uid" | "gid"> & {
  readonly path: string;
  readonly args: string[];
} = executable === undefined
  ? {
    path: Deno.execPath(),
    args: config.tasks.trawl.command.split(" ").slice(1).map((arg) =>
      arg === "main.ts" ? `${root}main.ts` : arg
    ),
  }
  : { path: executable, args: [], ...(Deno.uid() === 0 ? { uid: nobody, gid: nobody } : {}) };

/** Variables that Deno needs to find its cache, and to download a library that the cache lacks. */
const denoVariables = [
  "HOME",
  "PATH",
  "DENO_TLS_CA_STORE",
  "DENO_CERT",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "NODE_EXTRA_CA_CERTS",
  "NPM_CONFIG_REGISTRY",
] as const;

/** The environment of a Deno that runs the checkout; empty for an executable. */
export const denoEnv: Readonly<Record<string, string>> = executable === undefined ? environmentOfDeno() : {};

function environmentOfDeno(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of denoVariables) {
    const value = Deno.env.get(name);
    if (value !== undefined) env[name] = value;
  }
  const folder = Deno.env.get("DENO_DIR");
  // Deno resolves a relative path against its own working directory, and tests start it in another one.
  return folder === undefined ? env : { ...env, DENO_DIR: resolve(folder) };
}

/** Where runs of this test keep what they share, so that they share it with no run outside. */
const stateHome = Deno.makeTempDirSync({ prefix: "trawl-state-" });
if (executable !== undefined) Deno.chmodSync(stateHome, 0o777);
globalThis.addEventListener("unload", () => Deno.removeSync(stateHome, { recursive: true }));

/** Variables of every process of trawl that a test starts. */
export const stateEnv: Readonly<Record<string, string>> = { XDG_STATE_HOME: stateHome };

/** How a process ended, and what it printed. */
export interface Ended {
  readonly code: number;
  /** The signal that ended the process; null if none did. */
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to start trawl. */
export interface TrawlOptions {
  /** Default: the checkout; `/` for an executable. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Permissions instead of the task's, such as `--allow-read=/folder`. */
  readonly permissions?: readonly string[];
  /** Text for standard input. Default: none. */
  readonly stdin?: string;
  /** Path of a module that runs before `main.ts`. */
  readonly preload?: string;
  /** Largest file that the process may write, KiB; a longer write fails as on a full disk. Needs bash. */
  readonly fileKiBMax?: number;
}

/** A process that runs. */
export interface Running {
  readonly pid: number;
  readonly kill: (signal: Deno.Signal) => void;
  readonly ended: Promise<Ended>;
}

/** Starts `trawl ARGS`. The caller must await `ended`. */
export function startTrawl(args: readonly string[], options: TrawlOptions = {}): Running {
  const [command = "", ...before] = commandOf(options);
  const { path: _path, args: _args, ...user } = program;
  const child = new Deno.Command(command, {
    ...user,
    args: [...before, ...args],
    cwd: options.cwd ?? (executable === undefined ? root : "/"),
    clearEnv: true,
    env: { ...denoEnv, ...stateEnv, NO_COLOR: "1", ...options.env },
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return {
    pid: child.pid,
    kill: (signal) => {
      try {
        child.kill(signal);
      } catch {
        // The process has ended.
      }
    },
    ended: finish(child, options.stdin),
  };
}

/** The command, and the arguments that precede trawl's own. */
function commandOf({ preload, fileKiBMax, permissions }: TrawlOptions): string[] {
  const [run, ...rest] = withPermissions(permissions);
  const preloaded = preload === undefined ? [] : ["--preload", preload];
  const command = run === undefined ? [program.path] : [program.path, run, ...preloaded, ...rest];
  if (fileKiBMax === undefined) return command;
  // Deno's caches may meet the limit before a listener for the signal exists, and the signal ends a process.
  const trap = preload === undefined ? "" : 'trap "" XFSZ; ';
  return ["/bin/bash", "-c", `${trap}ulimit -f ${fileKiBMax}; exec "$@"`, "bash", ...command];
}

/** The task's arguments with other permissions. The permissions of an executable are fixed. */
function withPermissions(permissions: readonly string[] | undefined): readonly string[] {
  if (permissions === undefined || executable !== undefined) return program.args;
  const [command = "run", ...rest] = program.args.filter((arg) => !arg.startsWith("--allow-"));
  return [command, ...permissions, ...rest];
}

/** Runs `trawl ARGS` until the process ends. */
export async function trawl(args: readonly string[], options: TrawlOptions = {}): Promise<Ended> {
  return await startTrawl(args, options).ended;
}

async function finish(child: Deno.ChildProcess, stdin: string | undefined): Promise<Ended> {
  if (stdin !== undefined) {
    const writer = child.stdin.getWriter();
    // A program that stops reading closes the pipe.
    await writer.write(new TextEncoder().encode(stdin)).then(() => writer.close()).catch(() => {});
  }
  const { code, signal, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, signal, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
