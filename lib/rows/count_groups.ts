/**
 * Counts by number and time: a hash table of (combination, bucket) → count in typed arrays, outside of V8's heap. A
 * group takes 16 bytes, and 4 to 8 of the table; a `Map` takes 60 to 100 of the heap.
 *
 * @module
 */

/** Groups that the first arrays hold. */
const firstGroups = 64;

/** Bytes of a group beside its place in the table: bucket, combination, count. */
const groupBytes = 16;

const placeBytes = Uint32Array.BYTES_PER_ELEMENT;

/** The counts of one answer. Groups are numbered from 0 in the order in which they were added. */
export class CountGroups {
  /** Groups. */
  size = 0;
  #bucketsMs = new Float64Array(firstGroups);
  #combinations = new Uint32Array(firstGroups);
  /** An answer has at most 2^32 rows: `max_body` allows 8 GiB, and a row takes two bytes. */
  #counts = new Uint32Array(firstGroups);
  /** For each place of the table 0, or the number of a group and 1. At most half of the places are taken. */
  #places = new Uint32Array(2 * firstGroups);
  /** Keeps a server from choosing times that all meet in one place. */
  readonly #seed = Math.floor(Math.random() * 0x1_0000_0000);

  /** Bytes of the arrays. */
  get bytes(): number {
    return this.#counts.length * groupBytes + this.#places.length * placeBytes;
  }

  /** Counts one; `bucketMs` may be NaN, which is a bucket of its own. Returns true for a new group. */
  add(combination: number, bucketMs: number): boolean {
    let place = this.#placeOf(combination, bucketMs);
    const found = this.#places[place] ?? 0;
    if (found > 0) {
      this.#counts[found - 1] = this.countOf(found - 1) + 1;
      return false;
    }
    if (this.size === this.#counts.length) {
      this.#grow();
      place = this.#placeOf(combination, bucketMs);
    }
    const group = this.size++;
    this.#bucketsMs[group] = bucketMs;
    this.#combinations[group] = combination;
    this.#counts[group] = 1;
    this.#places[place] = group + 1;
    return true;
  }

  bucketMsOf(group: number): number {
    return this.#bucketsMs[group] ?? NaN;
  }

  combinationOf(group: number): number {
    return this.#combinations[group] ?? 0;
  }

  countOf(group: number): number {
    return this.#counts[group] ?? 0;
  }

  /** The numbers of the groups, oldest bucket first, then by combination; NaN counts as 0. */
  ordered(): Uint32Array {
    const [bucketsMs, combinations] = [this.#bucketsMs, this.#combinations];
    const order = new Uint32Array(this.size);
    for (let group = 0; group < order.length; group++) order[group] = group;
    return order.sort((a, b) =>
      (bucketsMs[a] || 0) - (bucketsMs[b] || 0) || combinations[a]! - combinations[b]! || a - b
    );
  }

  /** The place of a group in the table, or the free place for it. */
  #placeOf(combination: number, bucketMs: number): number {
    const mask = this.#places.length - 1;
    for (let place = this.#hash(combination, bucketMs) & mask;; place = place + 1 & mask) {
      const group = (this.#places[place] ?? 0) - 1;
      if (group < 0) return place;
      const foundMs = this.bucketMsOf(group);
      const isSame = foundMs === bucketMs || Number.isNaN(foundMs) && Number.isNaN(bucketMs);
      if (isSame && this.#combinations[group] === combination) return place;
    }
  }

  /** Mixes all bits, as MurmurHash3 does. */
  #hash(combination: number, bucketMs: number): number {
    let hash = mixed(this.#seed ^ (bucketMs | 0));
    hash = mixed(hash ^ (bucketMs / 0x1_0000_0000 | 0));
    return mixed(hash ^ combination);
  }

  #grow(): void {
    const length = 2 * this.#counts.length;
    this.#bucketsMs = enlarged(this.#bucketsMs, new Float64Array(length));
    this.#combinations = enlarged(this.#combinations, new Uint32Array(length));
    this.#counts = enlarged(this.#counts, new Uint32Array(length));
    this.#places = new Uint32Array(2 * length);
    for (let group = 0; group < this.size; group++) {
      this.#places[this.#placeOf(this.combinationOf(group), this.bucketMsOf(group))] = group + 1;
    }
  }
}

/** Copies `from` into `to`, and frees it at once. */
function enlarged<T extends Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>(from: T, to: T): T {
  to.set(from);
  from.buffer.transfer(0);
  return to;
}

function mixed(word: number): number {
  let hash = Math.imul(word ^ word >>> 16, 0x85eb_ca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2_ae35);
  return hash ^ hash >>> 16;
}
