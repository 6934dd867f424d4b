/**
 * Quotes one word for a POSIX shell. Pure.
 *
 * @module
 */

/** The text as one word: in single quotes if it holds a character that a shell interprets. */
export function shellWord(text: string): string {
  return /^[\w./:=,@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
