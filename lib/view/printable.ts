/**
 * Text from outside, made harmless for a terminal: keys, values and server messages may hold control sequences.
 *
 * @module
 */

/** `text` with every control character shown as a picture of itself, cut to `charsMax` UTF-16 units. */
export function printable(text: string, charsMax = 200): string {
  const cut = text.length > charsMax ? `${text.slice(0, charsMax - 1)}…` : text;
  // Also the characters that turn the direction of text around.
  return cut.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, pictureOf);
}

/** Unicode has a picture for each of the first 32 control characters. */
function pictureOf(control: string): string {
  const code = control.charCodeAt(0);
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : "\ufffd";
}
