/**
 * Why an exchange failed, as a code from a closed list. The platform's own messages contain whole URLs, possibly with
 * a secret, so they are never passed on.
 *
 * @module
 */

/** All codes. */
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
  "out-of-descriptors",
] as const;

/** One of the codes. */
export type ExchangeFailure = typeof exchangeFailures[number];

/** An exchange failed. */
export class ExchangeError extends Error {
  override readonly name = "ExchangeError";
  readonly reason: ExchangeFailure;
  /** Details, such as `to https://other.example:443`. May contain text from the server, but no secret. */
  readonly detail: string | undefined;

  constructor(reason: ExchangeFailure, { detail, cause }: ErrorOptions & { readonly detail?: string } = {}) {
    super(`Cannot finish the exchange: ${reason}`, { cause });
    this.reason = reason;
    this.detail = detail;
  }
}
