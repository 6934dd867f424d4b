/**
 * Text from outside, made sanitize for a terminal: keys, values and server messages may hold control sequences,
 * turn the direction of text around, hide parts of it, or pile up marks over other lines.
 *
 * @module
 */

/** Marks on one character that are shown: no script stacks more, and each may rise above the one before. */
const marksMax = 8;

/**
 * What must not reach a terminal: control characters, those that turn the direction of text, line separators, halves
 * of surrogate pairs, and what is invisible; but not what joins letters and emoji.
 */
const harmful = /[[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}\p{DI}]--[\u200c\u200d\ufe00-\ufe0f]]/gv;

const pile = new RegExp(`(\\p{M}{${marksMax}})(\\p{M}+)`, "gu");

/** `text` on one line, each harmful character shown as a picture, cut to `charsMax` UTF-16 units. */
export function sanitizeLine(text: string, charsMax = 200): string {
  const cut = text.length > charsMax ? `${text.slice(0, charsMax - 1)}…` : text;
  return pictured(cut, "");
}

/** The same for lines and columns: line feeds and tabs stay, and nothing is cut. */
export function sanitize(text: string): string {
  return pictured(text, "\n\t");
}

/** A value as JSON that shows as it is: what is harmful is escaped, so that a reader gets it back. */
export function sanitizedJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(harmful, escaped)
    .replaceAll(pile, (_, marks, more) => `${marks}${escaped(more)}`);
}

function escaped(text: string): string {
  return text.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function pictured(text: string, allowed: string): string {
  return text.replaceAll(harmful, (found) => allowed.includes(found) ? found : pictureOf(found))
    .replaceAll(pile, "$1\ufffd");
}

/** Unicode has a picture for each of the first 32 control characters. */
function pictureOf(control: string): string {
  const code = control.charCodeAt(0);
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : "\ufffd";
}
