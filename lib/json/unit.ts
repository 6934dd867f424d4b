/**
 * The character codes that JSON is made of.
 *
 * @module
 */

/** Codes of the ASCII characters that JSON is made of. */
export const Unit = {
  /** Stands behind the last unit of a piece, so that no loop needs to look for the end; no JSON may hold it bare. */
  end: 0x00,
  lineFeed: 0x0a,
  space: 0x20,
  quote: 0x22,
  plus: 0x2b,
  comma: 0x2c,
  minus: 0x2d,
  dot: 0x2e,
  zero: 0x30,
  nine: 0x39,
  colon: 0x3a,
  upperE: 0x45,
  openBracket: 0x5b,
  backslash: 0x5c,
  closeBracket: 0x5d,
  lowerE: 0x65,
  lowerF: 0x66,
  lowerN: 0x6e,
  lowerT: 0x74,
  lowerU: 0x75,
  openBrace: 0x7b,
  closeBrace: 0x7d,
} as const;
