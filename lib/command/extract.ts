/**
 * `trawl extract`: a path and files or standard input in, one JSON value a line out, in constant memory.
 *
 * Files are read synchronously into a `Tokenizer`, not through `TokenizerStream`. 243 MB of whole updates took 0.41 s
 * of CPU synchronously; through the stream 0.50 s in chunks of 256 KiB, 0.53 s of 128 KiB, 0.56 s of 512 KiB, 0.64 s of
 * 1 MiB, which leave the second-level cache (least of 12 runs on 2 busy cores, 2026-11-28, the file of whole updates of
 * `deno task bench extract --size 300`). The stream also drops the values that a failing chunk has completed.
 *
 * @module
 */

import { messageOf, UsageError } from "../errors.ts";
import { JsonLimitError, JsonSyntaxError } from "../json/json_error.ts";
import { parsePath } from "../json/path/path_parser.ts";
import { Query } from "../json/query.ts";
import { Tokenizer } from "../json/tokenizer.ts";
import type { CommandContext } from "./context.ts";
import { type ExitCode, exitCode } from "./exit_code.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";
import { LineCollector } from "./line_collector.ts";

/** Bytes of one read: the buffer stays in the second-level cache. */
const readBytes = 128 * 1_024;

/** An open file or standard input. */
interface Source {
  readonly name: string;
  /** Returns the number of bytes read, or null at the end. */
  readonly read: (buffer: Uint8Array) => number | null;
  readonly close: () => void;
}

/**
 * Writes the values of all inputs. If an input is not JSON, logs that, reads the others, and resolves to exit code 1.
 *
 * @throws {UsageError} If there is no path, the path cannot be followed, or a file cannot be opened.
 */
export function extractCommand(args: Arguments, context: CommandContext): Promise<ExitCode> {
  const [path, ...files] = args.operands;
  if (path === undefined) {
    throw new UsageError("Cannot extract: a PATH must be given, such as '$.items[*]'");
  }
  const query = queryOf(path);
  const options = { isRaw: args.get(flags.raw) };
  let exit: ExitCode = exitCode.done;
  for (const file of files.length === 0 ? ["-"] : files) {
    const source = open(file);
    try {
      extract(source, query, { lines: new LineCollector(options), out: context.out });
    } catch (error) {
      if (!(error instanceof JsonSyntaxError || error instanceof JsonLimitError)) throw error;
      context.log(`trawl: ${source.name}: ${messageOf(error)}\n`);
      exit = exitCode.failed;
    } finally {
      source.close();
    }
  }
  return Promise.resolve(exit);
}

function extract(
  source: Source,
  query: Query,
  { lines, out }: { readonly lines: LineCollector; readonly out: CommandContext["out"] },
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
    // The values before a mistake are valid.
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
    throw new UsageError(`Cannot open "${file}": ${messageOf(error)}`, { cause: error });
  }
}
