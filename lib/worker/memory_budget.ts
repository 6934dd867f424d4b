/**
 * The memory that the fetches of a Worker may hold together: bytes in, waits out. A fetch beyond the budget waits until
 * others have let go; the oldest fetch that holds something never waits, so that it can finish. Counts what it is told,
 * and measures nothing.
 *
 * @module
 */

import { memoryLimits } from "../limits.ts";

/** One per Worker. */
export class MemoryBudget {
  readonly #bytesMax: number;
  /** Bytes held over all shares. */
  #used = 0;
  /** The shares that hold something, the oldest first. */
  readonly #holders = new Set<MemoryShare>();
  /** Holders that wait to grow, and how each is woken. */
  readonly #growing = new Map<MemoryShare, () => void>();
  /** A holder that was woken, until it says what it holds now: each of several could use up the room. */
  #woken: MemoryShare | undefined;
  /** Shares that hold nothing yet and wait for their first bytes, the longest first. */
  readonly #entering: { readonly share: MemoryShare; readonly bytes: number; readonly enter: () => void }[] =
    [];

  constructor(bytesMax: number = memoryLimits.budgetBytes) {
    this.#bytesMax = bytesMax;
  }

  /** Whether the budget is not used up and no share waits: one comparison or two for a small answer. */
  get isFree(): boolean {
    return this.#used <= this.#bytesMax && this.#entering.length === 0;
  }

  /** The share of a fetch. It holds nothing. */
  share(): MemoryShare {
    return new MemoryShare(this);
  }

  /** For a share: waits until `bytes` fit, and holds them. */
  async enter(share: MemoryShare, bytes: number): Promise<void> {
    if (this.#entering.length === 0 && this.#fits(bytes)) return this.change(share, bytes);
    await new Promise<void>((enter) => this.#entering.push({ share, bytes, enter }));
  }

  /** For a share: whether it may grow now, by any number of bytes. */
  mayGrow(share: MemoryShare): boolean {
    if (this.#used <= this.#bytesMax) return true;
    const [oldest] = this.#holders;
    return oldest === share || oldest === undefined;
  }

  /** For a share: waits until it may grow. It must call `change` soon. */
  async grow(share: MemoryShare): Promise<void> {
    if (!this.mayGrow(share)) await new Promise<void>((wake) => this.#growing.set(share, wake));
  }

  /** For a share: it holds `bytes` more, or less if negative. */
  change(share: MemoryShare, bytes: number): void {
    share.bytes += bytes;
    this.#used += bytes;
    if (share.bytes > 0) this.#holders.add(share);
    else this.#holders.delete(share);
    if (share === this.#woken) this.#woken = undefined;
    if (this.#growing.size + this.#entering.length > 0) this.#wake();
  }

  #fits(bytes: number): boolean {
    return this.#used + bytes <= this.#bytesMax || this.#holders.size === 0;
  }

  /** Those that hold something go first: they must finish before others can begin. */
  #wake(): void {
    for (const [share, wake] of this.#woken === undefined ? this.#growing : []) {
      if (!this.mayGrow(share)) continue;
      this.#growing.delete(share);
      this.#woken = share;
      wake();
      break;
    }
    for (
      let next = this.#entering[0];
      next !== undefined && this.#fits(next.bytes);
      [next] = this.#entering
    ) {
      this.#entering.shift();
      this.change(next.share, next.bytes);
      next.enter();
    }
  }
}

/** What one fetch holds; nothing any more once it is disposed of. */
export class MemoryShare implements Disposable {
  /** Bytes held. */
  bytes = 0;
  readonly #budget: MemoryBudget;

  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  /** Whether the budget has room, so that a small answer needs no wait. */
  get isFree(): boolean {
    return this.#budget.isFree;
  }

  /** Holds the first bytes, once there is room for them. */
  async enter(bytes: number): Promise<void> {
    await this.#budget.enter(this, bytes);
  }

  /** Whether the fetch may read on, which may let it grow. */
  get mayGrow(): boolean {
    return this.#budget.mayGrow(this);
  }

  /** Resolves when the fetch may read on. */
  async grow(): Promise<void> {
    await this.#budget.grow(this);
  }

  /** Holds `bytes` from now on, whether there is room or not. */
  hold(bytes: number): void {
    this.#budget.change(this, bytes - this.bytes);
  }

  [Symbol.dispose](): void {
    this.hold(0);
  }
}
