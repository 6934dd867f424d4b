/**
 * Fetches a key list: one request, whose JSON answer passes through `TokenizerStream` as it arrives. Holds the keys of
 * one chunk. Does not retry.
 *
 * @module
 */

import { Client } from "../../http/client.ts";
import { hostOf } from "../../http/redirect_policy.ts";
import type { Job, UrlKeySource, Window } from "../../job/job.ts";
import { keyRule } from "../../job/key_rule.ts";
import { keyListRequest } from "../../job/request_builder.ts";
import { parsePath } from "../../json/path/path_parser.ts";
import { selectValues } from "../../json/tokenizer_stream.ts";
import { decodeText, ValueKind } from "../../json/value.ts";
import { checkRedirectHosts } from "../job_hosts.ts";

/** The answer is not a key list. The message is a failure reason. */
export class KeyListError extends Error {
  override readonly name = "KeyListError";
  /** The delay that the server asked for. */
  readonly retryAfterMs: number | undefined;

  constructor(reason: string, retryAfterMs?: number) {
    super(reason);
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * The keys that `source` lists, in blocks.
 *
 * @throws {ExchangeError} If the exchange fails.
 * @throws {KeyListError} If the status is not 200, or a selected value is not a key.
 * @throws {JsonSyntaxError | JsonLimitError} If the answer is not JSON within the limits.
 */
export async function* fetchKeys(
  job: Job,
  source: UrlKeySource,
  { window, signal }: { readonly window: Window | undefined; readonly signal?: AbortSignal },
): AsyncGenerator<readonly string[]> {
  await checkRedirectHosts(job);
  const request = keyListRequest(source, window);
  const { timeout, bodyBytesMax, redirectHosts } = job.request;
  const hosts = [hostOf(new URL(request.url))];
  using client = new Client({ hosts, redirectHosts, timeouts: timeout, bodyBytesMax, connectionsMax: 1 });
  const drop = () => client.drop();
  signal?.addEventListener("abort", drop);
  using _listening = { [Symbol.dispose]: () => signal?.removeEventListener("abort", drop) };
  const answer = await client.send(request);
  if (answer.status !== 200) {
    throw new KeyListError(`http-${answer.status}`, answer.rateLimitInfo(Date.now()).retryAfterMs);
  }
  for await (const block of answer.stream().pipeThrough(selectValues(parsePath(source.path)))) {
    yield block.map(asKey);
  }
}

/**
 * The key that a selected value holds.
 *
 * @throws {KeyListError} If the value is not a string or number, or breaks the rule for keys.
 */
function asKey(raw: string): string {
  const key = raw.startsWith('"') ? String(decodeText(ValueKind.string, raw)) : raw;
  if (!/^["\d-]/.test(raw) || keyRule(key) !== undefined) throw new KeyListError("bad-value");
  return key;
}
