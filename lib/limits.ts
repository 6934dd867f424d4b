/**
 * Bounds on input and resources, each with its unit and the reason for its value. A field of the job file overrides
 * some of them; the others are fixed. `docs/limits.md` lists them. Measured values are in `docs/measurements.md`.
 *
 * @module
 */

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;

/** Bounds on one JSON text. */
export const jsonLimits = {
  /** Nesting levels. Deeper than any real API; a stack of states this deep costs little. */
  depthMax: 512,
  /** Bytes of one captured value (a column or a row). It is held in memory; SQLite allows 1 GB. */
  valueBytesMax: 8 * MiB,
  /** Bytes of an element that a filter tests. Parsed, it can take 30 times its text, a third of V8's heap. */
  elementBytesMax: 1 * MiB,
  /** Nodes that a filter may select of an element, repetitions included: it has fewer, and each takes 8 bytes. */
  filterNodesMax: 1_000_000,
  /** Bytes of an object name that is held to be compared, because it has escapes or spans two chunks. */
  nameBytesMax: 64 * KiB,
  /** Nested parentheses, calls and filters in a path. Real paths have fewer than ten; each level takes stack. */
  filterDepthMax: 64,
} as const;

/** Bounds on one HTTP exchange. The first four are the defaults of `request.timeout`. */
export const httpLimits = {
  connectMs: 10_000,
  /** Servers compute large answers for minutes before the first byte. */
  firstByteMs: 600_000,
  idleMs: 60_000,
  totalMs: 1_800_000,
  /** Bytes after decompression: `fetch` decompresses by itself, so a small response may become a large one. */
  bodyBytesMax: 8 * GiB,
  /** `Content-Length` up to which a body is read whole, because a stream costs more than such a body. */
  smallBodyBytesMax: 64 * KiB,
  redirectsMax: 5,
  /** Entries of `redirect_hosts`: each is resolved before a run. */
  redirectHostsMax: 16,
  /** UTF-16 units of a redirect's target URL, and of a `Link` header. Servers refuse longer URLs. */
  locationCharsMax: 8 * KiB,
  /**
   * UTF-16 units of a header field that is read or stored. Deno accepts 400 KiB and 100 fields per response, which
   * would be stored with every key or parsed 5,000 times a second.
   */
  fieldCharsMax: 1 * KiB,
  /**
   * Largest ratio of decompressed to sent bytes, checked from `ratioBytesMin` decompressed bytes on. Honest answers
   * reach 290, a gzip bomb 1,030 (`docs/measurements.md#compression-of-honest-answers`).
   */
  ratioMax: 500,
  ratioBytesMin: 64 * MiB,
  /** Bytes of a refused answer that are read to show their beginning, and the time that this may take. */
  refusedBytesMax: 16 * KiB,
  refusedMs: 1_000,
  /** Attempts on one key, the first included; the default of `retry.attempts`. */
  attemptsMax: 5,
  /** Longest pause that a server may ask for. A longer one is not waited for. */
  retryAfterMaxMs: 3_600_000,
  /** Longest outage that a run waits for; the default of `retry.outage`. Most outages are shorter. */
  outageMs: 900_000,
} as const;

/** Bounds on what the fetches of a Worker hold, each counted before it is read on. `docs/limits.md#memory`. */
export const memoryLimits = {
  /** Bytes over all fetches of a Worker: a fetch beyond it waits. The oldest fetch may exceed it and never waits. */
  budgetBytes: 48 * MiB,
  /** A byte on V8's heap counts as this many: the heap ends at 96 MB, buffers lie outside of it. */
  heapWeight: 4,
  /** Bytes that a body counts while it is read: the platform reads ahead of trawl by up to 1 MiB. */
  readAheadBytes: 1 * MiB,
  /** `Content-Length` up to which an answer is not counted before it is read: at 10,000 in flight, 40 MiB. */
  tinyBodyBytesMax: 4 * KiB,
  /** A text of at least this many bytes stays outside of V8's heap. */
  longTextBytesMin: 16 * KiB,
  /** Bytes of the long texts of one row; a value has at most `jsonLimits.valueBytesMax`. */
  rowBytesMax: 16 * MiB,
  /** Bytes of the cells of rows that one piece of an answer makes: each cell takes 9. */
  rowsBytesMax: 32 * MiB,
  /** UTF-16 units of the short texts of such rows. */
  shortTextCharsMax: 4 * MiB,
} as const;

/** Bounds on a run. */
export const runLimits = {
  inFlightDefault: 8,
  inFlightMax: 10_000,
  /** Default of `in_flight_max`: the highest concurrency at which memory was measured to stay flat. */
  inFlightAutoMax: 1_000,
  /** Windows that one start may catch up on, or ask failed keys of again: two years of days. */
  windowsMax: 732,
  /** Windows that `--window START/END` may hold: a year of hours. Each of them becomes a run. */
  spanWindowsMax: 10_000,
  /** Keys in one batch, and UTF-16 units of all its keys. The main thread and the Worker hold them. */
  batchMax: 50_000,
  batchCharsMax: 4 * MiB,
  /** Workers alive at once, including Workers that wait for their last responses. Each takes about 10 MB. */
  workersMax: 8,
  /** Rows of one answer: more do not fit into 8 GiB at 86 bytes each. The smallest RIPEstat update has 100 bytes. */
  answerRowsMax: 100_000_000,
  /** UTF-16 units of one key. */
  keyCharsMax: 2_048,
  /** Time that requests in flight get to finish after a signal. */
  graceMs: 8_000,
  /** Time after which a dropped Worker is terminated. */
  dropMs: 1_000,
  /**
   * A Worker that is silent for this long counts as dead. It answers pings between two steps of its work; the longest
   * step, sorting a million counts, takes 3 s on a busy machine.
   */
  silentMs: 60_000,
  /** Least coverage for exit code 0; the default of `accept.min_coverage`. */
  minCoverage: 0.99,
} as const;

/** Bounds on messages from a Worker to the store. */
export const outboxLimits = {
  /** Cells in one message (a row has one per column): 0.15 MB and their texts, one transaction of about 2 ms. */
  messageCellsMax: 16_384,
  /** UTF-16 units of text in one message. */
  messageCharsMax: 1 * MiB,
  /** Fetches in one message. */
  messageFetchesMax: 512,
  /** Time that a finished fetch waits for others, to share their message. */
  messageDelayMs: 100,
  /** Unacknowledged messages of a Worker, at which it stops reading from the network. */
  unacknowledgedMax: 4,
  /** Bytes of those messages, unless there is only one: the main thread holds them until they are stored. */
  unacknowledgedBytesMax: 8 * MiB,
  /** Groups that the counted rows of one answer may form: a year's minutes, twice. A new combination weighs 16. */
  countGroupsMax: 1_000_000,
} as const;

/** Bounds on the database and its disk. */
export const databaseLimits = {
  /** Wait for the lock of another program, such as a `sqlite3` shell. */
  busyMs: 10_000,
  /**
   * Free space that must remain on the disk, or the run is interrupted: a full disk hurts other programs too. At the
   * fastest measured rate, 4 million rows per second, a run takes half of it between two checks, 1 s apart.
   */
  freeBytesMin: 256 * MiB,
} as const;
