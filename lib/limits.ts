/**
 * Every bound that trawl keeps, with its unit and the reason for its value. A job may lower or raise those that
 * have a field in the job file; the others hold always.
 *
 * @module
 */

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;

/** Bounds on one JSON text. */
export const json = {
  /** Open brackets within each other. Deeper than any real API, far below what a stack of states costs. */
  depthMax: 512,
  /** Bytes of one captured value (a column, a whole row): it is held in memory, and SQLite ends at 1 GB. */
  valueBytesMax: 8 * MiB,
  /** Bytes of an element that a filter looks at: parsed, it can take thirty times as much memory as its text. */
  elementBytesMax: 2 * MiB,
  /** Bytes of one object name: it is held where it is compared, if it has escapes or was cut. */
  nameBytesMax: 64 * KiB,
} as const;

/** Bounds on one HTTP exchange; those in milliseconds are the defaults of the job file's `timeout`. */
export const http = {
  connectMs: 10_000,
  /** Large answers are computed for minutes before their first byte. */
  firstByteMs: 600_000,
  idleMs: 60_000,
  totalMs: 1_800_000,
  /** Decoded bytes: `fetch` decodes gzip by itself, so a small answer may be a large one. */
  bodyBytesMax: 8 * GiB,
  /** An answer up to this length, by its `Content-Length`, is read in one piece: streams cost more than it does. */
  smallBodyBytesMax: 64 * KiB,
  redirectsMax: 5,
  /** Attempts on one key, the first included. */
  attemptsMax: 5,
  backoffBaseMs: 500,
  backoffMaxMs: 60_000,
  /** A server may ask for so long a pause; one that asks for more is not waited for. */
  retryAfterMaxMs: 3_600_000,
} as const;

/** Bounds on a run. */
export const run = {
  inFlightDefault: 8,
  inFlightMax: 10_000,
  /** Keys in one batch. */
  batchMax: 50_000,
  /** The first batch where the job names no size; later ones follow how long a batch lives. */
  batchFirst: 128,
  /** A Worker costs some 35 ms and cold code, so a batch should live for seconds. */
  batchLifeMs: 4_000,
  /** Workers alive at once, those that wait for their last answers included: each costs some 10 MB. */
  workersMax: 8,
  /** UTF-16 units of one key. */
  keyCharsMax: 2_048,
  /** After a signal, what is in flight gets so long to finish. */
  graceMs: 8_000,
  /** What has not ended so long after it was dropped is ended by force. */
  dropMs: 1_000,
  /** The share of keys that must end with an answer for exit code 0. */
  minCoverage: 0.99,
} as const;

/** Bounds on what is on its way from a Worker to the store. */
export const pipe = {
  /** Values (a row has one per column) in one message: 0.15 MB and its texts, one transaction of some 2 ms. */
  chunkValuesMax: 16_384,
  /** UTF-16 units of text in one message. */
  chunkCharsMax: 1 * MiB,
  /** Fetches in one message. */
  chunkFetchesMax: 512,
  /** A finished fetch waits so long for company before it is sent. */
  chunkDelayMs: 100,
  /** Messages a Worker may have on their way before it stops reading from the network. */
  unacknowledgedMax: 4,
  /** Counts that one answer may fall into: a year's minutes, twice over. A new combination weighs as much as 16. */
  countGroupsMax: 1_000_000,
} as const;
