/**
 * Ends the wait for a slow source, such as a pipe without a writer, when a run is stopped.
 *
 * @module
 */

/** The items of a source, until the signal is aborted; then throws its reason, even while an item is waited for. */
export async function* stoppable<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  let refuse = (_: unknown) => {};
  const stop = () => refuse(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  const items = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      // `Promise.race` with one promise for all items would keep every item until that promise settles.
      const { done, value } = await new Promise<IteratorResult<T>>((resolve, reject) => {
        refuse = reject;
        if (signal.aborted) stop();
        items.next().then(resolve, reject);
      });
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", stop);
    // A source that waits ends only after the item that it waits for.
    if (!signal.aborted) await items.return?.();
  }
}
