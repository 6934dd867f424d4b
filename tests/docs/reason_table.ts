/**
 * The table of failure reasons in `docs/limits.md`, from the list in `lib/rows/failure_reasons.ts`. Pure.
 *
 * @module
 */

import { failureReasons } from "../../lib/rows/failure_reasons.ts";

/** A row for each code, in the order of the list, and one for all HTTP statuses. */
export function reasonTable(): string {
  const rows = Object.entries(failureReasons).map(([code, { means, transient }]) =>
    `| \`${code}\` | ${means} | ${transient ? "yes" : "no"} |`
  );
  return [
    "| reason | meaning | retried |",
    "| --- | --- | --- |",
    ...rows,
    "| `http-404` and others | the server answered with this status | 408, 425, 429, and 5xx except 501 and 505 |",
    "",
  ].join("\n");
}
