/**
 * Secrets: a name in, its value out, from the environment or a systemd credential. Secrets are read when a job is
 * loaded, kept in memory only, and marked so that they are never shown. {@linkcode Redactor} removes them from texts of
 * other origin, such as platform errors.
 *
 * @module
 */

import { domainToUnicode } from "node:url";
import { UsageError } from "../errors.ts";
import { sanitizeLine } from "../text/sanitize.ts";
import type { Job } from "./job.ts";

/** The sources of secrets. */
export interface SecretSources {
  /** The value of an environment variable. */
  readonly env: (name: string) => string | undefined;
  /** The bytes of a file; throws `Deno.errors.NotFound` if the file is missing. */
  readonly readFile: (file: string) => Uint8Array;
}

/**
 * The value of a secret: the environment variable, else the file `$CREDENTIALS_DIRECTORY/NAME` without its final line
 * break. Undefined if both are missing.
 *
 * @throws {UsageError} If the value cannot be read or is not UTF-8. Has no `cause`, which could contain the value.
 */
export function secretOf(name: string, { env, readFile }: SecretSources): string | undefined {
  const value = readEnv(name, env);
  const folder = env("CREDENTIALS_DIRECTORY");
  // The name must not be a path out of the folder.
  if (value !== undefined || folder === undefined || !/^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/.test(name)) {
    return value;
  }
  let bytes: Uint8Array;
  try {
    bytes = readFile(`${folder}/${name}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new UsageError(
      `Cannot read the secret "${name}": its file in $CREDENTIALS_DIRECTORY must be readable`,
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r?\n$/, "");
  } catch {
    throw notUtf8(name);
  }
}

/**
 * The value of an environment variable.
 *
 * @throws {UsageError} If the permission is missing, or the value is not UTF-8. The platform's error, which shows the
 *   value, is then dropped.
 */
export function readEnv(name: string, env: SecretSources["env"]): string | undefined {
  try {
    return env(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw notUtf8(name);
    throw new UsageError(`Cannot read "${name}": the permission is missing: ${error.message}`, {
      cause: error,
    });
  }
}

function notUtf8(name: string): UsageError {
  return new UsageError(`Cannot read "${name}": its value must be UTF-8 text`);
}

/** Shortest secret that is redacted, in characters. A shorter one occurs in words and numbers by chance. */
const searchedCharsMin = 6;

/** Characters of one UTF-16 unit in its longest common form, a percent-encoded euro sign: `%E2%82%AC`. */
const formCharsMax = 9;

/** UTF-16 units shown of what a server said. */
const excerptCharsMax = 300;

const looseDecoder = new TextDecoder();
const encoder = new TextEncoder();

/** The replacement of a secret. */
export const asterisks = "***";

/** Redacts secrets in texts of other origin, such as platform errors and response headers. */
export class Redactor {
  readonly #pattern: RegExp | undefined;
  /** Characters of the longest secret in its longest common form; 0 without one. */
  readonly #secretCharsMax: number;

  constructor(secrets: Iterable<string>) {
    const searched = [...new Set([...secrets].flatMap((secret) => [secret, ...hostForms(secret)]))]
      .filter((form) => form.length >= searchedCharsMin)
      .sort((a, b) => b.length - a.length);
    this.#secretCharsMax = (searched[0]?.length ?? 0) * formCharsMax;
    const forms = [
      ...searched.map((form) => [...form].map(anyForm).join("")),
      ...searched.flatMap(base64Forms),
    ];
    this.#pattern = forms.length === 0 ? undefined : new RegExp(forms.join("|"), "gu");
  }

  /** A redactor for the secrets in the URLs and headers of a job. */
  static of(job: Job): Redactor {
    const urls = [job.request.url, ...(job.keys.kind === "url" ? [job.keys.url] : [])];
    const values = [
      ...urls.flatMap((url) => secretTexts(url).map(decodeURIComponent)),
      ...Object.values(job.request.headers).flatMap(secretTexts),
      ...(job.keys.kind === "url" ? Object.values(job.keys.headers).flatMap(secretTexts) : []),
    ];
    return new Redactor(values);
  }

  /**
   * Replaces each secret of at least 6 characters by asterisks: plain, percent-encoded, escaped as in JSON, JavaScript
   * or HTML, as the host of a URL, or in any mixture of these forms, and in Base64, as in `Authorization: Basic`.
   */
  hide(text: string): string {
    const pattern = this.#pattern;
    if (pattern === undefined) return text;
    const hidden = text.replaceAll(pattern, asterisks);
    if (!/xn--/i.test(hidden)) return hidden;
    // A label of a host that is not ASCII is printed in Punycode, which mixes all of its characters.
    return hidden.replaceAll(
      /[\w.-]+/g,
      (word) => domainToUnicode(word).search(pattern) >= 0 ? asterisks : word,
    );
  }

  /**
   * The beginning of what a server said, to be shown on one line: at most `excerptCharsMax` UTF-16 units, without
   * secrets, with a picture for each unsafe character. `isCut`: the server said more than `said`, whose end may be
   * the first half of a secret, so as much as a secret can take is dropped from the end.
   */
  excerpt(said: string | Uint8Array, { isCut = false }: { readonly isCut?: boolean } = {}): string {
    const text = typeof said === "string" ? said : looseDecoder.decode(said);
    const hidden = this.hide(text);
    const whole = isCut ? `${hidden.slice(0, Math.max(0, hidden.length - this.#secretCharsMax))}…` : hidden;
    return sanitizeLine(whole.replaceAll(/\s+/g, " ").trim(), excerptCharsMax);
  }
}

/** What the URL parser makes of a secret in the host of a URL: lower case, mapped characters, or an IP address. */
function hostForms(secret: string): string[] {
  if (secret.length < searchedCharsMin || /[\s/?#@:\\[\]%]/.test(secret)) return [];
  const host = URL.parse(`http://${secret}/`)?.hostname;
  return [secret.toLowerCase(), ...(host === undefined ? [] : [host, domainToUnicode(host)])];
}

function secretTexts(template: Job["request"]["url"]): string[] {
  return template.flatMap((part) => part.kind === "text" && part.secret !== undefined ? [part.text] : []);
}

/**
 * Patterns for a secret within Base64: one for each of its three alignments, without the characters that also hold bits
 * of its neighbours.
 */
function base64Forms(secret: string): string[] {
  const bytes = encoder.encode(secret);
  return [0, 1, 2].map((shift) => {
    const text = btoa("\0".repeat(shift) + String.fromCharCode(...bytes));
    const own = text.slice(shift === 0 ? 0 : shift + 1, Math.floor((shift + bytes.length) * 8 / 6));
    return own.replaceAll("+", "(?:[+\\-]|%2[Bb])").replaceAll("/", "(?:\\\\?[\\/_]|%2[Ff])");
  });
}

const htmlNames: ReadonlyMap<string, string> = new Map([
  ["&", "amp"],
  ["<", "lt"],
  [">", "gt"],
  ['"', "quot"],
  ["'", "apos"],
]);

const jsonNames: ReadonlyMap<string, string> = new Map([
  ["\n", "n"],
  ["\r", "r"],
  ["\t", "t"],
  ["\b", "b"],
  ["\f", "f"],
]);

/** A pattern that matches one character in all its forms. */
function anyForm(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const bytes = [...new TextEncoder().encode(char)];
  const units = Array.from({ length: char.length }, (_, index) => char.charCodeAt(index));
  const html = htmlNames.get(char);
  const name = jsonNames.get(char);
  const plain = `\\u{${code.toString(16)}}`;
  const forms = [
    bytes.map((byte) => `%${hexOf(byte, 2)}`).join(""),
    units.map((unit) => `\\\\u${hexOf(unit, 4)}`).join(""),
    `&#0*${code};`,
    `&#[xX]0*${hexOf(code, 1)};`,
    ...(code <= 0xff ? [`\\\\x${hexOf(code, 2)}`] : []),
    ...(html === undefined ? [] : [`&${html};`]),
    ...(name === undefined ? [] : [`\\\\${name}`]),
    ...(char === " " ? ["\\+"] : []),
    ...(/["'\\/]/.test(char) ? [`\\\\${plain}`] : []),
    // Last, because other forms may start with it.
    plain,
  ];
  return `(?:${forms.join("|")})`;
}

/** A pattern of hexadecimal digits in either letter case. */
function hexOf(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0")
    .replaceAll(/[a-f]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
}
