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
  /** Bytes of an element that a filter tests. Parsed, it can take 30 times the memory of its text. */
  elementBytesMax: 2 * MiB,
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
  /** `Content-Length` up to which a body is read in one piece, because streams cost more than such a body. */
  smallBodyBytesMax: 64 * KiB,
  redirectsMax: 5,
  /** Entries of `redirect_hosts`: each is resolved before a run. */
  redirectHostsMax: 16,
  /** UTF-16 units of a redirect's target URL. Servers refuse longer ones. */
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
  /** Attempts on one key, the first included; the default of `retry.attempts`. */
  attemptsMax: 5,
  backoffBaseMs: 500,
  backoffMaxMs: 60_000,
  /** Longest pause that a server may ask for. A longer one is not waited for. */
  retryAfterMaxMs: 3_600_000,
  /** Longest outage that a run waits for; the default of `retry.outage`. Most outages are shorter. */
  outageMs: 900_000,
} as const;

/** Bounds on a run. */
export const runLimits = {
  inFlightDefault: 8,
  inFlightMax: 10_000,
  /** Default of `in_flight_max`: the highest concurrency at which memory was measured to stay flat. */
  inFlightAutoMax: 1_000,
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

/** Bounds on how precisely a pace is kept. */
export const paceLimits = {
  /**
   * The interval between two starts is longer by this factor than the rate has it: in a second, requests may then be
   * 7 ms later on their way than those that follow them, and a server still counts no more than it allows. Measured at
   * 100/s on two cores: 2,000 requests in 20.4 s, 98 % of what is allowed, and no 429 of nginx with `rate=100r/s
   * burst=2 nodelay`. Without any burst nginx refuses whatever comes within 10 ms, which no timer can promise.
   */
  margin: 1.01,
  /**
   * So late a start may be without pushing back all that follow: Deno's timers fire 1 to 2 ms late, one in a hundred 3.
   * Two starts come closer to each other by as much at most. Where the interval is shorter than a timer can tell,
   * starts come in groups, of 4 at most at 1,000/s and of 31 at 10,000/s.
   */
  lateMsMax: 3,
  /** The first start waits for an interval, as if another run had started one just before; but no longer than this. */
  firstWaitMsMax: 1_000,
  /** From this span on a rate is a budget: counted, and kept in the store for the next run. */
  budgetMsMin: 60_000,
  /** A budget's starts are counted in so many spans of its window: it wastes one of them at most, 0.4 %. */
  budgetSpans: 240,
  /** The main thread looks after budgets so often, and allows what may start until it has looked four times more. */
  tickMs: 250,
  /** A refusal that names no delay stops all requests for so long. */
  refusalPauseMs: 1_000,
  /** Two refusals with no more starts between them are a burst; a single one is answered by its pause alone. */
  burstStarts: 10,
  /** A burst of refusals makes the interval so many times longer, up to the longest, as congestion does in TCP. */
  stepBack: 2,
  stepBackMsMax: 250,
  /** After a step back the pace doubles in so long, until it is what the job has it. */
  doublingMs: 5_000,
} as const;

/** Bounds on asking again, over all keys and Workers. */
export const retryLimits = {
  /**
   * Retries are so large a share of all requests at most, beyond one a second and a hundred at once: what Finagle's and
   * Linkerd's retry budgets have (https://linkerd.io/2/features/retries-and-timeouts/), so that an API in trouble does
   * not get five times the load.
   */
  share: 0.2,
  perSecondMin: 1,
  atOnceMax: 100,
  /** A key may be refused so often besides its attempts: a refusal is about the pace, unless it is always that key. */
  refusalsMax: 10,
  /** The last failed attempt of a key is no verdict before it is clear whether the API is down: two looks later. */
  holdMs: 500,
  holdsMax: 2,
  /** The API is down when so many keys have failed since the last success; half as many if it cannot be reached. */
  streakMax: 10,
  /** Each time in a row that it was not, it takes twice as many, at most so often: keys may fail by themselves. */
  falseAlarmsMax: 3,
  /** While it is down, one request asks for its health after 1 s, then after twice as long each time, up to 15 s. */
  probeMsMin: 1_000,
  probeMsMax: 15_000,
} as const;

/** Bounds on what is on its way from a Worker to the store. */
export const outboxLimits = {
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

/** Bounds on finding the best rate and the best number in flight. */
export const tuningLimits = {
  /** Where nothing is known, a search begins so low: requests a second, requests in flight. */
  rateFirst: 10,
  inFlightFirst: 4,
  /** Each round multiplies by so much until the first sign of the limit, which halves, and then by so much. */
  growth: 2,
  growthNear: 1.1,
  /** One request a minute, and more than one machine starts. */
  rateMin: 1 / 60,
  rateMax: 50_000,
  /** A rate is judged after so long, two answers' time and so many starts at the earliest, once it was heard of. */
  roundMsMin: 1_000,
  roundStartsMin: 4,
  /** A number in flight is judged by so many answers at least: while doubling, and later, where less is at stake. */
  answersDoubling: 16,
  answersMin: 48,
  /** Where less than this share of a rate or of a number in flight was in use, that says nothing about more of it. */
  rateUsed: 0.8,
  inFlightUsed: 0.85,
  /** Beyond what was in use, a rate may be so many times as high: starts come in groups. */
  rateSlack: 4,
  /** The limit is thought to be so far below where a request was refused, and the search goes on so far below that. */
  refused: 0.95,
  backOff: 0.93,
  /** Refused again no higher than this above where the last step led to, the limit is thought to be far lower. */
  again: 1.05,
  refusedAgain: 0.85,
  /**
   * After a step, the limit is come back to within so long, as CUBIC does (RFC 9438), and passed by `rise` after twice
   * as long: a time and a number of rounds. Each time that the limit proves to be still there the time doubles, up to
   * so many times as long: every look beyond it costs a refusal and a pause.
   */
  holdMsMin: 20_000,
  holdRoundsMin: 10,
  holdTimesMax: 16,
  rise: 0.1,
  /** A limit that was passed by so much without a sign is none any more, and the search doubles again. */
  ratePassed: 1.25,
  inFlightPassed: 1.5,
  /** Answers that take so many times as long, with no more of them, wait in a queue: while doubling, and later. */
  queueDoubling: 1.5,
  queue: 1.3,
  /** Later, it takes so many rounds one after the other to believe in a change. */
  changedRounds: 2,
  /** So much more stays in flight than the server works on, to keep it busy while answers travel. */
  inFlightSpare: 1.1,
  /** Changes of the latency below this share are noise. */
  noise: 0.1,
  /** What was found is written to the store so often. */
  keepMs: 10_000,
} as const;

/** Bounds on what a service manager is told. */
export const serviceLimits = {
  /** How a run goes is told so often: `systemctl status` is looked at by people. */
  statusMs: 5_000,
  /** Where so many messages wait to be sent, nobody listens. */
  untoldMax: 4,
  /** At the end, a service manager that does not listen is waited for so long. */
  farewellMs: 1_000,
} as const;
