/**
 * Where in the grammar of RFC 8259 a text can stand, and how each place is named when it goes wrong there.
 *
 * @module
 */

/** What may come next: between two tokens up to `done`, then inside a token that the end of a piece has cut. */
export const State = {
  /** A value. */
  value: 0,
  /** Behind `[`: a value or `]`. */
  firstValue: 1,
  /** Behind a comma in an object: a name. */
  name: 2,
  /** Behind `{`: a name or `}`. */
  firstName: 3,
  /** Behind a name. */
  colon: 4,
  /** Behind a value in a container: a comma or the closing bracket. */
  after: 5,
  /** Behind the root: white space only. */
  done: 6,
  /** More of a string, a number or a literal. */
  insideValue: 7,
  /** More of a name. */
  insideName: 8,
} as const;

/** One of the numbers in `State`. */
export type State = typeof State[keyof typeof State];

/** The rule that a unit breaks which does not fit between two tokens. */
export const RULES: Readonly<Record<number, string>> = {
  [State.value]: "a value must follow",
  [State.firstValue]: "a value or a closing bracket must follow",
  [State.name]: "a name in quotes must follow",
  [State.firstName]: "a name in quotes or a closing brace must follow",
  [State.colon]: "a colon must follow the name",
  [State.after]: "a comma or a closing bracket must follow",
  [State.done]: "nothing may follow the value",
};
