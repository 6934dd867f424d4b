/**
 * Loads a job: the text of a job file in, a `Job` with every field checked out. The first mistake is reported with
 * its line and column, before anything is asked. Environment and secrets come in as functions; it reads no file.
 *
 * @module
 */

import { dirname, isAbsolute, join } from "node:path";
import { UsageError } from "../errors.ts";
import { parsePath } from "../json/path/path_parser.ts";
import { runLimits } from "../limits.ts";
import type { Job, KeySource, Template, Window, WindowRule } from "./job.ts";
import { nearest } from "../text/nearest.ts";
import { Problems } from "./problems.ts";
import { checkHeader, checkUrl, redirectHost, requestHeaders, requestUrl } from "./request_builder.ts";
import { readAccept, readRows } from "./load_rows.ts";
import { type JobFile, jobFile } from "./job_schema.ts";
import { parseTemplate, type TemplateScope } from "./template.ts";
import { type FieldPath, TomlDocument } from "./toml_document.ts";
import { keyRule } from "./key_rule.ts";

/** For checks that need a window, but not which. */
const anyWindow: Window = { startMs: 0, endMs: 86_400_000 };

/** What a job file's text is loaded with. */
export interface LoadContext {
  /** The file's name for messages; a relative `keys.file` is found beside it. */
  readonly file: string;
  /** Values of `--set`, which replace those of the `[set]` table. */
  readonly set?: Readonly<Record<string, string>> | undefined;
  /** Environment variables. */
  readonly env: (name: string) => string | undefined;
  /** Secrets: `secretOf` with its sources. */
  readonly secret: (name: string) => string | undefined;
  /** Names the flag that a field comes from, where the job is made from flags instead of a file. */
  readonly nameOf?: ((path: FieldPath) => string | undefined) | undefined;
}

/**
 * Loads a job from the text of its file. A job without keys of its own reads them from standard input.
 *
 * @throws {UsageError} If anything is wrong with it: `FILE:LINE:COLUMN: FIELD: must …: found … (and N more)`.
 */
export function loadJob(text: string, context: LoadContext): Job {
  const document = new TomlDocument(text, context.file);
  const problems = new Problems({ document, file: context.file, nameOf: context.nameOf });
  const file = readFields(document, problems);
  const scope: TemplateScope = {
    key: true,
    window: file.window !== undefined,
    set: readSet(file, { given: context.set ?? {}, problems }),
    env: context.env,
    secret: context.secret,
    encoding: "url",
  };
  const job: Job = {
    name: file.name,
    text: jobText(text, context.set ?? {}),
    keys: readKeySource(file, { context, scope, problems }),
    control: readControl(file, problems),
    ...(file.window !== undefined && { window: readWindow(file.window, problems) }),
    ...(file.keep !== undefined && { keepMs: file.keep }),
    request: readRequest(file, { scope, problems }),
    limits: readLimits(file, problems),
    retry: { attempts: file.retry.attempts, outageMs: file.retry.outage },
    accept: readAccept(file, problems),
    rows: readRows(file, problems),
  };
  problems.throwIfAny();
  checkControl(job, problems);
  return job;
}

/** Each field by itself, as the schema has it. */
function readFields(document: TomlDocument, problems: Problems): JobFile {
  const parsed = jobFile.safeParse(document.value);
  if (parsed.success) return parsed.data;
  problems.addIssues(parsed.error.issues);
  throw problems.error();
}

/** How fast to ask; what is found has its cap. */
function readLimits({ limits }: JobFile, problems: Problems): Job["limits"] {
  const { in_flight, in_flight_max, rate, batch } = limits;
  if (in_flight !== "auto" && in_flight_max !== undefined) {
    problems.add(
      ["limits", "in_flight_max"],
      `must stand beside in_flight = "auto": found ${in_flight}`,
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

/** The text that a run belongs to: as written, then a line for each `--set`, in the order of their names. */
function jobText(text: string, set: Readonly<Record<string, string>>): string {
  const lines = Object.entries(set).map(([name, value]) => {
    const shownValue = /[\p{Cc}\u2028\u2029]/u.test(value) ? JSON.stringify(value) : value;
    return `# --set ${name}=${shownValue}\n`;
  });
  return `${text}${lines.length === 0 || text.endsWith("\n") ? "" : "\n"}${lines.sort().join("")}`;
}

/**
 * The values of `{set.…}`: the job's own, and those given in their place.
 *
 * @throws {UsageError} If a name is given that the job does not have: the mistake is not in the file.
 */
function readSet(
  { set }: JobFile,
  { given, problems }: { readonly given: Readonly<Record<string, string>>; readonly problems: Problems },
): Readonly<Record<string, string>> {
  for (const name of Object.keys(set)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      problems.add(
        ["set", name],
        "must have a name of letters, digits and underscores, the first no digit",
        "name",
      );
    }
  }
  const known = Object.keys(set);
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const there = known.length === 0 ? "the job has none" : `the job has ${known.join(", ")}`;
    const meant = nearest(name, known);
    const hint = meant === undefined ? there : `${there}; did you mean "${meant}"`;
    throw new UsageError(`Cannot set "${name}" as it must be a name in the [set] table of the job: ${hint}`);
  }
  return { ...set, ...given };
}

/** What most fields are read with. */
interface Reading {
  readonly context: LoadContext;
  readonly scope: TemplateScope;
  readonly problems: Problems;
}

/** One of file, range and URL; without any, standard input. */
function readKeySource({ keys }: JobFile, { context, scope, problems }: Reading): KeySource {
  const sources = (["file", "range", "url"] as const).filter((name) => keys[name] !== undefined);
  if (sources.length > 1) {
    problems.add(["keys"], `must hold only one of file, range and url: found ${sources.join(" and ")}`);
  }
  if (keys.url === undefined && keys.path !== undefined) {
    problems.add(["keys", "path"], "must stand beside keys.url: there is none", "name");
  }
  if (keys.range !== undefined) return { kind: "range", ...keys.range };
  if (keys.file !== undefined) {
    return { kind: "file", file: isAbsolute(keys.file) ? keys.file : join(dirname(context.file), keys.file) };
  }
  const { url, path } = keys;
  if (url === undefined) return { kind: "stdin" };
  if (path === undefined) {
    problems.add(["keys", "url"], "must stand beside keys.path, the path of the keys: there is none", "name");
  } else problems.try(["keys", "path"], () => parsePath(path));
  const template = readUrl(url, { path: ["keys", "url"], scope: { ...scope, key: false }, problems });
  return { kind: "url", url: template, path: path ?? "$" };
}

/** Control keys: each must be one that a file could hold too. */
function readControl({ keys: { control } }: JobFile, problems: Problems): readonly string[] {
  for (const [index, key] of control.entries()) {
    const rule = keyRule(key);
    if (rule !== undefined) problems.addRule(["keys", "control", index], rule);
  }
  return control;
}

/** The windows of a job that has some. */
function readWindow(window: NonNullable<JobFile["window"]>, problems: Problems): WindowRule {
  // A placeholder writes whole seconds.
  if (window.every % 1_000 !== 0) problems.addRule(["window", "every"], "must be whole seconds");
  return { everyMs: window.every, lagMs: window.lag, catchUp: window.catch_up };
}

/** What one request is made of. */
function readRequest(file: JobFile, { scope, problems }: Omit<Reading, "context">): Job["request"] {
  const { request } = file;
  const url = readUrl(request.url, { path: ["request", "url"], scope, problems });
  const { connect, first_byte, idle, total } = request.timeout;
  return {
    url,
    headers: readHeaders(request.headers, { scope, problems }),
    timeout: { connectMs: connect, firstByteMs: first_byte, idleMs: idle, totalMs: total },
    bodyBytesMax: request.max_body,
    redirectHosts: request.redirect_hosts.flatMap((text, index) =>
      problems.try(["request", "redirect_hosts", index], () => redirectHost(text), "rule") ?? []
    ),
  };
}

/** A URL template: known placeholders first, then what they make together. Empty if there is a problem. */
function readUrl(
  text: string,
  { path, scope, problems }: {
    readonly path: FieldPath;
    readonly scope: TemplateScope;
    readonly problems: Problems;
  },
): Template {
  const template = problems.try(path, () => parseTemplate(text, scope));
  if (template === undefined) return [];
  problems.try(path, () => {
    checkUrl(template);
    if (scope.key && !template.some(({ kind }) => kind === "key")) throw new UsageError("must hold {key}");
  }, "rule");
  return template;
}

/** Header templates by name. HTTP does not tell upper from lower case, so neither may two names. */
function readHeaders(
  headers: Readonly<Record<string, string>>,
  { scope, problems }: Omit<Reading, "context">,
): Readonly<Record<string, Template>> {
  const templates: Record<string, Template> = {};
  const taken = new Set<string>();
  for (const [name, text] of Object.entries(headers)) {
    const path = ["request", "headers", name];
    if (taken.has(name.toLowerCase())) problems.add(path, "must stand there once: found again", "name");
    taken.add(name.toLowerCase());
    problems.try(path, () => {
      const template = parseTemplate(text, { ...scope, encoding: "plain" });
      checkHeader(name, template);
      templates[name] = template;
    });
  }
  return templates;
}

/** The control keys are known before the run, so whether a URL and the headers can hold them is known too. */
function checkControl(job: Job, problems: Problems): void {
  for (const [index, key] of job.control.entries()) {
    try {
      requestUrl(job, key, anyWindow);
      requestHeaders(job, key, anyWindow);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      problems.add(["keys", "control", index], error.message);
    }
  }
  problems.throwIfAny();
}
