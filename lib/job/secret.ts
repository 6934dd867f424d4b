/**
 * Secrets: a name in, its value out, from the environment or from a systemd credential. They are read when a job
 * is loaded, held in memory only, and marked so that nothing shows them. A {@linkcode Redactor} takes them out of
 * texts that trawl did not write itself.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import type { Job } from "./job.ts";

/** Where secrets are read from. */
export interface SecretSources {
  /** The value of an environment variable. */
  readonly env: (name: string) => string | undefined;
  /** The bytes of a file; throws `Deno.errors.NotFound` if there is none. */
  readonly readFile: (file: string) => Uint8Array;
}

/**
 * The secret of a name: the environment variable or else the file `$CREDENTIALS_DIRECTORY/NAME`, without the line
 * break at its end. Nothing if there is neither.
 *
 * @throws {UsageError} If there is one that cannot be read, or is no UTF-8. Has no cause: that may hold the value.
 */
export function secretOf(name: string, { env, readFile }: SecretSources): string | undefined {
  const value = readEnv(name, env);
  const folder = env("CREDENTIALS_DIRECTORY");
  // A name is one file in the folder, never a way out of it.
  if (value !== undefined || folder === undefined || !/^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/.test(name)) {
    return value;
  }
  let bytes: Uint8Array;
  try {
    bytes = readFile(`${folder}/${name}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new UsageError(
      `Cannot read the secret "${name}" as its file in $CREDENTIALS_DIRECTORY is not readable`,
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r?\n$/, "");
  } catch {
    throw notUtf8(name);
  }
}

/**
 * An environment variable.
 *
 * @throws {UsageError} If it may not be read, or is no UTF-8: the platform's own error then shows the value.
 */
export function readEnv(name: string, env: SecretSources["env"]): string | undefined {
  try {
    return env(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw notUtf8(name);
    throw new UsageError(`Cannot read "${name}" as trawl may not: ${error.message}`, { cause: error });
  }
}

function notUtf8(name: string): UsageError {
  return new UsageError(`Cannot read "${name}" as it must be UTF-8 text: it is not`);
}

/** Characters of the shortest secret that is looked for: a shorter one stands in words and numbers by chance. */
const searchedCharsMin = 6;

/** What takes a secret's place. */
export const asterisks = "***";

/** Finds secrets in texts from outside, such as an error of the platform's or a header. Holds them as a pattern. */
export class Redactor {
  readonly #pattern: RegExp | undefined;

  constructor(secrets: Iterable<string>) {
    const forms = [...new Set(secrets)]
      .filter((secret) => secret.length >= searchedCharsMin)
      .sort((a, b) => b.length - a.length)
      .map((secret) => [...secret].map(anyForm).join(""));
    this.#pattern = forms.length === 0 ? undefined : new RegExp(forms.join("|"), "gu");
  }

  /** For the secrets in a job's URLs and headers. */
  static of(job: Job): Redactor {
    const urls = [job.request.url, ...(job.keys.kind === "url" ? [job.keys.url] : [])];
    const values = [
      ...urls.flatMap((url) => secretTexts(url).map(decodeURIComponent)),
      ...Object.values(job.request.headers).flatMap(secretTexts),
    ];
    return new Redactor(values);
  }

  /**
   * `text` with asterisks for each secret of 6 characters and more: as it is, percent-encoded, escaped as in JSON,
   * JavaScript or HTML, or any mixture of these.
   */
  hide(text: string): string {
    return this.#pattern === undefined ? text : text.replaceAll(this.#pattern, asterisks);
  }
}

function secretTexts(template: Job["request"]["url"]): string[] {
  return template.flatMap((part) => part.kind === "text" && part.secret === true ? [part.text] : []);
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

/** A pattern of one character, however it is written. */
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
    // The last, as the others may begin with it.
    plain,
  ];
  return `(?:${forms.join("|")})`;
}

/** Hexadecimal digits, the letters in either case. */
function hexOf(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0")
    .replaceAll(/[a-f]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
}
