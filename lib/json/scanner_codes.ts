/**
 * The numbers that `scanner.wasm` and TypeScript share: stop reasons, places in the grammar, event types. They equal
 * those of `scanner/scanner.ts` and `scanner/layout.ts`.
 *
 * @module
 */

/** Why the scanner stopped. From `mistake` on, the text is wrong or too deep. */
export const Stop = {
  /** The input is used up. */
  more: 0,
  /** The event buffer is full. */
  full: 1,
  /** The scanner does not know yet where a member leads. */
  askMember: 2,
  /** The scanner does not know yet where an array element leads. */
  askElement: 3,
  /** The scanner does not know where a name with escapes, or a name cut by an input's end, leads. */
  askName: 4,
  /** The grammar is broken; the place in it, one of `Grammar`, is added. */
  mistake: 16,
  inString: 32,
  inEscape: 33,
  inNumber: 34,
  inWord: 35,
  /** More than `jsonLimits.depthMax` brackets are open. */
  tooDeep: 36,
} as const;

/** A place in the grammar of RFC 8259: what may come next, or which token the input's end has cut. */
export const Grammar = {
  value: 0,
  firstValue: 1,
  name: 2,
  firstName: 3,
  colon: 4,
  after: 5,
  done: 6,
  insideValue: 7,
  insideName: 8,
} as const;

/** The two lowest bits of an event. The value's kind is in bits 2 to 4, the state's number from bit 8 on. */
export const EventType = { scalar: 0, begin: 1, end: 2 } as const;

/** 32-bit words of an event: type, kind and state; first offset; last offset in the input. */
export const eventWords = 3;
