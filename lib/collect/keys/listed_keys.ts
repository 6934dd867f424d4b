/**
 * Finds the keys in the JSON of a key list: tokens in, keys out. Holds the keys of one chunk. Names what has another
 * shape than a list of texts and numbers.
 *
 * @module
 */

import { shortened } from "../../errors.ts";
import type { UrlKeySource } from "../../job/job.ts";
import { keyRule } from "../../job/key_rule.ts";
import { parsePath } from "../../json/path/path_parser.ts";
import type { Path } from "../../json/path/path_types.ts";
import { Query, type QueryPath } from "../../json/query.ts";
import type { RawText } from "../../json/raw_text.ts";
import type { Collector } from "../../json/tokenizer_stream.ts";
import { decodeText, ValueKind } from "../../json/value.ts";
import { KeyListError } from "./key_list_error.ts";

/** UTF-16 units of a wrong value that a message shows. */
const shownCharsMax = 40;

/** By the number of a kind. */
const kindTexts = ["an object", "an array", "a text", "a number", "true", "false", "null"] as const;

/** Collects the keys of one list. */
export class ListedKeys implements Collector<readonly string[]> {
  readonly query: Query;
  readonly #source: UrlKeySource;
  readonly #place: Path | undefined;
  readonly #placeIndex: number;
  /** The kind of value that the place holds; undefined before it has come. */
  #placeKind: ValueKind | undefined;
  #keys: string[] = [];
  #count = 0;
  /** The value of `keys.count`, as JSON. */
  #total: string | undefined;
  #error: KeyListError | undefined;

  constructor(source: UrlKeySource) {
    this.#source = source;
    const path = parsePath(source.path);
    this.#place = placeOf(path);
    const paths: QueryPath[] = [{ path, take: "text" }];
    if (source.count !== undefined) paths.push({ path: parsePath(source.count), take: "text" });
    this.#placeIndex = this.#place === undefined ? -1 : paths.push({ path: this.#place, take: "visit" }) - 1;
    this.query = new Query(paths);
  }

  enter(index: number, kind: ValueKind): void {
    if (index !== this.#placeIndex) return;
    this.#placeKind = kind;
    if (kind === ValueKind.array) return;
    this.#error ??= new KeyListError(kind === ValueKind.null ? "missing" : "bad-value", {
      what: `${this.#place?.text} must be an array, got ${kindTexts[kind]}`,
    });
  }

  leave(): void {}

  text(index: number, kind: ValueKind, raw: RawText): void {
    if (index > 0) {
      this.#total = raw.toString();
      return;
    }
    this.#count += 1;
    const isKey = kind === ValueKind.string || kind === ValueKind.number;
    const key = isKey ? keyOf(kind, raw.toString()) : "";
    const rule = isKey ? keyRule(key) : undefined;
    if (isKey && rule === undefined) this.#keys.push(key);
    else {
      this.#error ??= new KeyListError("bad-value", {
        what: rule === undefined
          ? `${this.#source.path} must select texts and numbers, got ${kindTexts[kind]}`
          : `value ${this.#count} of the list ${rule}, got ${JSON.stringify(shortened(key, shownCharsMax))}`,
      });
    }
  }

  /** @throws {KeyListError} If what has come is no list of keys. */
  take(): readonly string[] | undefined {
    if (this.#error !== undefined) throw this.#error;
    if (this.#keys.length === 0) return undefined;
    const keys = this.#keys;
    this.#keys = [];
    return keys;
  }

  /**
   * Checks the whole list. An empty one is taken for a fault of the server.
   *
   * @throws {KeyListError} If the list is empty, or `keys.count` is not its length.
   */
  finish(): void {
    const { path, count } = this.#source;
    if (this.#count === 0) {
      const why = this.#place === undefined || this.#placeKind !== undefined
        ? ""
        : `, as there is no ${this.#place.text}`;
      throw new KeyListError("missing", { what: `${path} selects nothing${why}` });
    }
    if (count === undefined || this.#total === String(this.#count)) return;
    const total = this.#total === undefined
      ? "selects nothing"
      : `is ${shortened(this.#total, shownCharsMax)}`;
    throw new KeyListError("wrong-count", {
      what: `${count} ${total}, and the list has ${this.#count} ${this.#count === 1 ? "key" : "keys"}`,
    });
  }
}

function keyOf(kind: ValueKind, raw: string): string {
  return kind === ValueKind.string ? String(decodeText(kind, raw)) : raw;
}

/**
 * The place of the list: the path up to its first wildcard, index, slice or filter, which must hold an array. Undefined
 * where there is none, or `..` says that keys may be anywhere.
 */
function placeOf({ segments }: Path): Path | undefined {
  if (segments.some(({ descendant }) => descendant)) return undefined;
  const names = segments.map(({ selectors: [selector, ...more] }) =>
    selector?.kind === "name" && more.length === 0 ? selector.name : undefined
  );
  const end = names.indexOf(undefined);
  if (end < 0) return undefined;
  const text = names.slice(0, end).map((name) =>
    /^[A-Za-z_]\w*$/.test(name ?? "") ? `.${name}` : `['${name}']`
  );
  return { text: `$${text.join("")}`, segments: segments.slice(0, end), singular: true };
}
