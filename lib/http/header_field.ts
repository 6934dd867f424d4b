/**
 * Header fields as trawl reads them: one that is longer than any honest one is as if it were not there, since it
 * would cost time to read and room to keep.
 *
 * @module
 */

import { httpLimits } from "../limits.ts";

/** The part of `Headers` that is read. */
export interface HeaderFields {
  get(name: string): string | null;
}

/** A field's value; null if there is none, or one of more than `fieldCharsMax` characters. */
export function fieldOf(headers: HeaderFields, name: string): string | null {
  const value = headers.get(name);
  return value === null || value.length > httpLimits.fieldCharsMax ? null : value;
}
