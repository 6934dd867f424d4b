/**
 * Claims the database that is named, to be killed while it does.
 *
 * @module
 */

import { claim } from "../../lib/store/claim.ts";

const [file = ""] = Deno.args;
using _claim = await claim(file, {
  job: "j",
  say: (text) => Deno.stdout.writeSync(new TextEncoder().encode(text)),
  ignoresSpace: false,
});
