/** Types of the functions in use of packages without types: `npm:deno-std`, `npm:http-link-header`. */

declare module "@std/async/delay" {
  /** Resolves after `ms` milliseconds, or rejects with the reason of an aborted signal. */
  export function delay(
    ms: number,
    options?: { readonly signal?: AbortSignal; readonly persistent?: boolean },
  ): Promise<void>;
}

declare module "@std/cli/parse-args" {
  /** Parses an argument list into flags and positional arguments (`_`). */
  export function parseArgs(
    args: readonly string[],
    options?: {
      readonly boolean?: readonly string[];
      readonly string?: readonly string[];
      readonly collect?: readonly string[];
      readonly negatable?: readonly string[];
      readonly alias?: Readonly<Record<string, string>>;
      readonly stopEarly?: boolean;
      readonly "--"?: boolean;
      readonly unknown?: (arg: string, key?: string, value?: unknown) => unknown;
    },
  ): Record<string, unknown> & { readonly _: readonly (string | number)[] };
}

declare module "@std/streams/text-line-stream" {
  /** Splits text into lines without their ends (LF or CRLF). A line may have any length. */
  export class TextLineStream extends TransformStream<string, string> {
    constructor(options?: { readonly allowCR?: boolean });
  }
}

declare module "@std/text/closest-string" {
  /** The word of `possibleWords`, which must not be empty, with the smallest distance; letter case does not count. */
  export function closestString(
    givenWord: string,
    possibleWords: readonly string[],
    options?: { readonly caseSensitive?: boolean; readonly compareFn?: (a: string, b: string) => number },
  ): string;
}

declare module "@std/text/levenshtein-distance" {
  /** The fewest insertions, deletions and substitutions of one character that turn one text into the other. */
  export function levenshteinDistance(str1: string, str2: string): number;
}

declare module "http-link-header" {
  /** The links of a `Link` header (RFC 8288). */
  export default class LinkHeader {
    /** Throws an `Error` if the header does not follow the RFC. */
    static parse(value: string): LinkHeader;
    /** The links with a relation type, one for each relation of a link. */
    rel(type: string): readonly { readonly uri: string }[];
  }
}
