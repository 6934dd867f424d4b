/**
 * Runs trawl as a process of its own, the way that `deno task trawl` does; or, where `TRAWL_EXECUTABLE` names one, an
 * executable: alone, with nothing in its environment but what a test sets, and not as root.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };

const root = new URL("../../", import.meta.url).pathname;

/** The executable that is tested; undefined if it is the checkout. */
export const executable = Deno.env.get("TRAWL_EXECUTABLE");

/** The user that nobody is: who may do nothing that is not allowed to all. */
const nobody = 65_534;

/** How trawl is started: its arguments come after `args`. */
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

/** What a checkout's Deno needs of the environment. */
const denoEnv: Readonly<Record<string, string>> = executable === undefined
  ? { HOME: Deno.env.get("HOME") ?? "/", PATH: Deno.env.get("PATH") ?? "" }
  : {};

export interface Ended {
  readonly code: number;
  /** The signal that ended it, if one did. */
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TrawlOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Permissions in place of the task's, such as `--allow-read=/folder`. */
  readonly permissions?: readonly string[];
  /** What comes on standard input; by default nothing. */
  readonly stdin?: string;
  /** A module that runs before `main.ts`, by its path. */
  readonly preload?: string;
  /** No file that the process writes becomes larger, in KiB: more is an error for it, as on a full disk. Needs bash. */
  readonly fileKiBMax?: number;
}

/** A trawl that is under way. */
export interface Running {
  readonly pid: number;
  readonly kill: (signal: Deno.Signal) => void;
  readonly ended: Promise<Ended>;
}

/** Starts `trawl ARGS`. It must be waited for. */
export function startTrawl(args: readonly string[], options: TrawlOptions = {}): Running {
  const [command = "", ...before] = commandOf(options);
  const { path: _path, args: _args, ...user } = program;
  const child = new Deno.Command(command, {
    ...user,
    args: [...before, ...args],
    cwd: options.cwd ?? (executable === undefined ? root : "/"),
    clearEnv: true,
    env: { ...denoEnv, NO_COLOR: "1", ...options.env },
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
        // It has ended by itself.
      }
    },
    ended: finish(child, options.stdin),
  };
}

/** What to start, and the arguments before trawl's own. */
function commandOf({ preload, fileKiBMax, permissions }: TrawlOptions): string[] {
  const [run, ...rest] = withPermissions(permissions);
  const preloaded = preload === undefined ? [] : ["--preload", preload];
  const command = run === undefined ? [program.path] : [program.path, run, ...preloaded, ...rest];
  if (fileKiBMax === undefined) return command;
  // Deno's own caches may meet the limit before there is anybody to listen for the signal, which ends a process.
  const trap = preload === undefined ? "" : 'trap "" XFSZ; ';
  return ["/bin/bash", "-c", `${trap}ulimit -f ${fileKiBMax}; exec "$@"`, "bash", ...command];
}

/** The task's arguments; other permissions stand where its own stood. An executable's are its own. */
function withPermissions(permissions: readonly string[] | undefined): readonly string[] {
  if (permissions === undefined || executable !== undefined) return program.args;
  const [command = "run", ...rest] = program.args.filter((arg) => !arg.startsWith("--allow-"));
  return [command, ...permissions, ...rest];
}

/** Runs `trawl ARGS` to its end. */
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
