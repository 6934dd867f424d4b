/**
 * Makes the HTTP requests of a job: keys and a window in, method, URL and headers out. Whatever a key is, it stays in
 * the place that the job gave it: host, path segments and query names do not change. Under half a microsecond a
 * request; does no I/O.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import type { HttpRequest } from "../http/http_request.ts";
import { withUserAgent } from "../http/user_agent.ts";
import type { Job, Template, UrlKeySource, Window } from "./job.ts";
import { expand, notInHeader, type RequestValues, withoutSecrets } from "./template.ts";

/** Stands in for a key where the structure of a URL is checked. */
const sampleKey = "k";

/** Stands in for a window where a URL is checked without one. */
const sampleWindow: Window = { startMs: 0, endMs: 86_400_000 };

/** The keys of one request. A template holds one `{key}` today, so only the first counts. */
export type KeysOfRequest = readonly [{ readonly key: string }, ...{ readonly key: string }[]];

/** Makes the requests of one job and window. */
export class RequestBuilder {
  readonly #job: Job;
  readonly #window: Window | undefined;
  /** The headers of every request, if no header holds the key. */
  readonly #fixedHeaders: HttpRequest["headers"] | undefined;

  private constructor(job: Job, window: Window | undefined) {
    this.#job = job;
    this.#window = window;
    const templates = Object.values(job.request.headers);
    const isFixed = templates.every((template) => template.every(({ kind }) => kind !== "key"));
    this.#fixedHeaders = isFixed ? this.#headers("") : undefined;
  }

  /** @throws {TypeError} If a header needs a window and there is none. */
  static of(job: Job, window?: Window): RequestBuilder {
    return new RequestBuilder(job, window);
  }

  /**
   * The request for the first page.
   *
   * @throws {RangeError} If no such request can hold the key: it is empty, it is `.` or `..` as a whole path segment,
   *   it holds half a surrogate pair, or a header holds it and it is not Latin-1 or has control characters.
   * @throws {TypeError} If the URL needs a window and there is none.
   */
  first([{ key }]: KeysOfRequest): HttpRequest {
    const url = filledUrl(this.#job.request.url, { key, window: this.#window });
    return { method: "GET", url, headers: this.#fixedHeaders ?? this.#headers(key) };
  }

  #headers(key: string): HttpRequest["headers"] {
    return filledHeaders(this.#job.request.headers, { key, window: this.#window });
  }
}

/** The job with asterisks for secrets, whose requests can be shown, logged or stored. */
export function hideSecrets(job: Job): Job {
  const { request, keys } = job;
  return {
    ...job,
    request: { ...request, url: withoutSecrets(request.url), headers: hiddenHeaders(request.headers) },
    keys: keys.kind === "url"
      ? { ...keys, url: withoutSecrets(keys.url), headers: hiddenHeaders(keys.headers) }
      : keys,
  };
}

/** The request for a key list. Throws as {@linkcode plainUrl}. */
export function keyListRequest({ url, headers }: UrlKeySource, window?: Window): HttpRequest {
  return { method: "GET", url: plainUrl(url, window), headers: filledHeaders(headers, { key: "", window }) };
}

/** The URL of a template without a key. */
export function plainUrl(template: Template, window?: Window): string {
  return expand(template, { key: "", window }, "url");
}

/**
 * Checks that a URL template makes http or https URLs, with the key and the window behind the host.
 *
 * @throws {UsageError} If it does not. The message is a clause that follows a field's name, and shows no secret.
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
  // The host is shown, and quotas are stored by it.
  const shown = URL.parse(expand(withoutSecrets(template), { key: sampleKey, window: sampleWindow }, "url"));
  if (shown?.protocol !== url.protocol || shown.host !== url.host) {
    throw new UsageError("must hold {secret.…} behind the host and port, or as a user's password, only");
  }
}

/**
 * `host:port` of a host that redirects may lead to. Default port: 443.
 *
 * @throws {UsageError} If the text is not a host. The message is a clause that follows a field's name.
 */
export function redirectHost(text: string): string {
  const url = /[\s/?#@\\]/.test(text) ? null : URL.parse(`https://${text}`);
  if (url === null || !/^(?:[a-z0-9._-]+|\[.*\])$/.test(url.hostname)) {
    throw new UsageError('must be a host, such as "cdn.example.org" or "127.0.0.1:8080"');
  }
  return `${url.hostname}:${url.port || "443"}`;
}

/**
 * Checks the name of a header, and the part of its value that is the same for every key.
 *
 * @throws {UsageError} If HTTP does not allow it. The message is a clause, and shows no value.
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

function hiddenHeaders(headers: Job["request"]["headers"]): Job["request"]["headers"] {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, withoutSecrets(value)]));
}

function filledHeaders(
  templates: Readonly<Record<string, Template>>,
  values: RequestValues,
): HttpRequest["headers"] {
  const headers: Record<string, string> = {};
  for (const [name, template] of Object.entries(templates)) {
    const value = expand(template, values, "plain");
    if (notInHeader.test(value)) {
      throw keyError(values.key, `must be Latin-1 without control characters in the header ${name}`);
    }
    headers[name] = value;
  }
  return withUserAgent(headers);
}

function filledUrl(template: Template, values: RequestValues): string {
  const { key } = values;
  if (key === "") throw keyError(key, "must not be empty");
  if (!key.isWellFormed()) throw keyError(key, "must be whole Unicode characters");
  const url = expand(template, values, "url");
  // URL parsers resolve path segments of dots, percent-encoded or not. Any other key leaves a character that is not a
  // dot in its segment, whatever text of the template surrounds it.
  if (key === "." || key === "..") {
    const sample = expand(template, { ...values, key: sampleKey }, "url");
    if (dotSegments(url) !== dotSegments(sample)) throw keyError(key, "must not make a path segment of dots");
  }
  return url;
}

/** The number of path segments that a URL parser resolves: "." and "..". */
function dotSegments(url: string): number {
  const segments = url.replace(/[?#].*/s, "").split(/[/\\]/);
  return segments.filter((segment) => /^(?:\.|%2e){1,2}$/i.test(segment)).length;
}

function keyError(key: string, rule: string): RangeError {
  return new RangeError(`Cannot request key ${JSON.stringify(key.slice(0, 80))}: ${rule}`);
}
