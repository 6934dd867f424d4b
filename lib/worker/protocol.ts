/**
 * Everything that passes between the main thread and a Worker. Plain data.
 *
 * @module
 */

import type { Job, Window } from "../job/job.ts";
import type { SharedMemory } from "../pace/shared_state.ts";
import type { FinishedFetches, StagedRows } from "../rows/fetch_record.ts";

/** The first message to a Worker: what it needs before any key. */
export interface Prepare {
  readonly type: "prepare";
  readonly job: Job;
  readonly window: Window | undefined;
  /** `host:port` of every server that the Worker may ask. */
  readonly hosts: readonly string[];
  readonly shared: SharedMemory;
  /** The Worker's number among those alive, from 0. */
  readonly worker: number;
  /** A key that the API has answered in this run, if there is one: whether it does so again tells if it is down. */
  readonly answeredKey: string | undefined;
}

/** What is known of a key's last answer, for conditional and incremental requests. */
export interface PreviousAnswer {
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly cursor: string | null;
}

/** One key to ask. */
export interface BatchEntry {
  /** The key's place in the list, from 0. */
  readonly sequence: number;
  readonly key: string;
  readonly previous?: PreviousAnswer;
}

/** The keys of a batch that are due. A Worker gets one batch. */
export interface Batch {
  readonly type: "batch";
  readonly entries: readonly BatchEntry[];
}

/** What a Worker is told. */
export type ToWorker =
  | Prepare
  | Batch
  /** The store has taken one message of rows. */
  | { readonly type: "acknowledged" }
  /** Start no more requests; finish those in flight. */
  | { readonly type: "stop" }
  /** Give up what is in flight. */
  | { readonly type: "drop" }
  /** Say that you are alive. */
  | { readonly type: "ping" };

/** Messages that the store must take; each is acknowledged. */
export type ToStore =
  | { readonly type: "staged"; readonly part: StagedRows }
  | { readonly type: "unstaged"; readonly sequence: number }
  | { readonly type: "finished"; readonly chunk: FinishedFetches };

/** What a Worker says. */
export type FromWorker =
  | ToStore
  /** No key of the batch is left to be started; some may be in flight or wait for another attempt. */
  | { readonly type: "drained" }
  /** Nothing is in flight and everything has been sent. */
  | { readonly type: "ended" }
  /** The answer to a ping. */
  | { readonly type: "alive" }
  /** An error that is no fault of any answer's: the Worker cannot go on. */
  | { readonly type: "died"; readonly message: string };
