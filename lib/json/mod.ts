/**
 * Streaming JSONPath (RFC 9535) over JSON texts of any size, as bytes or strings, in constant memory. Every byte is
 * checked against RFC 8259 and UTF-8, selected or not. Does no I/O and needs no permission.
 *
 * ```ts
 * import { parsePath, selectValues } from "@trawl/trawl/json";
 *
 * const file = await Deno.open("large.json");
 * for await (const texts of file.readable.pipeThrough(selectValues(parsePath("$.items[*].id")))) {
 *   for (const text of texts) console.log(JSON.parse(text));
 * }
 * ```
 *
 * - {@linkcode selectValues}: a `TransformStream` from one path to the raw JSON of its nodes.
 * - {@linkcode TokenizerStream}: a `TransformStream` with a query of several paths and a collector of your own.
 * - {@linkcode Tokenizer}: the same without streams: `process(chunk)`, `finalize()`, and calls of a handler.
 *
 * Bounds are in {@linkcode jsonLimits}. Beyond them, {@linkcode JsonLimitError} is thrown.
 *
 * @module
 */

export { jsonLimits } from "../limits.ts";
export type { Take } from "./automaton.ts";
export type { Handler } from "./handler.ts";
export {
  type JsonFault,
  type JsonLimit,
  JsonLimitError,
  type JsonPlace,
  JsonSyntaxError,
} from "./json_error.ts";
export { PathSyntaxError, UnsupportedPathError } from "./path/path_error.ts";
export { parsePath } from "./path/path_parser.ts";
export type * from "./path/path_types.ts";
export { Query, type QueryPath } from "./query.ts";
export type { RawText } from "./raw_text.ts";
export { Tokenizer } from "./tokenizer.ts";
export { type Collector, selectValues, TokenizerStream } from "./tokenizer_stream.ts";
export { decodeText, ValueKind } from "./value.ts";
