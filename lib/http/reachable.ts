/**
 * Whether a server takes connections: `fetch` has no connect timeout of its own.
 *
 * @module
 */

/** Opens a connection and closes it again. False if that takes more than `timeoutMs` milliseconds. */
export async function isReachable(url: URL, timeoutMs: number): Promise<boolean> {
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const tooLate = new AbortController();
  const timer = setTimeout(() => tooLate.abort(), timeoutMs);
  try {
    const connection = await Deno.connect({ hostname, port, signal: tooLate.signal });
    connection.close();
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
