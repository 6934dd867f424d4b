/**
 * The protocol between the main thread and a Worker: every message, as plain data.
 *
 * @module
 */

import type { Job, Window } from "../job/job.ts";
import type { SharedMemory } from "../pace/shared_state.ts";
import type { FailureReason } from "../rows/failure_reasons.ts";
import type { FinishedFetches, StagedRows } from "../rows/fetch_record.ts";

/** The first message to a Worker: everything but the keys. */
export interface Prepare {
  readonly type: "prepare";
  readonly job: Job;
  readonly window: Window | undefined;
  /** `host:port` of every server that the Worker may ask. */
  readonly hosts: readonly string[];
  readonly shared: SharedMemory;
  /** The Worker's number among those alive, from 0. */
  readonly worker: number;
  /** A key that the API has answered in this run: the circuit breaker's probe, until the Worker has one of its own. */
  readonly answeredKey: string | undefined;
}

/** A key's last answer, for conditional and incremental requests. */
export interface PreviousAnswer {
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly cursor: string | null;
}

/** One key to ask. */
export interface BatchEntry {
  /** The key's index in the list, from 0. */
  readonly sequence: number;
  readonly key: string;
  readonly previous?: PreviousAnswer;
}

/** The keys of a batch that are due. A Worker gets one batch. */
export interface Batch {
  readonly type: "batch";
  readonly entries: readonly BatchEntry[];
}

/** Messages to a Worker. */
export type ToWorker =
  | Prepare
  | Batch
  /** The store has taken one {@linkcode ToStore} message. */
  | { readonly type: "acknowledged" }
  /** Start no more requests; finish those in flight. */
  | { readonly type: "stop" }
  /** Abort the requests in flight. */
  | { readonly type: "drop" }
  /** Answer with `alive`. */
  | { readonly type: "ping" };

/** Messages for the store; each is acknowledged. */
export type ToStore =
  | { readonly type: "staged"; readonly part: StagedRows }
  /** All rows staged for this key are void. */
  | { readonly type: "discarded"; readonly sequence: number }
  | { readonly type: "finished"; readonly chunk: FinishedFetches };

/** How a server refuses access. */
export interface AccessRefusal {
  readonly reason: FailureReason;
  /** What the server said, without secrets; undefined where unknown. */
  readonly detail: string | undefined;
}

/** Messages of a Worker. */
export type FromWorker =
  | ToStore
  /** Every key of the batch was started; requests may be in flight or wait for a retry. */
  | { readonly type: "drained" }
  /** Nothing is in flight, and the store has taken everything. */
  | { readonly type: "ended" }
  /** Every request is refused for want of access; no more are started. */
  | { readonly type: "refused"; readonly refusal: AccessRefusal }
  /** The answer to a ping. */
  | { readonly type: "alive" }
  /** An internal error ended the Worker. */
  | { readonly type: "died"; readonly message: string };
