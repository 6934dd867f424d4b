/**
 * Counts keys that a list holds more than once: keys in, a number out. Keeps a hash of 64 bits per key, 24 MiB at most,
 * and gives up beyond a million keys. Pure.
 *
 * @module
 */

/** Keys up to which duplicates are counted. */
export const countedKeysMax = 1_000_000;

/** Slots of the first hash table, a power of two. */
const slotsMin = 1_024;

/**
 * One per list. Two of a million different keys have the same hash by chance once in 37 million lists. A list that is
 * crafted to collide can only make the reported number wrong.
 */
export class DuplicateCounter {
  /** Hashes in two halves, at the first free slot from their place on. Both halves are 0 in a free slot. */
  #slots = new Uint32Array(2 * slotsMin);
  #used = 0;
  #keys = 0;

  /** Keys that occurred before in the list; undefined beyond `countedKeysMax` keys. */
  get duplicates(): number | undefined {
    return this.isCounting ? this.#keys - this.#used : undefined;
  }

  /** Whether more keys are counted. */
  get isCounting(): boolean {
    return this.#keys <= countedKeysMax;
  }

  /** Counts on. Nothing happens beyond `countedKeysMax` keys. */
  add(keys: readonly string[]): void {
    if (!this.isCounting) return;
    this.#keys += keys.length;
    if (!this.isCounting) {
      this.#slots = new Uint32Array();
      return;
    }
    for (const key of keys) this.#add(key);
  }

  #add(key: string): void {
    // Two multiplicative hashes of 32 bits (FNV-1a with other multipliers), mixed as in MurmurHash3.
    let one = 0x811c9dc5;
    let two = 0x9747b28c;
    for (let at = 0; at < key.length; at += 1) {
      const unit = key.charCodeAt(at);
      one = Math.imul(one ^ unit, 0x01000193);
      two = Math.imul(two ^ unit, 0x5bd1e995);
    }
    const low = mixed(one ^ (two >>> 13));
    const high = mixed(two ^ (one >>> 13));
    // No key may look like a free slot.
    if (!insert(this.#slots, low, high === 0 && low === 0 ? 1 : high)) return;
    this.#used += 1;
    if (this.#used * 4 > this.#slots.length) this.#grow();
  }

  /** Doubles the table once it is half full. */
  #grow(): void {
    const slots = new Uint32Array(2 * this.#slots.length);
    for (let at = 0; at < this.#slots.length; at += 2) {
      const [low, high] = [this.#slots[at]!, this.#slots[at + 1]!];
      if (low !== 0 || high !== 0) insert(slots, low, high);
    }
    this.#slots = slots;
  }
}

/** Returns false if the hash is there. */
function insert(slots: Uint32Array, low: number, high: number): boolean {
  const mask = slots.length - 1;
  for (let at = 2 * low & mask;; at = at + 2 & mask) {
    const found = slots[at]!;
    if (found === low && slots[at + 1] === high) return false;
    if (found === 0 && slots[at + 1] === 0) {
      slots[at] = low;
      slots[at + 1] = high;
      return true;
    }
  }
}

/** The finalizer of MurmurHash3: each bit of the input changes half of the bits. */
function mixed(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
