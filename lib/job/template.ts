/**
 * Templates: a text with placeholders in, parts out, and parts back into text for one key and window. What is
 * known when a job is loaded (`{set.…}`, `{env.…}`, `{secret.…}`) is filled in then; the key and the window are
 * left for every request. Reads no environment and knows no URL: `request.ts` does.
 *
 * @module
 */

import { shortened, UsageError } from "../errors.ts";
import type { Template, TemplatePart, Window } from "./job.ts";
import { asterisks, readEnv } from "./secret.ts";

/** How values are written into a template: percent-encoded in a URL, as they are in a header. */
export type Encoding = "url" | "plain";

/** What the placeholders of one template may stand for, and how their values are written. */
export interface TemplateScope {
  /** Whether `{key}` may occur. */
  readonly key: boolean;
  /** Whether `{window.…}` may occur. */
  readonly window: boolean;
  readonly set: Readonly<Record<string, string>>;
  /** Environment variables. */
  readonly env: (name: string) => string | undefined;
  /** Secrets: what they give is marked, so that it is not shown. */
  readonly secret: (name: string) => string | undefined;
  /** How the values of `{env.…}` and `{secret.…}` are written; those of `{set.…}` stay as they are. */
  readonly encoding: Encoding;
}

/** What is filled in for one request. */
export interface RequestValues {
  readonly key: string;
  readonly window?: Window | undefined;
}

/** Characters that a header value must not hold: all but tab, sanitizeLine ASCII and the upper half of Latin-1. */
export const notInHeader = /[^\t\x20-\x7e\x80-\xff]/;

/** UTF-16 units of an unknown placeholder that a message shows. */
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
 * Reads a template. `{{` and `}}` stand for braces.
 *
 * @throws {UsageError} If a placeholder is unknown, or its value is missing; the message is a clause to put after
 *   a field's name.
 */
export function parseTemplate(text: string, scope: TemplateScope): Template {
  const parts: TemplatePart[] = [];
  let end = 0;
  for (const match of text.matchAll(/\{\{|\}\}|\{([^{}]*)\}|[{}]/g)) {
    if (match.index > end) addText(parts, text.slice(end, match.index));
    end = match.index + match[0].length;
    if (match[1] !== undefined) addPart(parts, placeholder(match[1], scope));
    else if (match[0].length === 2) addText(parts, match[0].charAt(0));
    else {throw new UsageError(
        `must double a brace that stands for itself ("{{", "}}"): found "${match[0]}" alone`,
      );}
  }
  if (end < text.length) addText(parts, text.slice(end));
  return parts;
}

/**
 * Fills in a template: writes the key and the window; the rest was written when the job was loaded.
 *
 * @throws {TypeError} If the template needs a window and there is none.
 */
export function expand(template: Template, { key, window }: RequestValues, encoding: Encoding): string {
  let text = "";
  for (const part of template) {
    if (part.kind === "text") text += part.text;
    else if (part.kind === "key") text += written(key, encoding);
    else text += windowTexts(window)[encoding][part.edge][part.form];
  }
  return text;
}

/** The template with asterisks for each secret: for whatever is shown, logged or stored. */
export function withoutSecrets(template: Template): Template {
  return template.map((part) =>
    part.kind === "text" && part.secret === true ? { kind: "text", text: asterisks } : part
  );
}

/** The part that a placeholder stands for. */
function placeholder(name: string, scope: TemplateScope): TemplatePart {
  if (name === "key" && scope.key) return { kind: "key" };
  const windowPart = windowParts.get(name);
  if (windowPart !== undefined && scope.window) return windowPart;
  if (windowPart !== undefined) {
    throw new UsageError(`must not hold a window without a [window] table: found {${name}}`);
  }

  const [, kind, inner = ""] = /^(env|secret|set)\.([A-Za-z0-9_.-]{1,200})$/.exec(name) ?? [];
  if (kind === "set" && Object.hasOwn(scope.set, inner)) {
    return { kind: "text", text: scope.set[inner] ?? "" };
  }
  if (kind === "env") {
    const value = readEnv(inner, scope.env);
    if (value === undefined) throw new UsageError(`needs the environment variable ${inner}: it is not set`);
    return { kind: "text", text: written(value, scope.encoding) };
  }
  if (kind === "secret") {
    const value = scope.secret(inner);
    if (value === undefined) {
      throw new UsageError(
        `needs the secret ${inner}: there is no such environment variable or systemd credential`,
      );
    }
    checkSecret(inner, value, scope.encoding);
    return { kind: "text", text: written(value, scope.encoding), secret: true };
  }
  const shown = shortened(name, shownCharsMax);
  throw new UsageError(`must hold no placeholders but ${allowedNames(scope)}: found {${shown}}`);
}

/**
 * A percent-encoded secret can be any text; in a header, it must not begin another one.
 *
 * @throws {UsageError} If the secret cannot be used. The message tells nothing of its value but what is wrong.
 */
function checkSecret(name: string, value: string, encoding: Encoding): void {
  const wrong = value === ""
    ? "it is empty"
    : encoding === "url"
    ? undefined
    : /[\r\n]/.test(value)
    ? "it holds a line break"
    : notInHeader.test(value)
    ? "it holds others"
    : undefined;
  if (wrong === undefined) return;
  const rule = value === "" ? "to hold something" : "to be Latin-1 without control characters";
  throw new UsageError(`needs the secret ${name} ${rule}: ${wrong}`);
}

/** All placeholders that would be right, for a message. */
function allowedNames(scope: TemplateScope): string {
  const names = [
    ...(scope.key ? ["key"] : []),
    ...(scope.window ? windowParts.keys() : []),
    ...Object.keys(scope.set).map((name) => `set.${name}`),
    "env.NAME",
  ];
  return `${names.map((name) => `{${name}}`).join(", ")} and {secret.NAME}`;
}

/** Adds a part behind the others. */
function addPart(parts: TemplatePart[], part: TemplatePart): void {
  if (part.kind === "text" && part.secret !== true) addText(parts, part.text);
  else parts.push(part);
}

/** Joins neighbouring texts, so that a request costs as few steps as there are values to fill in. */
function addText(parts: TemplatePart[], text: string): void {
  const last = parts.at(-1);
  if (last?.kind === "text" && last.secret !== true) {
    parts[parts.length - 1] = { kind: "text", text: last.text + text };
  } else parts.push({ kind: "text", text });
}

/** A value in the form that its place wants. */
function written(value: string, encoding: Encoding): string {
  return encoding === "url" ? encodeURIComponent(value) : value;
}

type InstantTexts = Readonly<Record<"iso" | "unix" | "date", string>>;
type WindowTexts = Readonly<Record<Encoding, Readonly<Record<"start" | "end", InstantTexts>>>>;

/** Every request of a run is about the same window, and writing a date costs more than the rest of a URL. */
const writtenWindows = new WeakMap<Window, WindowTexts>();

function windowTexts(window: Window | undefined): WindowTexts {
  if (window === undefined) {
    throw new TypeError("Cannot fill in a template as it needs a window: there is none");
  }
  let texts = writtenWindows.get(window);
  if (texts === undefined) {
    const edges = (encoding: Encoding) => ({
      start: instantTexts(window.startMs, encoding),
      end: instantTexts(window.endMs, encoding),
    });
    texts = { url: edges("url"), plain: edges("plain") };
    writtenWindows.set(window, texts);
  }
  return texts;
}

/** UTC without a zone, seconds since 1970, and the UTC date. */
function instantTexts(ms: number, encoding: Encoding): InstantTexts {
  const iso = new Date(ms).toISOString();
  return {
    iso: written(iso.slice(0, 19), encoding),
    unix: String(Math.floor(ms / 1_000)),
    date: iso.slice(0, 10),
  };
}
