/**
 * The automaton of a query: a state stands for one place in a document, as far as the paths tell places apart. States
 * are created on demand and all forgotten together once there are `statesMax`, so no document can make them grow. The
 * automaton sees names, indexes and, for a filter, the value of one node; never the document's text.
 *
 * @module
 */

import { holds } from "./path/filter_evaluator.ts";
import type { Expression, Segment, Selector } from "./path/path_types.ts";

/** States remembered at once. A path needs about one state a segment; with n descendant segments, up to 2^n. */
export const statesMax = 1_024;

/** Index and slice selectors of one state that a cached 31-bit mask can tell apart; with more, nothing is cached. */
const picksCachedMax = 30;

/** What is reported about a selected node: its raw JSON text, or where it begins and ends. */
export type Take = "text" | "visit";

/** A selector that needs the index of an element. */
type Pick = Extract<Selector, { readonly kind: "index" | "slice" }>;

/** A place in a path: a segment to apply to the children, a filter to apply to the node itself, or the path's end. */
export interface Position {
  /** The place among all positions of the query. */
  readonly id: number;
  /** The index of the path in the query. */
  readonly index: number;
  /** To be applied to the children of this node. */
  readonly segment?: Segment;
  /** Must hold for this node, which a filter selector has reached as a wildcard would. */
  readonly expression?: Expression;
  /** Where a match leads. Absent at the end of the path: the node is selected. */
  readonly next?: Position;
  /** What the path reports about its nodes. */
  readonly take: Take;
}

/** The states reachable from the root of a document. */
export class Automaton {
  /** The state at the root. */
  readonly start: QueryState;
  readonly #states = new Map<string, QueryState>();

  /** `first` are the positions at the root, ordered by id. */
  constructor(first: readonly Position[]) {
    this.start = new QueryState(this, first);
  }

  /** States remembered now, at most `statesMax`. */
  get size(): number {
    return this.#states.size;
  }

  /** The state of these positions, in any order and with repetitions. Called by `QueryState` only. */
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

  /** Also cuts the links between states, or all would stay reachable from `start`. A text being read is unaffected. */
  #forget(): void {
    this.start.forget();
    for (const state of this.#states.values()) state.forget();
    this.#states.clear();
  }
}

/** One place in a document. */
export class QueryState {
  /** Indexes of the `visit` paths that select this node, ascending. */
  readonly visits: readonly number[];
  /** Indexes of the `text` paths that select this node, ascending. */
  readonly texts: readonly number[];
  /** Whether a path selects this node, or a filter may. */
  readonly selected: boolean;
  /** Whether the node's text must be captured: for `texts`, or for a filter. */
  readonly captured: boolean;
  /** Whether filters must decide about this node first: `filtered` then gives the state that counts. */
  readonly undecided: boolean;
  /** Whether nothing below this node can be selected; true also while undecided. */
  readonly barren: boolean;
  /** The names in an object here that may lead to another state than `other`. */
  readonly names: readonly string[];

  readonly #automaton: Automaton;
  readonly #open: readonly Position[];
  readonly #picks: readonly Pick[];
  readonly #picked = new Map<number, QueryState>();
  readonly #positions: readonly Position[];
  readonly #expressions: readonly Expression[];
  /** By the expressions that hold, one character each. */
  readonly #filtered = new Map<string, QueryState>();
  #members: QueryState[] = [];
  #other: QueryState | undefined;

  /** Called by `automaton` only; `positions` are ordered by id. */
  constructor(automaton: Automaton, positions: readonly Position[]) {
    this.#positions = positions;
    this.#expressions = [...new Set(positions.flatMap(({ expression }) => expression ?? []))];
    this.undecided = this.#expressions.length > 0;
    const decided = this.undecided ? [] : positions;
    const ended = decided.filter(({ next }) => next === undefined).sort((a, b) => a.index - b.index);
    const indexes = (take: Take) => ended.filter((end) => end.take === take).map(({ index }) => index);
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

  /** The state of a member with none of `names`, and of an element that no index or slice selects. */
  get other(): QueryState {
    return this.#other ??= this.#follow(isAny);
  }

  /** The state of the member with the name `names[k]`. */
  memberAt(k: number): QueryState {
    return this.#members[k] ??= this.#follow((selector) =>
      isAny(selector) || selector.kind === "name" && selector.name === this.names[k]
    );
  }

  /** The state of the member with this decoded name. */
  member(name: string): QueryState {
    const k = this.names.indexOf(name);
    return k < 0 ? this.other : this.memberAt(k);
  }

  /** The state of the element at `index`, from 0. */
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

  /** The state of this same node once the filters have seen its parsed `value`. */
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

  /** Whether the state of an element depends on its index. */
  get counts(): boolean {
    return this.#picks.length > 0;
  }

  /** The first index above `index` at which the elements' state may change; infinite if it never does. */
  changeAfter(index: number): number {
    return Math.min(...this.#picks.map((pick) => changeOf(pick, index)));
  }

  /** Drops the cached states; they are computed again on demand. */
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

/** Whether a selector reaches every child. A filter does: its expression is a separate position. */
function isAny({ kind }: Selector): boolean {
  return kind === "wildcard" || kind === "filter";
}

function isPicked(pick: Pick, index: number): boolean {
  if (pick.kind === "index") return pick.index === index;
  const { start, end, step } = pick;
  return step > 0 && index >= start && (end === undefined || index < end) && (index - start) % step === 0;
}

/** The first index above `index` at which `pick` may begin or cease to select elements. */
function changeOf(pick: Pick, index: number): number {
  const [start, end, step] = pick.kind === "index"
    ? [pick.index, pick.index + 1, 1]
    : [pick.start, pick.end ?? Infinity, pick.step];
  if (step <= 0 || start >= end || index >= end) return Infinity;
  if (index < start) return start;
  return step === 1 ? end : index + 1;
}
