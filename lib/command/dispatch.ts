/**
 * From an argument list to an exit code: finds the command, parses its flags, runs it, and reports an error as one
 * line. All text output passes here, where secrets and control sequences are removed.
 *
 * @module
 */

import { messageOf } from "../errors.ts";
import { Redactor, secretOf } from "../job/secret.ts";
import { sanitize, sanitizeLine } from "../text/sanitize.ts";
import { commandOf } from "./command.ts";
import { commands } from "./commands.ts";
import type { CommandContext, Platform } from "./context.ts";
import { type ExitCode, exitCode, exitCodeOfError } from "./exit_code.ts";
import { parseArguments } from "./flag.ts";
import { flags } from "./flags.ts";

/** An error message is one line of at most this many characters. */
const messageCharsMax = 2_000;

/** Runs trawl. Throws only if standard output was closed by its reader. */
export async function main(args: readonly string[], platform: Platform): Promise<ExitCode> {
  const secrets = new Set<string>();
  const hide = hiderOf(secrets);
  const context = guarded(platform, { secrets, hide });
  try {
    return await dispatch(args, context);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) throw error;
    const exit = exitCodeOfError(error);
    const level = exit === exitCode.interrupted ? "warning" : "error";
    // Hidden before it is shortened: the cut could leave a part of a secret.
    context.log(`trawl: ${sanitizeLine(hide(messageOf(error)), messageCharsMax)}\n`, level);
    if (args.includes("--verbose")) context.log(`${stackOf(error)}\n`, level);
    return exit;
  }
}

/** Hides the secrets of a growing set. A redactor takes milliseconds to make, so it is kept between calls. */
function hiderOf(secrets: ReadonlySet<string>): (text: string) => string {
  let redactor = new Redactor(secrets);
  let { size } = secrets;
  return (text) => {
    if (secrets.size !== size) redactor = new Redactor(secrets);
    ({ size } = secrets);
    return redactor.hide(text);
  };
}

/** The context of a command: its text output is sanitized, without the secrets that were read until then. */
function guarded(
  platform: Platform,
  { secrets, hide }: { readonly secrets: Set<string>; readonly hide: (text: string) => string },
): CommandContext {
  const clean = (text: string) => sanitize(hide(text));
  return {
    ...platform,
    out: (data) => platform.out(typeof data === "string" ? clean(data) : data),
    log: (text, level) => platform.log(clean(text), level),
    draw: platform.log,
    secret: (name) => {
      const secret = secretOf(name, { env: platform.env, readFile: Deno.readFileSync });
      if (secret !== undefined) secrets.add(secret);
      return secret;
    },
  };
}

async function dispatch(args: readonly string[], context: CommandContext): Promise<ExitCode> {
  const [name, ...rest] = args;
  if (name === "--version" || name === "-V" || name === "version") {
    // Loads SQLite to print its version.
    const { versionText } = await import("./version.ts");
    // `.ci/compile.ts` puts TRAWL_COMMIT into the environment of an executable.
    context.out(`${await versionText(context.env("TRAWL_COMMIT"))}\n`);
    return exitCode.done;
  }
  if (name === undefined || name === "--help" || name === "-h") {
    const { overview } = await import("./help.ts");
    context.out(overview(commands));
    return name === undefined ? exitCode.usage : exitCode.done;
  }
  const command = commandOf(name, commands);
  const parsed = parseArguments(rest, command.flags);
  if (parsed.get(flags.help)) {
    const { commandHelp } = await import("./help.ts");
    context.out(commandHelp(command, { isLong: rest.includes("--help") }));
    return exitCode.done;
  }
  return await command.action(parsed, context);
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
