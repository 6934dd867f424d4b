/**
 * Runs trawl as a process of its own, the way that `deno task trawl` does.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };

const root = new URL("../../", import.meta.url).pathname;

/** The arguments of `deno` up to and including `main.ts`, as the task has them. */
const base = config.tasks.trawl.command.split(" ").slice(1).map((arg) =>
  arg === "main.ts" ? `${root}main.ts` : arg
);

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
  const [program = "", ...before] = commandOf(options);
  const child = new Deno.Command(program, {
    args: [...before, ...args],
    cwd: options.cwd ?? root,
    clearEnv: true,
    env: {
      HOME: Deno.env.get("HOME") ?? "/",
      PATH: Deno.env.get("PATH") ?? "",
      NO_COLOR: "1",
      ...options.env,
    },
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

/** The program that is trawl, and the arguments before trawl's own. */
function commandOf({ preload, fileKiBMax, permissions }: TrawlOptions): string[] {
  const [run = "", ...rest] = withPermissions(permissions);
  const preloaded = preload === undefined ? [] : ["--preload", preload];
  const command = [Deno.execPath(), run, ...preloaded, ...rest];
  if (fileKiBMax === undefined) return command;
  return ["bash", "-c", `ulimit -f ${fileKiBMax}; exec "$@"`, "bash", ...command];
}

/** The task's arguments; other permissions stand where its own stood. */
function withPermissions(permissions: readonly string[] | undefined): readonly string[] {
  if (permissions === undefined) return base;
  const [command = "run", ...rest] = base.filter((arg) => !arg.startsWith("--allow-"));
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
