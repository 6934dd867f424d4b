/**
 * Makes text from outside safe for a terminal. Keys, values and server messages may hold control sequences, reverse the
 * direction of text, hide parts of it, or stack marks over other lines. Pure.
 *
 * @module
 */

/** Combining marks shown on one character: no script stacks more, and each mark may rise above the one before. */
const marksMax = 8;

/**
 * Characters that must not reach a terminal: control characters, bidirectional controls, line separators, lone
 * surrogates and invisible characters, without the joiners and variation selectors that letters and emoji need.
 */
const unsafe = /[[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}\p{DI}]--[\u200c\u200d\ufe00-\ufe0f]]/gv;

const pile = new RegExp(`(\\p{M}{${marksMax}})(\\p{M}+)`, "gu");

/** `text` on one line, with a picture for each unsafe character, cut to `charsMax` UTF-16 units. */
export function sanitizeLine(text: string, charsMax = 200): string {
  const cut = text.length > charsMax ? `${text.slice(0, charsMax - 1)}…` : text;
  return pictured(cut, "");
}

/** As {@linkcode sanitizeLine}, but line feeds and tabs stay, and nothing is cut. */
export function sanitize(text: string): string {
  return pictured(text, "\n\t");
}

/** A value as JSON, with unsafe characters escaped: a JSON parser gets the value back unchanged. */
export function sanitizedJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(unsafe, escaped)
    .replaceAll(pile, (_, marks, more) => `${marks}${escaped(more)}`);
}

function escaped(text: string): string {
  return text.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function pictured(text: string, allowed: string): string {
  return text.replaceAll(unsafe, (found) => allowed.includes(found) ? found : pictureOf(found))
    .replaceAll(pile, "$1\ufffd");
}

/** Unicode has a picture for each of the first 32 control characters; U+FFFD stands for the others. */
function pictureOf(control: string): string {
  const code = control.charCodeAt(0);
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : "\ufffd";
}
