/**
 * A series of numbers as one line of small bars. Pure.
 *
 * @module
 */

const bars = "▁▂▃▄▅▆▇█";

/** One character a number, its height relative to the largest. Zero is a blank, not a low bar. */
export function sparkline(series: readonly number[]): string {
  const max = Math.max(0, ...series);
  return series.map((value) => {
    if (value <= 0) return " ";
    return bars[Math.min(bars.length - 1, Math.floor(value / max * bars.length))] ?? " ";
  }).join("");
}
