/**
 * From an argument list to an exit code: finds the command, reads its flags, runs it, and says in one line what went
 * wrong.
 *
 * @module
 */

import { messageOf, UsageError } from "../errors.ts";
import { nearest } from "../text/nearest.ts";
import { Redactor, secretOf } from "../job/secret.ts";
import { sanitize, sanitizeLine } from "../text/sanitize.ts";
import { type Command, commands } from "./commands.ts";
import { type Context, Exit, exitOfError, type World } from "./context.ts";
import { parseFlags } from "./flag.ts";
import { flags } from "./flags.ts";
import { commandHelp, overview } from "./help.ts";

/** Messages are one line, of at most so many characters. */
const messageCharsMax = 2_000;

/** Runs trawl. Never throws but for a closed output. */
export async function main(args: readonly string[], world: World): Promise<number> {
  const secrets = new Set<string>();
  const hide = (text: string) => new Redactor(secrets).hide(text);
  const context = guarded(world, secrets, hide);
  try {
    return await dispatch(args, context);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) throw error;
    const exit = exitOfError(error);
    const level = exit === Exit.interrupted ? "warning" : "error";
    // What is cut off could be the end of a secret.
    context.log(`trawl: ${sanitizeLine(hide(messageOf(error)), messageCharsMax)}\n`, level);
    if (args.includes("--verbose")) context.log(`${stackOf(error)}\n`, level);
    return exit;
  }
}

/** The only way out for text: without the secrets that were read until now, and sanitize. */
function guarded(world: World, secrets: Set<string>, hide: (text: string) => string): Context {
  const clean = (text: string) => sanitize(hide(text));
  return {
    ...world,
    out: (data) => world.out(typeof data === "string" ? clean(data) : data),
    log: (text, level) => world.log(clean(text), level),
    draw: world.log,
    secret: (name) => {
      const secret = secretOf(name, { env: world.env, readFile: Deno.readFileSync });
      if (secret !== undefined) secrets.add(secret);
      return secret;
    },
  };
}

async function dispatch(args: readonly string[], context: Context): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    context.out(overview(commands));
    return name === undefined ? Exit.usage : Exit.done;
  }
  if (name === "--version" || name === "version") {
    // Loads SQLite, for its version.
    const { versionText } = await import("./version.ts");
    // An executable finds it in its environment, where `.ci/compile.ts` puts it.
    context.out(`${await versionText(context.env("TRAWL_COMMIT"))}\n`);
    return Exit.done;
  }
  const command = commands.find((command) => command.name === name);
  if (command === undefined) throw unknownCommand(name);
  const parsed = parseFlags(rest, command.flags);
  if (parsed.has(flags.help)) {
    context.out(commandHelp(command, { isLong: rest.includes("--help") }));
    return Exit.done;
  }
  return await command.action(parsed, context);
}

function unknownCommand(name: string): UsageError {
  const close = nearest(name, commands.map((command: Command) => command.name));
  const hint = close === undefined ? "see trawl --help" : `did you mean "${close}"?`;
  return new UsageError(`Cannot do "${name}" as there is no such command: ${hint}`);
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
