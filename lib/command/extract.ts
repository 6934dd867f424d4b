/**
 * `trawl extract`: what a path selects from files or standard input, one JSON value a line, in constant memory.
 *
 * @module
 */

import { messageOf, UsageError } from "../errors.ts";
import { JsonLimitError, JsonSyntaxError } from "../json/json_error.ts";
import { parsePath, type Path } from "../json/path.ts";
import { selectValues } from "../json/tokenizer_stream.ts";
import { decodeText, ValueKind } from "../json/value.ts";
import { type Context, Exit } from "./context.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";

/** Exit code 1 if an input is no JSON; the others are read all the same. */
export async function extractCommand(args: Arguments, { out, say }: Context): Promise<number> {
  const [text, ...files] = args.operands;
  if (text === undefined) {
    throw new UsageError("Cannot extract as there must be a PATH: such as '$.items[*]'");
  }
  const path = readPath(text);
  const show = args.has(flags.raw) ? bareString : onOneLine;
  let exit: number = Exit.done;
  for (const file of files.length === 0 ? ["-"] : files) {
    try {
      for await (const values of textOf(file).pipeThrough(selectValues(path))) {
        out(`${values.map(show).join("\n")}\n`);
      }
    } catch (error) {
      if (!isInputError(error)) throw error;
      say(`trawl: ${file === "-" ? "standard input" : file}: ${messageOf(error)}\n`);
      exit = Exit.failed;
    }
  }
  return exit;
}

function readPath(text: string): Path {
  try {
    return parsePath(text);
  } catch (error) {
    throw new UsageError(messageOf(error), { cause: error });
  }
}

function textOf(file: string): ReadableStream<string> {
  try {
    const bytes = file === "-" ? Deno.stdin.readable : Deno.openSync(file).readable;
    return bytes.pipeThrough(new TextDecoderStream("utf-8", { fatal: true }));
  } catch (error) {
    throw new UsageError(`Cannot read "${file}" as it cannot be opened: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function isInputError(error: unknown): boolean {
  return error instanceof JsonSyntaxError || error instanceof JsonLimitError ||
    (error instanceof TypeError && /encoded data/.test(error.message));
}

function bareString(raw: string): string {
  return raw.startsWith('"') ? String(decodeText(ValueKind.string, raw)) : onOneLine(raw);
}

/** White space between an array's or an object's tokens may hold line breaks; those within strings are escaped. */
function onOneLine(raw: string): string {
  return raw.startsWith("{") || raw.startsWith("[") ? raw.replaceAll(/\s*[\r\n]\s*/g, " ") : raw;
}
