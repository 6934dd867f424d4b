/**
 * Control keys: keys known never to be empty, asked before all others. Lazy; holds one block of keys.
 *
 * @module
 */

/** Yields the control keys in a block of their own, then the other keys without them. */
export async function* controlFirst(
  blocks: AsyncIterable<readonly string[]>,
  control: readonly string[],
): AsyncGenerator<readonly string[]> {
  const controlKeys = new Set(control);
  if (controlKeys.size > 0) yield [...controlKeys];
  for await (const block of blocks) {
    const others = controlKeys.size === 0 ? block : block.filter((key) => !controlKeys.has(key));
    if (others.length > 0) yield others;
  }
}
