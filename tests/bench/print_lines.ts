/**
 * The output of the contestants in TypeScript.
 *
 * @module
 */

/** The part of an update that a contestant prints. */
export interface Update {
  readonly timestamp: number;
}

const encoder = new TextEncoder();

/** Writes values to standard output, one per line, with one write. */
export function printLines(values: readonly number[]): void {
  if (values.length === 0) return;
  let bytes = encoder.encode(`${values.join("\n")}\n`);
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}
