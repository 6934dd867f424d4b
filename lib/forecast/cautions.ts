/**
 * Judges a forecast: whether the disk has room, and what makes the forecast less certain than it looks. Pure; the words
 * are in `view/forecast_text.ts`.
 *
 * @module
 */

import type { Forecast } from "./forecast.ts";
import { forecastLimits } from "./forecast_limits.ts";

/** What a forecast was made from. */
export interface ForecastBasis {
  /** Keys of the probe that have a verdict. */
  readonly probed: number;
  /** Requests of the probe that were given up when its time was over. */
  readonly givenUp: number;
  /** The probe had time for control keys only. */
  readonly isControlOnly: boolean;
  /** The job leaves the rate or the number in flight to automatic tuning. */
  readonly isAuto: boolean;
  /** Bytes that the disk has left; undefined where the system does not tell. */
  readonly freeBytes: number | undefined;
}

/** A reason to trust a forecast less, or to act before the run. */
export type Caution =
  | { readonly kind: "disk-full"; readonly neededBytes: number; readonly freeBytes: number }
  | { readonly kind: "given-up"; readonly requests: number }
  | { readonly kind: "heavy-answer"; readonly bytes: number; readonly share: number }
  | { readonly kind: "tuning" | "control-only" | "few-keys" };

/** Whether the disk has room for the upper end of the forecast; undefined where the free space is unknown. */
export function fitsOnDisk(
  forecast: Pick<Forecast, "diskBytes">,
  freeBytes: number | undefined,
): boolean | undefined {
  return freeBytes === undefined ? undefined : neededBytes(forecast) <= freeBytes;
}

/** The cautions, most important first. */
export function cautionsOf(
  forecast: Pick<Forecast, "diskBytes" | "keys" | "largestBytes" | "largestShare">,
  { probed, givenUp, isControlOnly, isAuto, freeBytes }: ForecastBasis,
): Caution[] {
  const { keys, largestBytes, largestShare } = forecast;
  const cautions: Caution[] = [];
  if (freeBytes !== undefined && fitsOnDisk(forecast, freeBytes) === false) {
    cautions.push({ kind: "disk-full", neededBytes: neededBytes(forecast), freeBytes });
  }
  if (givenUp > 0) cautions.push({ kind: "given-up", requests: givenUp });
  if (largestShare > forecastLimits.heavyShare && probed < keys && probed > 1) {
    cautions.push({ kind: "heavy-answer", bytes: largestBytes, share: largestShare });
  }
  if (isAuto) cautions.push({ kind: "tuning" });
  if (isControlOnly) cautions.push({ kind: "control-only" });
  else if (probed < forecastLimits.keysFew && probed < keys) cautions.push({ kind: "few-keys" });
  return cautions;
}

function neededBytes({ diskBytes }: Pick<Forecast, "diskBytes">): number {
  return diskBytes.high ?? diskBytes.mean;
}
