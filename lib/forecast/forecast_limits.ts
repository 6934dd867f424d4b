/**
 * Bounds on the probe that a forecast is made from.
 *
 * @module
 */

/** Times are milliseconds. */
export const forecastLimits = {
  /** Keys of a probe without `--probe`, at most; a tenth of the job's smallest quota if that is less. */
  keysDefault: 10_000,
  /** Keys of a probe with `--probe`, at most: the sample is held in memory. */
  keysMax: 100_000,
  /** A probe asks at least this many keys, and this many for each request in flight: latency under full load counts. */
  keysMin: 100,
  keysMinPerSlot: 4,
  /**
   * The probe ends once the mean latency has this relative standard error: after 2,500 keys where latencies are
   * exponential (1/√n). A mean is within three standard errors (6 %) in 997 of 1,000 probes; cold connections and a
   * busy machine may add as much as is left to the promised 10 %.
   */
  errorMax: 0.02,
  /** A forecast's range is this many standard errors to both sides: it holds in 95 of 100 probes. */
  errorsShown: 2,
  /** A forecast from fewer keys carries a caution. */
  keysFew: 30,
  /** Without `--probe`, no request starts after this time; those in flight get `runLimits.graceMs` more. */
  probeMs: 50_000,
  /** An outage longer than this ends the probe. */
  outageMs: 60_000,
  /** Attempts on a key: a second one tells a passing failure from a lasting one and costs the API little. */
  attemptsMax: 2,
  /** Where the server delays requests for more than this share of the probe, the server is what limits a run. */
  heldBackShare: 0.3,
  /** Interval at which the probe checks whether it knows enough. */
  checkMs: 500,
  /** An answer with more than this share of all bytes suggests larger ones that the probe did not meet. */
  heavyShare: 0.1,
} as const;
