/**
 * The identity of a run: the fields of a job that decide what is asked and what is stored, as canonical JSON, and its
 * SHA-256. Other fields, such as limits and retries, may change between two starts of one run. Secrets count by name;
 * no value of a secret or an environment variable can be read from a result.
 *
 * @module
 */

import { resolve } from "node:path";
import { runLimits } from "../limits.ts";
import { sha256Of } from "../text/sha256.ts";
import type { Column, FailRule, Job, KeySource, TableRule, Template, TemplatePart } from "./job.ts";
import { listHeaders } from "./load_request.ts";

/** Hexadecimal digits of a field's fingerprint: enough to tell two values of one field apart. */
const fingerprintDigits = 16;

/** Files that are a stream: `/dev/stdin`, and what a shell makes of `<(command)` under a changing number. */
const streamFile = /^\/(?:dev|proc\/(?:self|\d+))\/(?:stdin|fd\/\d+)$/;

/** By the names of the job file: a value for each field that has not its default. */
type Fields = Readonly<Record<string, unknown>>;

/** The identity of the runs of a job: 64 hexadecimal digits. */
export function identityOf(job: Job): Promise<string> {
  return sha256Of(canonical(fieldsOf(job)));
}

/** A fingerprint of each field that belongs to the identity, to tell later which of them changed. */
export async function fieldFingerprints(job: Job): Promise<Readonly<Record<string, string>>> {
  const fields = Object.entries(fieldsOf(job)).map(async ([name, value]) => {
    const sum = await sha256Of(canonical(value));
    return [name, sum.slice(0, fingerprintDigits)] as const;
  });
  return Object.fromEntries(await Promise.all(fields));
}

/** The names of the fields that differ, sorted. */
export function changedFields(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => before[name] !== after[name]).sort();
}

function fieldsOf(job: Job): Fields {
  const { request, accept } = job;
  return withoutUndefined({
    ...keyFields(job),
    "keys.control": job.control.length === 0 ? undefined : job.control,
    "window.every": job.window?.everyMs,
    "request.url": textOf(request.url),
    "request.headers": headersOf(request.headers),
    "paging.style": job.paging?.style,
    "accept.require": accept.require && withoutDefaults(accept.require, { type: "array" }),
    "accept.count": accept.count,
    "accept.equals": accept.equals.length === 0
      ? undefined
      : Object.fromEntries(accept.equals.map(({ path, value }) => [path, textOf(value)])),
    "accept.fail_if": accept.failIf.length === 0 ? undefined : accept.failIf.map(failRuleOf),
    ...Object.fromEntries(job.tables.flatMap((table, index) => Object.entries(tableFields(table, index)))),
  });
}

/** The source of the keys. `keys.count` checks a list and does not choose it. */
function keyFields({ keys, request }: Job): Fields {
  switch (keys.kind) {
    case "stdin":
      return { keys: "standard input" };
    case "range":
      return { "keys.range": `${keys.first}..${keys.last}` };
    case "file":
      return fileFields(keys);
    case "url": {
      const headers = headersOf(keys.headers);
      const isDefault = canonical(headers) === canonical(headersOf(listHeaders(keys.url, request)));
      return {
        "keys.url": textOf(keys.url),
        "keys.path": keys.path,
        "keys.headers": isDefault ? undefined : headers ?? {},
      };
    }
  }
}

/** The name of the file as an absolute one, as the same file may be named from several folders. */
function fileFields({ file }: Extract<KeySource, { readonly kind: "file" }>): Fields {
  return streamFile.test(file) ? { keys: "standard input" } : { "keys.file": resolve(file) };
}

/** A table's fields. The first table has the names of a job file with one `[rows]`. */
function tableFields({ name, path, columns, max, withinWindow, count }: TableRule, index: number): Fields {
  const rows = index === 0 ? "rows" : `rows[${index}]`;
  const [first, ...others] = columns;
  const isDefault = first?.name === "value" && first.path === "$" && first.type === "any" &&
    others.length === 0;
  return {
    [`${rows}.table`]: name === "rows" ? undefined : name,
    [`${rows}.path`]: path,
    [`${rows}.columns`]: isDefault ? undefined : Object.fromEntries(columns.map(columnOf)),
    [`${rows}.max`]: max === runLimits.answerRowsMax ? undefined : max,
    [`${rows}.within_window`]: withinWindow,
    [`${rows}.count`]: count && { by: count.by, every: count.everyMs },
  };
}

function columnOf({ name, path, type }: Column): [string, Fields] {
  return [name, withoutDefaults({ path, type }, { type: "any" })];
}

function failRuleOf({ path, equals, startsWith, contains, exists }: FailRule): Fields {
  return withoutUndefined({ path, equals, starts_with: startsWith, contains, exists });
}

/** Header templates by lower-case name, as HTTP ignores the case; undefined if there are none. */
function headersOf(headers: Readonly<Record<string, Template>>): Fields | undefined {
  const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), textOf(value)]);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** A template as it could stand in a job file: `{set.…}` and `{env.…}` are expanded, other placeholders are not. */
function textOf(template: Template): string {
  return template.map(partText).join("");
}

function partText(part: TemplatePart): string {
  switch (part.kind) {
    case "key":
      return "{key}";
    case "window":
      return `{window.${part.edge}${part.form === "iso" ? "" : `.${part.form}`}}`;
    case "text":
      return part.secret === undefined ? part.text.replaceAll(/[{}]/g, "$&$&") : `{secret.${part.secret}}`;
  }
}

function withoutUndefined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function withoutDefaults(fields: object, defaults: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => value !== defaults[name]));
}

/** JSON without white space, the names of every object sorted by their UTF-16 code units (RFC 8785, 3.2.3). */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => a < b ? -1 : 1));
  });
}
