/**
 * Whole runs against a server of the test: a job and a database file in, the result out.
 *
 * @module
 */

import assert from "node:assert/strict";
import { chooseRun } from "../../lib/collect/choose_run.ts";
import { collect, type CollectResult } from "../../lib/collect/collect.ts";
import { surveyKeys } from "../../lib/collect/keys/key_survey.ts";
import type { StorageChecks } from "../../lib/collect/storage_guard.ts";
import type { Job } from "../../lib/job/job.ts";
import { schemaOf } from "../../lib/rows/table_schema.ts";
import { HandlerServer } from "../http/support.ts";
import { openWriter } from "../support/database.ts";

/** What a test wants of a run. */
export interface Wishes {
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal;
  readonly isNew?: boolean;
  readonly retryFailed?: boolean;
  readonly storage?: StorageChecks;
}

/** One run of a job, as the program has it. */
export async function collectInto(
  file: string,
  job: Job,
  { limit, signal, isNew = false, retryFailed = false, storage = {} }: Wishes = {},
): Promise<CollectResult> {
  const survey = await surveyKeys(job);
  await using store = await openWriter(file, ...job.tables.map(schemaOf));
  const choice = await chooseRun(store, job, { isNew, retryFailed, survey, window: undefined });
  assert.ok(!("finished" in choice));
  return await collect({
    job,
    window: undefined,
    store,
    choice,
    survey,
    limit,
    signal: signal ?? new AbortController().signal,
    storage,
    onStart: () => {},
  });
}

/** Answers any key with one row, except those for which `odd` has another answer. */
export function serverOf(
  odd: (key: string, request: Request) => Response | Promise<Response> | undefined,
): HandlerServer {
  return new HandlerServer((request) => {
    const key = new URL(request.url).pathname.slice(1);
    return odd(key, request) ?? Response.json({ r: [{ v: key }] });
  });
}

/** A key list at `<url>/list`. */
export function listed(
  url: string,
  change: Partial<Extract<Job["keys"], { readonly kind: "url" }>> = {},
): Extract<Job["keys"], { readonly kind: "url" }> {
  const template = [{ kind: "text", text: `${url}/list` }] as const;
  return { kind: "url", url: template, path: "$.keys[*]", headers: {}, ...change };
}
