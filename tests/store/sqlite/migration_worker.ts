/**
 * Claims the database that is named, to be killed while it does.
 *
 * @module
 */

import { acquire } from "../../../lib/store/sqlite/acquire.ts";

const [file = ""] = Deno.args;
using _claim = await acquire(file, {
  job: "j",
  log: (text) => Deno.stdout.writeSync(new TextEncoder().encode(text)),
  ignoresSpace: false,
});
