/**
 * Templates: a text with placeholders in, parts out, and parts expanded to text for a key and window. `{set.…}`,
 * `{env.…}` and `{secret.…}` are expanded when a job is loaded, the key and window for each request. Does not check
 * URLs or headers, which `request_builder.ts` does.
 *
 * @module
 */

import { shortened, UsageError } from "../errors.ts";
import type { Template, TemplatePart, Window } from "./job.ts";
import { asterisks, readEnv } from "./secret.ts";

/** The encoding of values: percent-encoding in a URL, none in a header. */
export type Encoding = "url" | "plain";

/** The placeholders that a template may use, and the encoding of their values. */
export interface TemplateScope {
  /** Whether `{key}` may occur. */
  readonly key: boolean;
  /** Whether `{window.…}` may occur. */
  readonly window: boolean;
  readonly set: Readonly<Record<string, string>>;
  /** Environment variables. */
  readonly env: (name: string) => string | undefined;
  /** Secrets. Their values are marked, so that they are never shown. */
  readonly secret: (name: string) => string | undefined;
  /** The encoding of `{env.…}` and `{secret.…}`. Values of `{set.…}` are inserted verbatim. */
  readonly encoding: Encoding;
}

/** The values of one request. */
export interface RequestValues {
  readonly key: string;
  readonly window?: Window | undefined;
}

/** Forbidden in a header value: all but tab, printable ASCII and the upper half of Latin-1 (RFC 9110, 5.5). */
export const notInHeader = /[^\t\x20-\x7e\x80-\xff]/;

/** UTF-16 code units of an unknown placeholder in a message. */
const shownCharsMax = 80;

const windowParts: ReadonlyMap<string, TemplatePart> = new Map([
  ["window.start", { kind: "window", edge: "start", form: "iso" }],
  ["window.end", { kind: "window", edge: "end", form: "iso" }],
  ["window.start.unix", { kind: "window", edge: "start", form: "unix" }],
  ["window.end.unix", { kind: "window", edge: "end", form: "unix" }],
  ["window.start.date", { kind: "window", edge: "start", form: "date" }],
  ["window.end.date", { kind: "window", edge: "end", form: "date" }],
]);

/**
 * Parses a template. `{{` and `}}` are literal braces.
 *
 * @throws {UsageError} If a placeholder is unknown or its value is missing. The message is a clause that follows the
 *   name of a field.
 */
export function parseTemplate(text: string, scope: TemplateScope): Template {
  const parts: TemplatePart[] = [];
  let end = 0;
  for (const match of text.matchAll(/\{\{|\}\}|\{([^{}]*)\}|[{}]/g)) {
    if (match.index > end) addText(parts, text.slice(end, match.index));
    end = match.index + match[0].length;
    if (match[1] !== undefined) addPart(parts, placeholder(match[1], scope));
    else if (match[0].length === 2) addText(parts, match[0].charAt(0));
    else throw new UsageError(`must write a literal brace as "{{" or "}}": found a single "${match[0]}"`);
  }
  if (end < text.length) addText(parts, text.slice(end));
  return parts;
}

/**
 * Expands a template with the key and window of a request.
 *
 * @throws {TypeError} If the template needs a window and there is none.
 */
export function expand(template: Template, { key, window }: RequestValues, encoding: Encoding): string {
  let text = "";
  for (const part of template) {
    if (part.kind === "text") text += part.text;
    else if (part.kind === "key") text += encoded(key, encoding);
    else text += windowTexts(window)[encoding][part.edge][part.form];
  }
  return text;
}

/** The template with asterisks in place of secrets, to be shown, logged or stored. */
export function withoutSecrets(template: Template): Template {
  return template.map((part) => secretNameOf(part) !== undefined ? { kind: "text", text: asterisks } : part);
}

/** The part for a placeholder. */
function placeholder(name: string, scope: TemplateScope): TemplatePart {
  if (name === "key" && scope.key) return { kind: "key" };
  const windowPart = windowParts.get(name);
  if (windowPart !== undefined && scope.window) return windowPart;
  if (windowPart !== undefined) {
    throw new UsageError(`needs a [window] table for {${name}}: the job has none`);
  }

  const [, kind, inner = ""] = /^(env|secret|set)\.([A-Za-z0-9_.-]{1,200})$/.exec(name) ?? [];
  if (kind === "set" && Object.hasOwn(scope.set, inner)) {
    return { kind: "text", text: scope.set[inner] ?? "" };
  }
  if (kind === "env") {
    const value = readEnv(inner, scope.env);
    if (value === undefined) throw new UsageError(`needs the environment variable ${inner}: it is not set`);
    return { kind: "text", text: encoded(value, scope.encoding) };
  }
  if (kind === "secret") {
    const value = scope.secret(inner);
    if (value === undefined) {
      throw new UsageError(
        `needs the secret ${inner}: no environment variable or systemd credential has this name`,
      );
    }
    checkSecret(inner, value, scope.encoding);
    return { kind: "text", text: encoded(value, scope.encoding), secret: inner };
  }
  const shown = shortened(name, shownCharsMax);
  throw new UsageError(`must use only the placeholders ${allowedNames(scope)}: found {${shown}}`);
}

/**
 * Checks a secret's value. A URL takes any text, because it is percent-encoded; a line break would split a header.
 *
 * @throws {UsageError} If the value cannot be used. The message does not contain the value.
 */
function checkSecret(name: string, value: string, encoding: Encoding): void {
  const wrong = value === ""
    ? "it is empty"
    : encoding === "url"
    ? undefined
    : /[\r\n]/.test(value)
    ? "it contains a line break"
    : notInHeader.test(value)
    ? "it contains another character"
    : undefined;
  if (wrong === undefined) return;
  const rule = value === "" ? "with a value" : "as Latin-1 without control characters";
  throw new UsageError(`needs the secret ${name} ${rule}: ${wrong}`);
}

/** The allowed placeholders, for a message. */
function allowedNames(scope: TemplateScope): string {
  const names = [
    ...(scope.key ? ["key"] : []),
    ...(scope.window ? windowParts.keys() : []),
    ...Object.keys(scope.set).map((name) => `set.${name}`),
    "env.NAME",
  ];
  return `${names.map((name) => `{${name}}`).join(", ")} and {secret.NAME}`;
}

/** The name of the secret whose value a part is; undefined for any other part. */
export function secretNameOf(part: TemplatePart): string | undefined {
  return part.kind === "text" ? part.secret : undefined;
}

/** Appends a part. */
function addPart(parts: TemplatePart[], part: TemplatePart): void {
  if (part.kind === "text" && part.secret === undefined) addText(parts, part.text);
  else parts.push(part);
}

/** Appends text. Merges it with text before it, so that a request takes one step per value. */
function addText(parts: TemplatePart[], text: string): void {
  const last = parts.at(-1);
  if (last?.kind === "text" && last.secret === undefined) {
    parts[parts.length - 1] = { kind: "text", text: last.text + text };
  } else parts.push({ kind: "text", text });
}

/** A value in an encoding. */
function encoded(value: string, encoding: Encoding): string {
  return encoding === "url" ? encodeURIComponent(value) : value;
}

type InstantTexts = Readonly<Record<"iso" | "unix" | "date", string>>;
type WindowTexts = Readonly<Record<Encoding, Readonly<Record<"start" | "end", InstantTexts>>>>;

/** Cache: all requests of a run have the same window, and formatting a date costs more than the rest of a URL. */
const formattedWindows = new WeakMap<Window, WindowTexts>();

function windowTexts(window: Window | undefined): WindowTexts {
  if (window === undefined) {
    throw new TypeError("Cannot expand a template with a window placeholder: the request must have a window");
  }
  let texts = formattedWindows.get(window);
  if (texts === undefined) {
    const edges = (encoding: Encoding) => ({
      start: instantTexts(window.startMs, encoding),
      end: instantTexts(window.endMs, encoding),
    });
    texts = { url: edges("url"), plain: edges("plain") };
    formattedWindows.set(window, texts);
  }
  return texts;
}

/** An instant as ISO text in UTC without a zone, as unix seconds, and as a UTC date. */
function instantTexts(ms: number, encoding: Encoding): InstantTexts {
  const iso = new Date(ms).toISOString();
  return {
    iso: encoded(iso.slice(0, 19), encoding),
    unix: String(Math.floor(ms / 1_000)),
    date: iso.slice(0, 10),
  };
}
