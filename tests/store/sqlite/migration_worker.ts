/**
 * Acquires a database, until it is killed.
 *
 * @module
 */

import { acquire } from "../../../lib/store/sqlite/acquire.ts";

const [file = ""] = Deno.args;
await using _lock = await acquire(file, {
  job: "j",
  log: (text) => Deno.stdout.writeSync(new TextEncoder().encode(text)),
  ignoresFreeSpace: false,
});
