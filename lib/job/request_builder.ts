/**
 * The URL and headers of one request, made from a job, a key and a window. Whatever the key is, it stays inside
 * the place the job gave it: host, path segments and query names do not change. Costs under half a microsecond;
 * does no I/O.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import type { Job, Template, Window } from "./job.ts";
import { expand, notInHeader, type RequestValues, withoutSecrets } from "./template.ts";

/** Stands in for a key when a URL's structure is looked at. */
const sampleKey = "k";

/** Stands in for a window when a URL is checked without one. */
const sampleWindow: Window = { startMs: 0, endMs: 86_400_000 };

/**
 * The URL that asks for `key`.
 *
 * @throws {RangeError} If no URL of this form can hold the key: it is empty, it is `.` or `..` as a whole path
 *   segment, or it holds half a surrogate pair.
 * @throws {TypeError} If the job needs a window and there is none.
 */
export function requestUrl(job: Job, key: string, window?: Window): string {
  return filledUrl(job.request.url, { key, window });
}

/** The URL that asks for `key` with asterisks for secrets: the one to show, log or store. Throws as `requestUrl`. */
export function shownUrl(job: Job, key: string, window?: Window): string {
  return filledUrl(withoutSecrets(job.request.url), { key, window });
}

/**
 * The headers of the request for `key`.
 *
 * @throws {RangeError} If a header holds the key and the key a character that a header cannot.
 * @throws {TypeError} If a header needs a window and there is none.
 */
export function requestHeaders(job: Job, key: string, window?: Window): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, template] of Object.entries(job.request.headers)) {
    const value = expand(template, { key, window }, "plain");
    if (notInHeader.test(value)) {
      throw keyError(key, `must be Latin-1 without control characters in the header ${name}`);
    }
    headers[name] = value;
  }
  return headers;
}

/** The URL of a template without a key: the one that lists the keys. */
export function plainUrl(template: Template, window?: Window): string {
  return expand(template, { key: "", window }, "url");
}

/**
 * Checks that a URL template gives http or https URLs, and that what changes from request to request stands behind
 * the host.
 *
 * @throws {UsageError} If it does not; the message is a clause to put after a field's name, and shows no secret.
 */
export function checkUrl(template: Template): void {
  const sample = expand(template, { key: sampleKey, window: sampleWindow }, "url");
  if (!/^https?:\/\//i.test(sample)) throw new UsageError("must begin with http:// or https://");
  const invisible = /[\s\p{Cc}]/u.exec(sample)?.[0];
  if (invisible !== undefined) throw new UsageError("must hold no spaces or control characters");

  const variable = template.findIndex((part) => part.kind !== "text");
  const fixed = expand(variable < 0 ? template : template.slice(0, variable), { key: "" }, "url");
  if (variable >= 0 && !/^https?:\/\/[^/?#\\]+[/?#]/i.test(fixed)) {
    throw new UsageError("must hold {key} and {window.…} behind the host and port only");
  }
  const key = template.findIndex((part) => part.kind === "key");
  const beforeKey = expand(template.slice(0, Math.max(key, 0)), { key: "", window: sampleWindow }, "url");
  if (beforeKey.includes("#")) {
    throw new UsageError('must hold {key} before the "#": what follows it is never sent');
  }
  const url = URL.parse(sample);
  if (url === null) throw new UsageError("must be a whole URL, such as https://host/path");
  // The host is shown and stored: budgets are kept by it.
  const shown = URL.parse(expand(withoutSecrets(template), { key: sampleKey, window: sampleWindow }, "url"));
  if (shown?.protocol !== url.protocol || shown.host !== url.host) {
    throw new UsageError("must hold {secret.…} behind the host and port, or as a user's password, only");
  }
}

/**
 * `host:port` of a host that redirects may lead to; without a port it is that of https.
 *
 * @throws {UsageError} If the text is no host; the message is a clause to put after a field's name.
 */
export function redirectHost(text: string): string {
  const url = /[\s/?#@\\]/.test(text) ? null : URL.parse(`https://${text}`);
  if (url === null || !/^(?:[a-z0-9._-]+|\[.*\])$/.test(url.hostname)) {
    throw new UsageError('must be a host, such as "cdn.example.org" or "127.0.0.1:8080"');
  }
  return `${url.hostname}:${url.port || "443"}`;
}

/**
 * Checks a header: its name, and the part of its value that is the same for every key.
 *
 * @throws {UsageError} If HTTP does not allow it; the message is a clause, and shows no value.
 */
export function checkHeader(name: string, template: Template): void {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
    throw new UsageError("must have a name of letters, digits and hyphens");
  }
  const wrong = notInHeader.exec(expand(template, { key: sampleKey, window: sampleWindow }, "plain"))?.[0];
  if (wrong !== undefined) {
    const code = wrong.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    throw new UsageError(
      `must be Latin-1 without line breaks and control characters: found U+${code} in its value`,
    );
  }
}

function filledUrl(template: Template, values: RequestValues): string {
  const { key } = values;
  if (key === "") throw keyError(key, "must not be empty");
  if (!key.isWellFormed()) throw keyError(key, "must be whole Unicode characters");
  const url = expand(template, values, "url");
  // Only these can become a segment of dots, even next to the template's own text: any other key leaves a character
  // there that is no dot. URL parsers resolve such segments, percent-encoded or not.
  if (key === "." || key === "..") {
    const sample = expand(template, { ...values, key: sampleKey }, "url");
    if (dotSegments(url) !== dotSegments(sample)) throw keyError(key, "must not make a path segment of dots");
  }
  return url;
}

/** How many segments of a URL's path its parser would resolve: those that mean "here" and "one up". */
function dotSegments(url: string): number {
  const segments = url.replace(/[?#].*/s, "").split(/[/\\]/);
  return segments.filter((segment) => /^(?:\.|%2e){1,2}$/i.test(segment)).length;
}

function keyError(key: string, rule: string): RangeError {
  return new RangeError(`Cannot ask for a key as it ${rule}: found ${JSON.stringify(key.slice(0, 80))}`);
}
