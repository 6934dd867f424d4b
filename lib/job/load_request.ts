/**
 * Reads `[request]` and `[keys]` of a job file whose fields fit the schema: parses templates, and checks URLs, headers
 * and the source of the keys. Adds every mistake to the diagnostics. Does no I/O.
 *
 * @module
 */

import { dirname, isAbsolute, join } from "node:path";
import { UsageError } from "../errors.ts";
import { forwardedHeaders } from "../http/redirect_policy.ts";
import { parsePath } from "../json/path/path_parser.ts";
import type { Diagnostics } from "./diagnostics.ts";
import type { Job, KeySource, Template, UrlKeySource } from "./job.ts";
import type { JobFile } from "./job_schema.ts";
import { keyRule } from "./key_rule.ts";
import { checkSingular } from "./load_rows.ts";
import { checkHeader, checkUrl, redirectHost } from "./request_builder.ts";
import { expand, parseTemplate, type TemplateScope } from "./template.ts";
import type { FieldPath } from "./toml_document.ts";

/** What the readers of fields need. */
export interface Reading {
  readonly scope: TemplateScope;
  readonly diagnostics: Diagnostics;
}

/** The request. Incomplete where mistakes were added. */
export function readRequest({ request }: JobFile, { scope, diagnostics }: Reading): Job["request"] {
  const { connect, first_byte, idle, total } = request.timeout;
  return {
    url: readUrl(request.url, { path: ["request", "url"], scope, diagnostics }),
    headers: readHeaders(request.headers, { path: ["request", "headers"], scope, diagnostics }),
    timeout: { connectMs: connect, firstByteMs: first_byte, idleMs: idle, totalMs: total },
    bodyBytesMax: request.max_body,
    redirectHosts: request.redirect_hosts.flatMap((text, index) =>
      diagnostics.try(["request", "redirect_hosts", index], () => redirectHost(text), "rule") ?? []
    ),
  };
}

/** The control keys, which obey the rule for all keys. */
export function readControl({ keys: { control } }: JobFile, diagnostics: Diagnostics): readonly string[] {
  for (const [index, key] of control.entries()) {
    const rule = keyRule(key);
    if (rule !== undefined) diagnostics.addRule(["keys", "control", index], rule);
  }
  return control;
}

/** What decides about the source of the keys, besides the file. */
export interface KeyReading extends Reading {
  /** The name of the job file, to whose folder a key file is relative. */
  readonly file: string;
  readonly request: Job["request"];
}

/** One of file, range and URL; standard input if none is set. */
export function readKeySource({ keys }: JobFile, reading: KeyReading): KeySource {
  const { diagnostics } = reading;
  const sources = (["file", "range", "url"] as const).filter((name) => keys[name] !== undefined);
  if (sources.length > 1) {
    diagnostics.add(["keys"], `must have only one of file, range and url: found ${sources.join(" and ")}`);
  }
  if (keys.url === undefined) {
    for (const name of ["path", "count", "headers"] as const) {
      if (keys[name] === undefined) continue;
      diagnostics.add(["keys", name], "needs keys.url, the URL of the list of keys: found nothing", "name");
    }
  }
  if (keys.range !== undefined) return { kind: "range", ...keys.range };
  if (keys.file !== undefined) {
    return { kind: "file", file: isAbsolute(keys.file) ? keys.file : join(dirname(reading.file), keys.file) };
  }
  return keys.url === undefined ? { kind: "stdin" } : readKeyUrl({ ...keys, url: keys.url }, reading);
}

function readKeyUrl(
  { url, path, count, headers }: JobFile["keys"] & { readonly url: string },
  reading: KeyReading,
): UrlKeySource {
  const { diagnostics } = reading;
  if (path === undefined) {
    diagnostics.add(["keys", "url"], "needs keys.path, the JSON path of the keys: found nothing", "name");
  } else diagnostics.try(["keys", "path"], () => parsePath(path));
  if (count !== undefined) diagnostics.try(["keys", "count"], () => checkSingular(count, "a count"));
  const scope = { ...reading.scope, key: false };
  const template = readUrl(url, { path: ["keys", "url"], scope, diagnostics });
  return {
    kind: "url",
    url: template,
    path: path ?? "$",
    ...(count !== undefined && { count }),
    headers: headers === undefined
      ? listHeaders(template, reading.request)
      : readHeaders(headers, { path: ["keys", "headers"], scope, diagnostics }),
  };
}

/**
 * The headers of the request for a key list, unless the job names others: those of the other requests that need no
 * key. Another origin than theirs gets what a redirect to it would get: no credentials, in whatever header.
 */
export function listHeaders(url: Template, request: Job["request"]): UrlKeySource["headers"] {
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([, template]) => template.every(({ kind }) => kind !== "key")),
  );
  const [from, to] = [sampleUrl(request.url), sampleUrl(url)];
  return from === null || to === null ? {} : forwardedHeaders(headers, { from, to });
}

/** A URL with the origin of the template's; null for a template with a mistake. */
function sampleUrl(url: Template): URL | null {
  return URL.parse(expand(url, { key: "k", window: { startMs: 0, endMs: 0 } }, "url"));
}

/** A URL template. Checks its placeholders, then the URL as a whole. Empty if it has a mistake. */
function readUrl(
  text: string,
  { path, scope, diagnostics }: Reading & { readonly path: FieldPath },
): Template {
  const template = diagnostics.try(path, () => parseTemplate(text, scope));
  if (template === undefined) return [];
  diagnostics.try(path, () => {
    checkUrl(template);
    if (scope.key && !template.some(({ kind }) => kind === "key")) throw new UsageError("must contain {key}");
  }, "rule");
  return template;
}

/** Header templates by name. HTTP ignores the case of names, so names that differ only in case are refused. */
function readHeaders(
  headers: Readonly<Record<string, string>>,
  { path, scope, diagnostics }: Reading & { readonly path: FieldPath },
): Readonly<Record<string, Template>> {
  const templates: Record<string, Template> = {};
  const taken = new Set<string>();
  for (const [name, text] of Object.entries(headers)) {
    const field = [...path, name];
    if (taken.has(name.toLowerCase())) {
      diagnostics.add(field, "must occur only once, in any letter case: found again", "name");
    }
    taken.add(name.toLowerCase());
    diagnostics.try(field, () => {
      const template = parseTemplate(text, { ...scope, encoding: "plain" });
      checkHeader(name, template);
      templates[name] = template;
    });
  }
  return templates;
}
