/**
 * `trawl check`: validates a job and prints its first requests. With `--try N` asks N keys, and prints their rows or
 * why an answer failed. Stores nothing.
 *
 * @module
 */

import { AttemptRunner } from "../worker/attempt.ts";
import { checkRedirectHosts, jobHosts } from "../collect/job_hosts.ts";
import { fetchKeys } from "../collect/keys/fetch_keys.ts";
import { KeyListError } from "../collect/keys/key_list_error.ts";
import { Client } from "../http/client.ts";
import type { HttpRequest } from "../http/http_request.ts";
import { MistakesError } from "../job/diagnostics.ts";
import type { Job, Window } from "../job/job.ts";
import { memoryNeedBytes } from "../collect/workers/memory_need.ts";
import { controlFirst } from "../collect/keys/control_keys.ts";
import { readKeys } from "../collect/keys/key_reader.ts";
import { type KeySurvey, surveyKeys } from "../collect/keys/key_survey.ts";
import { hideSecrets, keyListRequest, RequestBuilder } from "../job/request_builder.ts";
import { Redactor } from "../job/secret.ts";
import { formatWindow } from "../job/window.ts";
import { sanitizeLine } from "../text/sanitize.ts";
import { duplicatesText } from "../view/duplicates_text.ts";
import type { CommandContext } from "./context.ts";
import { type ExitCode, exitCode } from "./exit_code.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";
import { databaseOf, givenOrNewestWindows, loadJobOf } from "./job_arguments.ts";
import { schemaOf, type TableSchema } from "../rows/table_schema.ts";
import { counted, formatBytes, formatDuration, formatRate } from "../text/format.ts";
import { TableSample, triedLines } from "../view/tried_text.ts";

/** Requests printed without `--try`. */
const requestsShown = 3;

/** Mistakes printed of one job file. */
const mistakesShown = 100;

/** Characters of a printed line. */
const lineCharsMax = 2_000;

/** Stands in for a key that is not known before the key list is fetched or read. */
const unknownKey = "KEY";

/** Exits with code 2 if the job has mistakes, and with code 3 if a tried key failed. */
export async function checkCommand(args: Arguments, context: CommandContext): Promise<ExitCode> {
  let job: Job;
  try {
    job = await loadJobOf(args, context);
  } catch (error) {
    if (!(error instanceof MistakesError)) throw error;
    printMistakes(error, context);
    return exitCode.usage;
  }
  const windows = givenOrNewestWindows(job, args, context);
  const [window] = windows;
  const tries = args.get(flags.tryKeys);
  const survey = await surveyKeys(job);
  context.out(lines(describe(job, { windows, survey, database: databaseOf(args, job) })));
  // What can be read only once is left to `trawl run`.
  const isKnown = tries !== undefined || survey.keys !== undefined;
  const keys = isKnown ? await firstKeys(job, window, tries ?? requestsShown) : job.control.slice(0, 1);
  context.out(lines(requestLines(job, { window, keys: keys.length === 0 ? [unknownKey] : keys })));
  if (!isKnown && job.keys.kind === "url") {
    context.out("  the key list comes over the network: --try 3 fetches it and asks the first three keys\n");
  }
  return tries === undefined ? exitCode.done : await tryKeys(job, { window, keys }, context);
}

/** One line for each mistake, as an editor can jump to it. */
function printMistakes({ mistakes }: MistakesError, { log }: CommandContext): void {
  for (const mistake of mistakes.slice(0, mistakesShown)) {
    log(`trawl: ${sanitizeLine(mistake, lineCharsMax)}\n`, "error");
  }
  const more = mistakes.length - mistakesShown;
  if (more > 0) log(`trawl: and ${counted(more, "more mistake")}\n`, "error");
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${sanitizeLine(text, lineCharsMax)}\n`).join("");
}

/** The requests without secrets: for the key list, and for some keys; the headers once, of the first key. */
function requestLines(
  job: Job,
  { window, keys }: { readonly window: Window | undefined; readonly keys: readonly string[] },
): string[] {
  const shown = hideSecrets(job);
  const requests = RequestBuilder.of(shown, window);
  const headersOf = ({ headers }: HttpRequest) =>
    Object.entries(headers).map(([name, value]) => `    ${name}: ${value}`);
  const list = shown.keys.kind === "url" ? [keyListRequest(shown.keys, window)] : [];
  return [
    ...list.flatMap((request) => [`  GET ${request.url}`, ...headersOf(request)]),
    ...keys.flatMap((key, index) => {
      try {
        const request = requests.first([{ key }]);
        return [`  GET ${request.url}`, ...(index === 0 ? headersOf(request) : [])];
      } catch (error) {
        // The job cannot make a request of this key.
        if (!(error instanceof RangeError)) throw error;
        return [`  ${error.message}`];
      }
    }),
  ];
}

function describe(
  job: Job,
  { windows, survey, database }: {
    readonly windows: readonly Window[];
    readonly survey: KeySurvey;
    readonly database: string;
  },
): string[] {
  const { limits, tables, retry, request } = job;
  const { auto } = limits;
  const inFlight = auto?.inFlight === true
    ? `auto in flight (${limits.inFlight} at most)`
    : `${limits.inFlight} in flight`;
  const rates = limits.rates.map(formatRate);
  const shared = limits.share === undefined ? [] : [`shared by all jobs of ${limits.share}`];
  return [
    `${job.name} is a valid job`,
    `  keys       ${keysText(job, survey)}${
      job.control.length === 0 ? "" : `, control ${job.control.join(", ")}`
    }`,
    ...(windows.length === 0 ? [] : [`  window     ${windowsText(windows)}`]),
    `  limits     ${
      [inFlight, ...(auto?.rate === true ? ["auto rate"] : []), ...rates, ...shared].join(", ")
    }, ${retry.attempts} attempts, ` +
    `${formatDuration(request.timeout.totalMs)} a request at most`,
    ...tables.flatMap((table) => [
      `  rows       ${table.path}`,
      `  table      ${table.name} (${schemaOf(table).columns.map(columnText).join(", ")})`,
    ]),
    `  database   ${database}`,
    `  memory     ${formatBytes(memoryNeedBytes(limits.inFlight))} at most`,
  ];
}

function columnText({ name, type, isIndexed }: TableSchema["columns"][number]): string {
  return `${name} ${type}${isIndexed === true ? " indexed" : ""}`;
}

/** The only window, or the span of several. */
function windowsText(windows: readonly Window[]): string {
  const [first, last] = [windows[0], windows.at(-1)];
  if (first === undefined || last === undefined) return "";
  const span = formatWindow({ startMs: first.startMs, endMs: last.endMs });
  return windows.length === 1 ? span : `${span}: ${windows.length} windows, the requests are of the first`;
}

function keysText({ keys }: Job, survey: KeySurvey): string {
  switch (keys.kind) {
    case "file":
      return [keys.file, ...countTexts(survey)].join(", ");
    case "stdin":
      return "standard input";
    case "range":
      return `${keys.first}..${keys.last}`;
    case "url":
      return `${keys.path} of the document at keys.url`;
  }
}

function countTexts({ keys, duplicates }: KeySurvey): string[] {
  if (keys === undefined) return ["which can be read only once"];
  const twice = duplicatesText(duplicates, keys);
  return [counted(keys, "key"), ...(twice === undefined ? [] : [twice])];
}

/**
 * The first keys of the list. A list over HTTP is read to its end: only then it is known to be whole.
 *
 * @throws {UsageError | InterruptedError} If the list cannot be read.
 */
async function firstKeys(job: Job, window: Window | undefined, count: number): Promise<string[]> {
  const isFetched = job.keys.kind === "url";
  const blocks = job.keys.kind === "url" ? fetchKeys(job, job.keys, { window }) : readKeys(job.keys);
  const keys: string[] = [];
  try {
    for await (const block of controlFirst(blocks, job.control)) {
      keys.push(...block.slice(0, count - keys.length));
      if (keys.length >= count && !isFetched) break;
    }
  } catch (error) {
    throw error instanceof KeyListError ? error.ending(1) : error;
  }
  return keys;
}

async function tryKeys(
  job: Job,
  { window, keys }: { readonly window: Window | undefined; readonly keys: readonly string[] },
  { out }: CommandContext,
): Promise<ExitCode> {
  await checkRedirectHosts(job);
  using client = new Client({
    hosts: jobHosts(job, window),
    redirectHosts: job.request.redirectHosts,
    timeouts: job.request.timeout,
    bodyBytesMax: job.request.bodyBytesMax,
    connectionsMax: 1,
  });
  const runner = new AttemptRunner(job, { window, client });
  const redactor = Redactor.of(job);
  let exit: ExitCode = exitCode.done;
  for (const key of keys) {
    const samples = job.tables.map(({ name }) => new TableSample(name, (text) => redactor.hide(text)));
    const attempt = await runner.ask([{ key }], ({ table, rows }) => {
      samples.find(({ name }) => name === table)?.add(rows);
      return Promise.resolve();
    });
    if (attempt.verdict === "dropped") continue;
    if (attempt.verdict === "failed") exit = exitCode.incomplete;
    else attempt.rows.forEach((rows, table) => rows === "staged" || samples[table]?.add(rows));
    for (const line of triedLines(key, { attempt, samples })) out(`${line}\n`);
  }
  return exit;
}
