/**
 * `trawl extract`: what a path selects from files or standard input, one JSON value a line, in constant memory.
 *
 * @module
 */

import { messageOf, UsageError } from "../errors.ts";
import { JsonLimitError, JsonSyntaxError } from "../json/json_error.ts";
import { parsePath } from "../json/path/path_parser.ts";
import { Query } from "../json/query.ts";
import { Tokenizer } from "../json/tokenizer.ts";
import { type Context, Exit } from "./context.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";
import { Lines } from "./extract_lines.ts";

/** Bytes of one read. */
const readBytes = 128 * 1_024;

/** What bytes are read from. */
interface Source {
  readonly name: string;
  readonly read: (buffer: Uint8Array) => number | null;
  readonly close: () => void;
}

/** Exit code 1 if an input is no JSON; the others are read all the same. */
export function extractCommand(args: Arguments, context: Context): Promise<number> {
  const [path, ...files] = args.operands;
  if (path === undefined) {
    throw new UsageError("Cannot extract as there must be a PATH: such as '$.items[*]'");
  }
  const query = queryOf(path);
  const options = { isRaw: args.has(flags.raw) };
  let exit: number = Exit.done;
  for (const file of files.length === 0 ? ["-"] : files) {
    const source = open(file);
    try {
      extract(source, query, { lines: new Lines(options), out: context.out });
    } catch (error) {
      if (!(error instanceof JsonSyntaxError || error instanceof JsonLimitError)) throw error;
      context.log(`trawl: ${source.name}: ${messageOf(error)}\n`);
      exit = Exit.failed;
    } finally {
      source.close();
    }
  }
  return Promise.resolve(exit);
}

/** Reads and writes synchronously: there is nothing else to do meanwhile, and streams took as long as the tokenizer. */
function extract(
  source: Source,
  query: Query,
  { lines, out }: { readonly lines: Lines; readonly out: Context["out"] },
): void {
  const tokenizer = new Tokenizer(query, lines);
  const buffer = new Uint8Array(readBytes);
  try {
    for (let length = source.read(buffer); length !== null; length = source.read(buffer)) {
      tokenizer.process(buffer.subarray(0, length));
      out(lines.take() ?? "");
    }
    tokenizer.finalize();
  } finally {
    // What came before a mistake was there all the same.
    out(lines.take() ?? "");
  }
}

function queryOf(path: string): Query {
  try {
    return new Query([{ path: parsePath(path), take: "text" }]);
  } catch (error) {
    throw new UsageError(messageOf(error), { cause: error });
  }
}

function open(file: string): Source {
  if (file === "-") {
    return { name: "standard input", read: (buffer) => Deno.stdin.readSync(buffer), close: () => {} };
  }
  try {
    const opened = Deno.openSync(file);
    return { name: file, read: (buffer) => opened.readSync(buffer), close: () => opened.close() };
  } catch (error) {
    throw new UsageError(`Cannot read "${file}" as it cannot be opened: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
