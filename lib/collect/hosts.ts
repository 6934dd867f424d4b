/**
 * The servers that a job may ask.
 *
 * @module
 */

import { hostOf } from "../http/client.ts";
import type { Job, Window } from "../job/job.ts";
import { plainUrl } from "../job/request.ts";

/** `host:port` of every server of the job's requests. A key cannot change them. */
export function jobHosts(job: Job, window: Window | undefined): string[] {
  return [hostOf(new URL(plainUrl(job.request.url, window)))];
}
