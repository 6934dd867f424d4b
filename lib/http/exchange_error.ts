/**
 * Why an exchange came to nothing, as a code from a closed list. The platform's own messages hold whole URLs, and
 * with them perhaps a secret, so they are never passed on.
 *
 * @module
 */

/** Every code. */
export const exchangeFailures = [
  "connect",
  "connect-timeout",
  "first-byte-timeout",
  "idle-timeout",
  "total-timeout",
  "reset",
  "cut",
  "body-too-large",
  "redirect",
  "too-compressed",
  "bad-http",
  "dropped",
] as const;

/** One of the codes. */
export type ExchangeFailure = typeof exchangeFailures[number];

/** An exchange failed for `reason`. */
export class ExchangeError extends Error {
  override readonly name = "ExchangeError";
  readonly reason: ExchangeFailure;
  /** What it was this time, such as `to https://other.example:443`; may hold what a server said, but no secret. */
  readonly detail: string | undefined;

  constructor(reason: ExchangeFailure, { detail, cause }: ErrorOptions & { readonly detail?: string } = {}) {
    super(`Cannot finish the exchange: ${reason}`, { cause });
    this.reason = reason;
    this.detail = detail;
  }
}
