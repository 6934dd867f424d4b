/**
 * The regular expressions of `match()` and `search()` in filters: I-Regexp (RFC 9485) in, a `RegExp` out. It
 * remembers a bounded number of them, as nearly all come from a path and meet every element.
 *
 * @module
 */

/** Patterns remembered at once; a filter may also take them from a document. */
const patternsMax = 64;

const compiled = new Map<string, RegExp | undefined>();

/**
 * The pattern for whole texts (`match`) or for any part of one (`search`), mapped as RFC 9485 says in section 5.3;
 * `undefined` if it is none. What ECMAScript knows beyond I-Regexp, such as `\d`, keeps its meaning there.
 */
export function compiledPattern(pattern: string, use: "match" | "search"): RegExp | undefined {
  const key = `${use} ${pattern}`;
  if (compiled.has(key)) return compiled.get(key);
  if (compiled.size >= patternsMax) compiled.clear();
  const made = compile(pattern, use);
  compiled.set(key, made);
  return made;
}

function compile(pattern: string, use: "match" | "search"): RegExp | undefined {
  // Whole classes and escapes are taken first, so that what is left of dots and dashes stands outside of them.
  const source = pattern.replaceAll(/\[(?:\\[^]|[^\\\]])*\]|\\[^]|\./g, (found) => {
    if (found === ".") return "[^\\n\\r]";
    return found === "\\-" ? "-" : found;
  });
  try {
    // By itself first: a bracket too many could close the group around it.
    const part = new RegExp(source, "u");
    return use === "search" ? part : new RegExp(`^(?:${source})$`, "u");
  } catch {
    return undefined;
  }
}
