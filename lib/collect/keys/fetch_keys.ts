/**
 * Fetches a key list: one request, whose JSON answer passes through `TokenizerStream` as it arrives. Holds the keys of
 * one chunk, and the first 4 KiB of the answer. Does not retry.
 *
 * @module
 */

import type { Answer } from "../../http/answer.ts";
import { Client } from "../../http/client.ts";
import { incompleteBy } from "../../http/completeness.ts";
import { hostOf } from "../../http/redirect_policy.ts";
import type { Job, UrlKeySource, Window } from "../../job/job.ts";
import { keyListRequest } from "../../job/request_builder.ts";
import { Redactor } from "../../job/secret.ts";
import { TokenizerStream } from "../../json/tokenizer_stream.ts";
import { checkRedirectHosts } from "../job_hosts.ts";
import { KeyListError } from "./key_list_error.ts";
import { ListedKeys } from "./listed_keys.ts";

/** Bytes kept of an answer's beginning, to be shown if it is refused. */
const keptBytesMax = 4_096;

/**
 * The keys that `source` lists, in blocks. The list is whole only when the last block has come without an error.
 *
 * @throws {KeyListError} If there is no answer of status 200 that lists keys, all of them.
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
  const redactor = Redactor.of(job);
  const start = new Start();
  try {
    const answer = await client.send(request);
    await checkHead(answer, redactor);
    const keys = new ListedKeys(source);
    yield* answer.stream().pipeThrough(start).pipeThrough(new TokenizerStream(keys.query, keys));
    keys.finish();
  } catch (error) {
    throw KeyListError.of(error, start.bytes && redactor.excerpt(start.bytes, { isCut: start.isCut }));
  }
}

/** @throws {KeyListError} If the status is not 200, or the answer is one part of several. */
async function checkHead(answer: Answer, redactor: Redactor): Promise<void> {
  const { status } = answer;
  const part = await incompleteBy(answer);
  if (part !== undefined) {
    await answer.discard();
    throw new KeyListError("incomplete", { said: redactor.excerpt(part) });
  }
  if (status === 200) return;
  const { retryAfterMs } = answer.rateLimitInfo(Date.now());
  const { bytes, isWhole } = await answer.beginning();
  throw new KeyListError(`http-${status}`, {
    said: redactor.excerpt(bytes, { isCut: !isWhole }),
    retryAfterMs,
  });
}

/** Passes bytes on, and keeps the first of them. */
class Start extends TransformStream<Uint8Array, Uint8Array> {
  bytes: Uint8Array | undefined;
  isCut = false;

  constructor() {
    super({
      transform: (chunk, controller) => {
        this.isCut ||= this.bytes !== undefined || chunk.length > keptBytesMax;
        this.bytes ??= chunk.slice(0, keptBytesMax);
        controller.enqueue(chunk);
      },
    });
  }
}
