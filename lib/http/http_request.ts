/**
 * One HTTP request as plain data: what a client sends. Holds secrets, so it is never logged or stored.
 *
 * @module
 */

/** One request. */
export interface HttpRequest {
  readonly method: "GET" | "POST";
  /** An absolute http or https URL. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}
