/**
 * The regular expressions of `match()` and `search()` in filters: I-Regexp (RFC 9485) in, a `RegExp` out. Up to 64
 * compiled patterns are cached, because a pattern in a path is applied to every element.
 *
 * @module
 */

/** Cached patterns; all are dropped together beyond this number. A document can supply patterns without end. */
const patternsMax = 64;

const compiled = new Map<string, RegExp | undefined>();

/**
 * Compiles a pattern for whole texts (`match`) or parts of texts (`search`) by RFC 9485, section 5.3; `undefined` if it
 * is not a pattern. ECMAScript syntax beyond I-Regexp, such as `\d`, keeps its ECMAScript meaning.
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
  // Classes and escapes match first, so the remaining alternative sees only dots outside of them.
  const source = pattern.replaceAll(/\[(?:\\[^]|[^\\\]])*\]|\\[^]|\./g, (found) => {
    if (found === ".") return "[^\\n\\r]";
    return found === "\\-" ? "-" : found;
  });
  try {
    // Compiled alone first: in `^(?:…)$` a surplus parenthesis could close the group.
    const part = new RegExp(source, "u");
    return use === "search" ? part : new RegExp(`^(?:${source})$`, "u");
  } catch {
    return undefined;
  }
}
