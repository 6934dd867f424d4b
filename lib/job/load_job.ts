/**
 * Loads a job: the text of a job file in, a checked `Job` out. Reports every mistake with its line and column.
 * Environment and secrets are functions. Does no I/O.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { runLimits } from "../limits.ts";
import type { Job, Window, WindowRule } from "./job.ts";
import { nearest } from "../text/nearest.ts";
import { Diagnostics, shown } from "./diagnostics.ts";
import { RequestBuilder } from "./request_builder.ts";
import { readControl, readKeySource, readRequest } from "./load_request.ts";
import { readAccept, readRows } from "./load_rows.ts";
import { type JobFile, jobFile } from "./job_schema.ts";
import { mendedFile } from "./mended_file.ts";
import type { TemplateScope } from "./template.ts";
import { type FieldPath, TomlDocument } from "./toml_document.ts";

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
 * @throws {MistakesError} If the job has mistakes, each as `FILE:LINE:COLUMN: FIELD: must …: found …`.
 * @throws {UsageError} If the text is not TOML, or `--set` names what the job has not.
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
  const request = readRequest(file, { scope, diagnostics });
  const job: Job = {
    name: file.name,
    text: jobText(text, context.set ?? {}),
    keys: readKeySource(file, { file: context.file, request, scope, diagnostics }),
    control: readControl(file, diagnostics),
    ...(file.window !== undefined && { window: readWindow(file.window, diagnostics) }),
    ...(file.keep !== undefined && { keepMs: file.keep }),
    request,
    limits: readLimits(file, diagnostics),
    retry: readRetry(file),
    ...(file.paging !== undefined && { paging: file.paging }),
    accept: readAccept(file, { scope, diagnostics }),
    tables: [readRows(file, diagnostics)],
  };
  diagnostics.throwIfAny();
  checkControl(job, diagnostics);
  return job;
}

/**
 * Checks each field against the schema. After a mistake, returns the file as it may have been meant, so that other
 * mistakes are found in the same pass.
 *
 * @throws {MistakesError} If the rest of the file cannot be judged.
 */
function readFields(document: TomlDocument, diagnostics: Diagnostics): JobFile {
  const parsed = jobFile.safeParse(document.value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  diagnostics.addIssues(issues);
  const mended = jobFile.safeParse(mendedFile(document.value, issues));
  if (mended.success) return mended.data;
  throw diagnostics.error();
}

function readRetry({ retry }: JobFile): Job["retry"] {
  return { attempts: retry.attempts, outageMs: retry.outage, failedWindows: retry.failed_windows };
}

/** Concurrency and pace. An automatic `in_flight` has an upper bound. */
function readLimits({ limits }: JobFile, diagnostics: Diagnostics): Job["limits"] {
  const { in_flight, in_flight_max, rate, batch, share } = limits;
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
    ...(share !== undefined && { share }),
  };
}

/** The job as written: the text of the job file, then a line for each `--set`, sorted by name. */
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

/** The windows. */
function readWindow(window: NonNullable<JobFile["window"]>, diagnostics: Diagnostics): WindowRule {
  // Window placeholders have a resolution of a second.
  if (window.every % 1_000 !== 0) {
    diagnostics.addRule(["window", "every"], "must be a whole number of seconds");
  }
  return { everyMs: window.every, lagMs: window.lag, catchUp: window.catch_up };
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
