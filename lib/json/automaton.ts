/**
 * The automaton of a query: several paths followed in one pass over a document. A state stands for one place in a
 * document. States are created on demand and all forgotten together once there are `statesMax`, so no document can
 * make them grow. The automaton never sees the document's text, only names, indexes and, for a filter, the value of
 * one node.
 *
 * @module
 */

import { holds } from "./path/filter_evaluator.ts";
import type { Expression, Segment, Selector } from "./path/path_types.ts";

/** States remembered at once. A path without descendants needs about one a segment; descendants can need 2^n. */
export const statesMax = 1_024;

/** Selectors that count elements which one state tells apart by a cached bit mask; with more it computes anew. */
const picksCachedMax = 30;

/** What is reported about a selected node: its raw JSON text, or where it begins and ends. */
export type Take = "text" | "visit";

/** Elements of an array told apart by their index. */
type Pick = Extract<Selector, { readonly kind: "index" | "slice" }>;

/**
 * A segment still to be applied, a filter that must hold of this node, or the end of one wanted's path; `next` is
 * where a match leads.
 */
export interface Position {
  /** Its place among all positions of the query. */
  readonly id: number;
  /** The index of the wanted. */
  readonly wanted: number;
  /** To be applied to the children of this node. */
  readonly segment?: Segment;
  /** What must hold of this node: one that a filter, which follows like a wildcard, has led to. */
  readonly expression?: Expression;
  /** Absent at the end of the path: the node is selected. */
  readonly next?: Position;
  /** What is reported about a selected node. */
  readonly take: Take;
}

/** The states reachable from the positions at the root of a document. */
export class Automaton {
  /** The state at the root of a document. */
  readonly start: QueryState;
  readonly #states = new Map<string, QueryState>();

  /** `first` are the positions at the root, in the order of their ids. */
  constructor(first: readonly Position[]) {
    this.start = new QueryState(this, first);
  }

  /** States remembered now, at most `statesMax`. */
  get size(): number {
    return this.#states.size;
  }

  /** The state of these positions, in any order and with repetitions. For `QueryState` alone. */
  state(positions: readonly Position[]): QueryState {
    const unique = [...new Set(positions)].sort((a, b) => a.id - b.id);
    const key = unique.map(({ id }) => id).join();
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    if (this.#states.size >= statesMax) this.#forget();
    const made = new QueryState(this, unique);
    this.#states.set(key, made);
    return made;
  }

  /** Cuts the links too, or everything ever made would stay reachable from `start`. A document goes on unharmed. */
  #forget(): void {
    this.start.forget();
    for (const state of this.#states.values()) state.forget();
    this.#states.clear();
  }
}

/** One place in a document, as far as the wanted paths tell places apart. */
export class QueryState {
  /** The wanted that select this node for a visit, in their order. */
  readonly visits: readonly number[];
  /** The wanted that select this node for its text, in their order. */
  readonly texts: readonly number[];
  /** Whether anything selects this node, or may. */
  readonly selected: boolean;
  /** Whether its text is needed: for `texts`, or for filters. */
  readonly captured: boolean;
  /** Whether filters decide about this node: all else is then said by the state that `filtered` gives. */
  readonly undecided: boolean;
  /** Whether nothing below this node can be selected, before filters have decided. */
  readonly barren: boolean;
  /** The only names in an object here that lead elsewhere than `other` does. */
  readonly names: readonly string[];

  readonly #automaton: Automaton;
  readonly #open: readonly Position[];
  readonly #picks: readonly Pick[];
  readonly #picked = new Map<number, QueryState>();
  readonly #positions: readonly Position[];
  readonly #expressions: readonly Expression[];
  /** By which expressions hold, one character each. */
  readonly #filtered = new Map<string, QueryState>();
  #members: QueryState[] = [];
  #other: QueryState | undefined;

  /** Made by `automaton` alone, for positions in the order of their ids. */
  constructor(automaton: Automaton, positions: readonly Position[]) {
    this.#positions = positions;
    this.#expressions = [...new Set(positions.flatMap(({ expression }) => expression ?? []))];
    this.undecided = this.#expressions.length > 0;
    const decided = this.undecided ? [] : positions;
    const ended = decided.filter(({ next }) => next === undefined).sort((a, b) => a.wanted - b.wanted);
    const indexes = (take: Take) => ended.filter((end) => end.take === take).map(({ wanted }) => wanted);
    this.visits = indexes("visit");
    this.texts = indexes("text");
    this.captured = this.undecided || this.texts.length > 0;
    this.selected = this.undecided || ended.length > 0;
    this.#automaton = automaton;
    this.#open = decided.filter(({ segment }) => segment !== undefined);
    this.barren = this.#open.length === 0;
    const selectors = this.#open.flatMap(({ segment }) => segment?.selectors ?? []);
    this.names = [
      ...new Set(selectors.flatMap((selector) => selector.kind === "name" ? [selector.name] : [])),
    ];
    this.#picks = selectors.filter((selector) => selector.kind === "index" || selector.kind === "slice");
  }

  /** Where a member with none of `names` leads, and an element that no index or slice picks. */
  get other(): QueryState {
    return this.#other ??= this.#follow(isAny);
  }

  /** Where the member with the name `names[k]` leads. */
  memberAt(k: number): QueryState {
    return this.#members[k] ??= this.#follow((selector) =>
      isAny(selector) || selector.kind === "name" && selector.name === this.names[k]
    );
  }

  /** Where the member `name`, decoded, leads. */
  member(name: string): QueryState {
    const k = this.names.indexOf(name);
    return k < 0 ? this.other : this.memberAt(k);
  }

  /** Where the element `index`, from 0, leads. */
  element(index: number): QueryState {
    if (this.#picks.length === 0) return this.other;
    const find = () =>
      this.#follow((selector) =>
        isAny(selector) ||
        (selector.kind === "index" || selector.kind === "slice") && isPicked(selector, index)
      );
    if (this.#picks.length > picksCachedMax) return find();
    let mask = 0;
    for (const pick of this.#picks) mask = mask << 1 | (isPicked(pick, index) ? 1 : 0);
    let found = this.#picked.get(mask);
    if (found === undefined) this.#picked.set(mask, found = find());
    return found;
  }

  /** Where this node itself leads when filters have decided about it: `value`, parsed, is all they need. */
  filtered(value: unknown): QueryState {
    const held = this.#expressions.map((expression) => holds(expression, value));
    const key = held.map(Number).join("");
    let found = this.#filtered.get(key);
    if (found === undefined) {
      const reached = this.#positions.flatMap((position) => {
        if (position.expression === undefined) return position;
        return held[this.#expressions.indexOf(position.expression)] ? position.next ?? [] : [];
      });
      this.#filtered.set(key, found = this.#automaton.state(reached));
    }
    return found;
  }

  /** Whether it depends on its index where an element leads. */
  get counts(): boolean {
    return this.#picks.length > 0;
  }

  /** The first index above `index` from which on elements may lead elsewhere; infinite where there is none. */
  changeAfter(index: number): number {
    return Math.min(...this.#picks.map((pick) => changeOf(pick, index)));
  }

  /** Drops what was worked out so far; it is worked out again when asked for. */
  forget(): void {
    this.#other = undefined;
    this.#members = [];
    this.#picked.clear();
    this.#filtered.clear();
  }

  #follow(matches: (selector: Selector) => boolean): QueryState {
    const reached: Position[] = [];
    for (const position of this.#open) {
      if (position.segment?.descendant) reached.push(position);
      if (position.next !== undefined && position.segment?.selectors.some(matches)) {
        reached.push(position.next);
      }
    }
    return this.#automaton.state(reached);
  }
}

/** Whether it leads to every child; whether a filter holds is asked there. */
function isAny({ kind }: Selector): boolean {
  return kind === "wildcard" || kind === "filter";
}

function isPicked(pick: Pick, index: number): boolean {
  if (pick.kind === "index") return pick.index === index;
  const { start, end, step } = pick;
  return step > 0 && index >= start && (end === undefined || index < end) && (index - start) % step === 0;
}

/** The first index above `index` at which elements begin or cease to be picked. */
function changeOf(pick: Pick, index: number): number {
  const [start, end, step] = pick.kind === "index"
    ? [pick.index, pick.index + 1, 1]
    : [pick.start, pick.end ?? Infinity, pick.step];
  if (step <= 0 || start >= end || index >= end) return Infinity;
  if (index < start) return start;
  return step === 1 ? end : index + 1;
}
