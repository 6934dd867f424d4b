/**
 * Finds a few keys, such as control keys, among the lines of a file, mostly without making a text of a line. Pure.
 *
 * @module
 */

/** Marks that tell most other keys from the few, a power of two. */
const marksSize = 1_024;

/** A set of keys. */
export class KeyFilter {
  readonly #keys: ReadonlySet<string>;
  /** Not 0 where a key of the set has this length, first and last byte. */
  readonly #marks = new Uint8Array(marksSize);

  constructor(keys: ReadonlySet<string>) {
    this.#keys = keys;
    for (const key of keys) {
      this.#marks[markOf(key.length, key.charCodeAt(0), key.charCodeAt(key.length - 1))] = 1;
    }
  }

  /** The keys that are not in the set. */
  others(keys: readonly string[]): readonly string[] {
    return this.#keys.size === 0 ? keys : keys.filter((key) => !this.#keys.has(key));
  }

  /** Whether the ASCII from `start` to before `end` is a key of the set. It must not be empty. */
  has(bytes: Uint8Array, start: number, end: number): boolean {
    const mark = this.#marks[markOf(end - start, bytes[start]!, bytes[end - 1]!)];
    return mark !== 0 && this.#keys.has(String.fromCharCode(...bytes.subarray(start, end)));
  }
}

function markOf(length: number, first: number, last: number): number {
  return (length * 31 + first * 7 + last) & (marksSize - 1);
}
