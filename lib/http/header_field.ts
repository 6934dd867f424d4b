/**
 * Reads header fields with a bound on their length: a longer field is treated as absent, since it would cost time to
 * parse and room to store.
 *
 * @module
 */

import { httpLimits } from "../limits.ts";

/** The part of `Headers` that is read. */
export interface HeaderFields {
  get(name: string): string | null;
}

/** The value of a field; null if it is absent or has more than `httpLimits.fieldCharsMax` characters. */
export function fieldOf(headers: HeaderFields, name: string): string | null {
  const value = headers.get(name);
  return value === null || value.length > httpLimits.fieldCharsMax ? null : value;
}
