/**
 * `trawl check`: validates a job and prints its first requests. With `--try N` asks N keys, and prints their rows or
 * why an answer failed. Stores nothing.
 *
 * @module
 */

import { AttemptRunner } from "../worker/attempt.ts";
import { meaningOf } from "../rows/failure_reasons.ts";
import { checkRedirectHosts, jobHosts } from "../collect/job_hosts.ts";
import { fetchKeys } from "../collect/keys/fetch_keys.ts";
import { Client } from "../http/client.ts";
import type { Job, Window } from "../job/job.ts";
import { controlFirst } from "../collect/keys/control_keys.ts";
import { readKeys } from "../collect/keys/key_reader.ts";
import { type KeysOfRequest, RequestBuilder } from "../job/request_builder.ts";
import { Redactor } from "../job/secret.ts";
import { formatWindow } from "../job/window.ts";
import { cellValue, type RowBatch } from "../rows/row_batch.ts";
import { sanitizeLine } from "../text/sanitize.ts";
import type { CommandContext } from "./context.ts";
import { type ExitCode, exitCode } from "./exit_code.ts";
import type { Arguments } from "./flag.ts";
import { flags } from "./flags.ts";
import { databaseOf, givenOrNewestWindow, loadJobOf } from "./job_arguments.ts";
import { schemaOf } from "../rows/table_schema.ts";
import { formatDuration } from "../text/format.ts";

/** Requests printed without `--try`. */
const requestsShown = 3;

/** Rows printed of one answer. */
const rowsShown = 5;

/** Exits with code 3 if a tried key failed. */
export async function checkCommand(args: Arguments, context: CommandContext): Promise<ExitCode> {
  const job = await loadJobOf(args, context);
  const window = givenOrNewestWindow(job, args, context);
  const tries = args.get(flags.tryKeys);
  context.out(`${describe(job, { window, database: databaseOf(args, job) }).join("\n")}\n`);
  if (job.keys.kind === "url" && tries === undefined) {
    context.out("  the key list comes over the network: --try 3 fetches it and asks the first three keys\n");
    return exitCode.done;
  }
  if (job.keys.kind === "stdin" && tries === undefined) return exitCode.done;
  const keys = await firstKeys(job, window, tries ?? requestsShown);
  const requests = RequestBuilder.of(job, window);
  for (const key of keys) context.out(`  ${sanitizeLine(requestText(requests, [{ key }]), 1_000)}\n`);
  return tries === undefined ? exitCode.done : await tryKeys(job, { window, keys }, context);
}

function describe(
  job: Job,
  { window, database }: { readonly window: Window | undefined; readonly database: string },
): string[] {
  const { limits, tables, retry, request } = job;
  const { auto } = limits;
  const inFlight = auto?.inFlight === true
    ? `auto in flight (${limits.inFlight} at most)`
    : `${limits.inFlight} in flight`;
  const rates = limits.rates.map(({ count, perMs }) => `${count} per ${formatDuration(perMs)}`);
  return [
    `${job.name} is a valid job`,
    `  keys       ${keysText(job)}${job.control.length === 0 ? "" : `, control ${job.control.join(", ")}`}`,
    ...(window === undefined ? [] : [`  window     ${formatWindow(window)}`]),
    `  limits     ${
      [inFlight, ...(auto?.rate === true ? ["auto rate"] : []), ...rates].join(", ")
    }, ${retry.attempts} attempts, ` +
    `${formatDuration(request.timeout.totalMs)} a request at most`,
    ...tables.flatMap((table) => [
      `  rows       ${table.path}`,
      `  table      ${table.name} (${
        schemaOf(table).columns.map((column) => Object.values(column).join(" ")).join(", ")
      })`,
    ]),
    `  database   ${database}`,
  ];
}

function keysText({ keys }: Job): string {
  switch (keys.kind) {
    case "file":
      return sanitizeLine(keys.file);
    case "stdin":
      return "standard input";
    case "range":
      return `${keys.first}..${keys.last}`;
    case "url":
      return `${keys.path} of a first request`;
  }
}

/** The request for a key, or why the job cannot make one. */
function requestText(requests: RequestBuilder, keys: KeysOfRequest): string {
  try {
    return requests.shown(keys);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return error.message;
  }
}

async function firstKeys(job: Job, window: Window | undefined, count: number): Promise<string[]> {
  const blocks = job.keys.kind === "url" ? fetchKeys(job, job.keys, { window }) : readKeys(job.keys);
  const keys: string[] = [];
  for await (const block of controlFirst(blocks, job.control)) {
    keys.push(...block.slice(0, count - keys.length));
    if (keys.length >= count) break;
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
    const shown: string[] = [];
    const keep = (rows: RowBatch) => {
      const count = Math.min(rows.rows, rowsShown - shown.length);
      for (let row = 0; row < count; row++) shown.push(sanitizeLine(redactor.hide(rowLine(rows, row))));
    };
    const attempt = await runner.ask([{ key }], (batch) => Promise.resolve(keep(batch.rows)));
    if (attempt.verdict === "failed") {
      exit = exitCode.incomplete;
      const { reason, detail } = attempt;
      const found = detail === undefined ? "" : `: ${sanitizeLine(detail)}`;
      out(`${sanitizeLine(key)}: failed: ${meaningOf(reason)} (${reason})${found}\n`);
    } else if (attempt.verdict !== "dropped") {
      for (const rows of attempt.rows) if (rows !== "staged") keep(rows);
      out(`${sanitizeLine(key)}: ${attempt.verdict}, ${attempt.kept} rows, ${attempt.bytes} bytes\n`);
      for (const line of shown) out(`  ${line}\n`);
    }
  }
  return exit;
}

function rowLine(rows: RowBatch, row: number): string {
  const width = rows.cells.length / rows.rows;
  const values = Array.from({ length: width }, (_, column) => cellValue(rows, row * width + column));
  return values.map((value) => typeof value === "string" ? JSON.stringify(value) : String(value)).join("  ");
}
