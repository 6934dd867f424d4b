/**
 * Loads a job: the text of a job file in, a checked `Job` out. Reports the first mistake with its line and column.
 * Environment and secrets are functions. Does no I/O.
 *
 * @module
 */

import { dirname, isAbsolute, join } from "node:path";
import { UsageError } from "../errors.ts";
import { parsePath } from "../json/path/path_parser.ts";
import { runLimits } from "../limits.ts";
import type { Job, KeySource, Template, Window, WindowRule } from "./job.ts";
import { nearest } from "../text/nearest.ts";
import { Diagnostics, shown } from "./diagnostics.ts";
import { checkHeader, checkUrl, redirectHost, RequestBuilder } from "./request_builder.ts";
import { readAccept, readRows } from "./load_rows.ts";
import { type JobFile, jobFile } from "./job_schema.ts";
import { parseTemplate, type TemplateScope } from "./template.ts";
import { type FieldPath, TomlDocument } from "./toml_document.ts";
import { keyRule } from "./key_rule.ts";

/** Stands in for the window in checks of a request. */
const anyWindow: Window = { startMs: 0, endMs: 86_400_000 };

/** The context of a job file. */
export interface LoadContext {
  /** The name of the job file, for messages. A relative `keys.file` is relative to its folder. */
  readonly file: string;
  /** Values of `--set`, which override the `[set]` table. */
  readonly set?: Readonly<Record<string, string>> | undefined;
  /** Environment variables. */
  readonly env: (name: string) => string | undefined;
  /** Secrets, by `secretOf()`. */
  readonly secret: (name: string) => string | undefined;
  /** The flag that a field comes from, if the job is made from flags. */
  readonly nameOf?: ((path: FieldPath) => string | undefined) | undefined;
}

/**
 * Loads a job from the text of its file. A job without `[keys]` reads keys from standard input.
 *
 * @throws {UsageError} If the job has a mistake: `FILE:LINE:COLUMN: FIELD: must …: found … (and N more)`.
 */
export function loadJob(text: string, context: LoadContext): Job {
  const document = new TomlDocument(text, context.file);
  const diagnostics = new Diagnostics({ document, file: context.file, nameOf: context.nameOf });
  const file = readFields(document, diagnostics);
  const scope: TemplateScope = {
    key: true,
    window: file.window !== undefined,
    set: readSet(file, { given: context.set ?? {}, diagnostics }),
    env: context.env,
    secret: context.secret,
    encoding: "url",
  };
  const job: Job = {
    name: file.name,
    text: jobText(text, context.set ?? {}),
    keys: readKeySource(file, { context, scope, diagnostics }),
    control: readControl(file, diagnostics),
    ...(file.window !== undefined && { window: readWindow(file.window, diagnostics) }),
    ...(file.keep !== undefined && { keepMs: file.keep }),
    request: readRequest(file, { scope, diagnostics }),
    limits: readLimits(file, diagnostics),
    retry: { attempts: file.retry.attempts, outageMs: file.retry.outage },
    accept: readAccept(file, diagnostics),
    tables: [readRows(file, diagnostics)],
  };
  diagnostics.throwIfAny();
  checkControl(job, diagnostics);
  return job;
}

/** Checks each field against the schema. */
function readFields(document: TomlDocument, diagnostics: Diagnostics): JobFile {
  const parsed = jobFile.safeParse(document.value);
  if (parsed.success) return parsed.data;
  diagnostics.addIssues(parsed.error.issues);
  throw diagnostics.error();
}

/** Concurrency and pace. An automatic `in_flight` has an upper bound. */
function readLimits({ limits }: JobFile, diagnostics: Diagnostics): Job["limits"] {
  const { in_flight, in_flight_max, rate, batch } = limits;
  if (in_flight !== "auto" && in_flight_max !== undefined) {
    diagnostics.add(
      ["limits", "in_flight_max"],
      `needs in_flight = "auto": found in_flight = ${in_flight}`,
      "name",
    );
  }
  const auto = { inFlight: in_flight === "auto", rate: rate?.isAuto ?? false };
  return {
    inFlight: in_flight === "auto" ? in_flight_max ?? runLimits.inFlightAutoMax : in_flight,
    rates: rate?.rates ?? [],
    ...((auto.inFlight || auto.rate) && { auto }),
    ...(batch !== undefined && { batch }),
  };
}

/** The identity of a run: the text of the job file, then a line for each `--set`, sorted by name. */
function jobText(text: string, set: Readonly<Record<string, string>>): string {
  const lines = Object.entries(set).map(([name, value]) => {
    const shownValue = /[\p{Cc}\u2028\u2029]/u.test(value) ? JSON.stringify(value) : value;
    return `# --set ${name}=${shownValue}\n`;
  });
  return `${text}${lines.length === 0 || text.endsWith("\n") ? "" : "\n"}${lines.sort().join("")}`;
}

/**
 * The values of `{set.…}`: the job's, overridden by `given`.
 *
 * @throws {UsageError} If the job lacks a given name. The mistake is then not in the file.
 */
function readSet(
  { set }: JobFile,
  { given, diagnostics }: {
    readonly given: Readonly<Record<string, string>>;
    readonly diagnostics: Diagnostics;
  },
): Readonly<Record<string, string>> {
  for (const name of Object.keys(set)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      diagnostics.add(
        ["set", name],
        `must have a name of letters, digits and underscores that does not start with a digit: found ${
          shown(name)
        }`,
        "name",
      );
    }
  }
  const known = Object.keys(set);
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const present = known.length === 0 ? "which is empty" : `which has ${known.join(", ")}`;
    const meant = nearest(name, known);
    const hint = meant === undefined ? present : `${present} (did you mean "${meant}")`;
    throw new UsageError(`Cannot set "${name}": it must be in the [set] table of the job, ${hint}`);
  }
  return { ...set, ...given };
}

/** What the readers of fields need. */
interface Reading {
  readonly context: LoadContext;
  readonly scope: TemplateScope;
  readonly diagnostics: Diagnostics;
}

/** One of file, range and URL; standard input if none is set. */
function readKeySource({ keys }: JobFile, { context, scope, diagnostics }: Reading): KeySource {
  const sources = (["file", "range", "url"] as const).filter((name) => keys[name] !== undefined);
  if (sources.length > 1) {
    diagnostics.add(["keys"], `must have only one of file, range and url: found ${sources.join(" and ")}`);
  }
  if (keys.url === undefined && keys.path !== undefined) {
    diagnostics.add(["keys", "path"], "needs keys.url, the URL of the list of keys: found nothing", "name");
  }
  if (keys.range !== undefined) return { kind: "range", ...keys.range };
  if (keys.file !== undefined) {
    return { kind: "file", file: isAbsolute(keys.file) ? keys.file : join(dirname(context.file), keys.file) };
  }
  const { url, path } = keys;
  if (url === undefined) return { kind: "stdin" };
  if (path === undefined) {
    diagnostics.add(["keys", "url"], "needs keys.path, the JSON path of the keys: found nothing", "name");
  } else diagnostics.try(["keys", "path"], () => parsePath(path));
  const template = readUrl(url, { path: ["keys", "url"], scope: { ...scope, key: false }, diagnostics });
  return { kind: "url", url: template, path: path ?? "$" };
}

/** The control keys, which obey the rule for all keys. */
function readControl({ keys: { control } }: JobFile, diagnostics: Diagnostics): readonly string[] {
  for (const [index, key] of control.entries()) {
    const rule = keyRule(key);
    if (rule !== undefined) diagnostics.addRule(["keys", "control", index], rule);
  }
  return control;
}

/** The windows. */
function readWindow(window: NonNullable<JobFile["window"]>, diagnostics: Diagnostics): WindowRule {
  // Window placeholders have a resolution of a second.
  if (window.every % 1_000 !== 0) {
    diagnostics.addRule(["window", "every"], "must be a whole number of seconds");
  }
  return { everyMs: window.every, lagMs: window.lag, catchUp: window.catch_up };
}

/** The request. */
function readRequest(file: JobFile, { scope, diagnostics }: Omit<Reading, "context">): Job["request"] {
  const { request } = file;
  const url = readUrl(request.url, { path: ["request", "url"], scope, diagnostics });
  const { connect, first_byte, idle, total } = request.timeout;
  return {
    url,
    headers: readHeaders(request.headers, { scope, diagnostics }),
    timeout: { connectMs: connect, firstByteMs: first_byte, idleMs: idle, totalMs: total },
    bodyBytesMax: request.max_body,
    redirectHosts: request.redirect_hosts.flatMap((text, index) =>
      diagnostics.try(["request", "redirect_hosts", index], () => redirectHost(text), "rule") ?? []
    ),
  };
}

/** A URL template. Checks its placeholders, then the URL as a whole. Empty if it has a mistake. */
function readUrl(
  text: string,
  { path, scope, diagnostics }: {
    readonly path: FieldPath;
    readonly scope: TemplateScope;
    readonly diagnostics: Diagnostics;
  },
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
  { scope, diagnostics }: Omit<Reading, "context">,
): Readonly<Record<string, Template>> {
  const templates: Record<string, Template> = {};
  const taken = new Set<string>();
  for (const [name, text] of Object.entries(headers)) {
    const path = ["request", "headers", name];
    if (taken.has(name.toLowerCase())) {
      diagnostics.add(path, "must occur only once, in any letter case: found again", "name");
    }
    taken.add(name.toLowerCase());
    diagnostics.try(path, () => {
      const template = parseTemplate(text, { ...scope, encoding: "plain" });
      checkHeader(name, template);
      templates[name] = template;
    });
  }
  return templates;
}

/** Builds the request of each control key, so that a key that makes a wrong URL or header is found early. */
function checkControl(job: Job, diagnostics: Diagnostics): void {
  const requests = RequestBuilder.of(job, anyWindow);
  for (const [index, key] of job.control.entries()) {
    try {
      requests.first([{ key }]);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      diagnostics.add(["keys", "control", index], error.message);
    }
  }
  diagnostics.throwIfAny();
}
