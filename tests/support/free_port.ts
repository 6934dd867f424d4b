/**
 * A port for a server whose address must be known before it starts.
 *
 * @module
 */

/** A free port on 127.0.0.1. */
export function freePort(): string {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return String(listener.addr.port);
}
