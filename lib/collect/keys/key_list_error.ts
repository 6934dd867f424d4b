/**
 * Why a key list over HTTP cannot be used, in the words and with the exit code that the user gets.
 *
 * @module
 */

import { InterruptedError, UsageError } from "../../errors.ts";
import { ExchangeError } from "../../http/exchange_error.ts";
import { type FailureReason, isTransient, meaningOf, reasonOfJson } from "../../rows/failure_reasons.ts";
import { counted } from "../../text/format.ts";
import { sanitizeLine } from "../../text/sanitize.ts";

/** What is known of a refused list. */
export interface Refusal extends ErrorOptions {
  /** What is wrong, as a clause. Default: the meaning of the reason. */
  readonly what?: string | undefined;
  /** The beginning of what the server said, ready to be shown. */
  readonly said?: string | undefined;
  /** The delay that the server asked for. */
  readonly retryAfterMs?: number | undefined;
}

/** The answer is not a key list. */
export class KeyListError extends Error {
  override readonly name = "KeyListError";
  readonly reason: FailureReason;
  readonly refusal: Refusal;

  constructor(reason: FailureReason, refusal: Refusal = {}) {
    const { what = meaningOf(reason), said = "", cause } = refusal;
    super(`${what} (${reason})${said === "" ? "" : `: ${said}`}`, { cause });
    this.reason = reason;
    this.refusal = refusal;
  }

  /** The error, with what the server said: of a list, a failed exchange or a JSON text; any other as it is. */
  static of(error: unknown, said: string | undefined): unknown {
    if (error instanceof KeyListError) return new KeyListError(error.reason, { said, ...error.refusal });
    if (error instanceof ExchangeError && error.reason !== "dropped") {
      const detail = error.detail === undefined ? undefined : sanitizeLine(error.detail);
      return new KeyListError(error.reason, { said: detail, cause: error });
    }
    const reason = reasonOfJson(error);
    if (reason === undefined) return error;
    const what = `${meaningOf(reason)}, ${error instanceof Error ? sanitizeLine(error.message) : ""}`;
    return new KeyListError(reason, { what, said, cause: error });
  }

  /** Whether another attempt may get the list. */
  get isTransient(): boolean {
    return isTransient(this.reason);
  }

  /** The error that ends a run after some attempts. A list that is one page of several stays that. */
  ending(attempts: number): UsageError | InterruptedError {
    if (this.isTransient && this.reason !== "wrong-count") {
      const times = counted(attempts, "attempt");
      return new InterruptedError(
        `The key list could not be read after ${times}: ${this.message}; run again to retry`,
        { cause: this },
      );
    }
    return new UsageError(`The key list cannot be used: ${this.message}; ${adviceOn(this.reason)}`, {
      cause: this,
    });
  }
}

/** What a person can change. */
function adviceOn(reason: FailureReason): string {
  switch (reason) {
    case "http-401":
    case "http-403":
    case "http-407":
      return "check the credentials in keys.headers, which default to request.headers at the same origin only";
    case "incomplete":
    case "wrong-count":
      return "let keys.url name the whole list, such as with a larger page size";
    case "redirect":
      return "check keys.url and request.redirect_hosts";
    case "bad-value":
      return "check keys.path";
    default:
      return "check keys.url";
  }
}
