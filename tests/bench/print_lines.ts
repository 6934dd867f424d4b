/**
 * What the contestants in TypeScript have in common: their output.
 *
 * @module
 */

/** As much of an update as is wanted. */
export interface Update {
  readonly timestamp: number;
}

const encoder = new TextEncoder();

/** Writes values to standard output, one a line, in one piece. */
export function printLines(values: readonly number[]): void {
  if (values.length === 0) return;
  let bytes = encoder.encode(`${values.join("\n")}\n`);
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}
