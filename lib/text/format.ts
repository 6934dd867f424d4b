/**
 * Durations, sizes, counts, shares and times as short texts for people. Pure: reads no clock and no locale.
 *
 * @module
 */

/** A short text of a duration with its two largest units: `350ms`, `4.2s`, `1m 30s`, `3h`, `2d 4h`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 59_950) return `${oneDecimal(ms / 1_000)}s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return pair(seconds, 60, ["m", "s"]);
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return pair(minutes, 60, ["h", "m"]);
  return pair(Math.round(minutes / 60), 24, ["d", "h"]);
}

/** A short text of a number of bytes, in powers of 1024: `512 B`, `1.5 MiB`, `8 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let [value, unit] = [bytes, 0];
  // From 1023.95 on, one decimal would read "1024".
  while (value >= 1_023.95 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${oneDecimal(value)} ${units[unit]}`;
}

/** The free space of a disk: `1.5 GiB free`, or `free space unknown` if the system does not tell. */
export function formatFreeSpace(bytes: number | undefined): string {
  return bytes === undefined ? "free space unknown" : `${formatBytes(bytes)} free`;
}

/** A short text of a count: every digit below a million (`85,321`), then three digits (`1.25M`, `100M`, `4.5B`). */
export function formatCount(count: number): string {
  const whole = Math.round(count);
  if (whole < 1e6) return String(whole).replaceAll(/\B(?=(\d{3})+$)/g, ",");
  const [size, unit] = whole < 999.5e6 ? [1e6, "M"] : [1e9, "B"];
  return `${Number((whole / size).toPrecision(Math.max(3, String(Math.round(whole / size)).length)))}${unit}`;
}

/** A count with its noun: `1 key`, `2 keys`. */
export function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** A rate as a job file writes it, with separated thousands: `50/s`, `10,000/h`; `5 per 30s` for another span. */
export function formatRate({ count, perMs }: { readonly count: number; readonly perMs: number }): string {
  const unit = { 1_000: "s", 60_000: "min", 3_600_000: "h", 86_400_000: "day" }[perMs];
  return `${formatCount(count)}${unit === undefined ? ` per ${formatDuration(perMs)}` : `/${unit}`}`;
}

/** A share as a percentage that is 100 only if nothing is missing. */
export function percent(share: number): string {
  return `${(Math.floor(share * 10_000) / 100).toFixed(2)} %`;
}

/** A time in ISO 8601 in UTC, to the second. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** At most one decimal, and none for a whole number. */
function oneDecimal(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Two neighbouring units of a whole amount of the smaller one, which is left out when nothing is left for it. */
function pair(amount: number, size: number, [large, small]: readonly [string, string]): string {
  const rest = amount % size;
  return `${Math.floor(amount / size)}${large}${rest === 0 ? "" : ` ${rest}${small}`}`;
}
