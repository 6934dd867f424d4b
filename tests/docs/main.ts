/**
 * `deno task docs`: writes the generated parts of `docs/` again; prints the files that changed.
 *
 * @module
 */

import { writeGenerated } from "./generated.ts";

if (import.meta.main) {
  const changed = (await writeGenerated()).map((path) => `${path}\n`).join("");
  await Deno.stdout.write(new TextEncoder().encode(changed === "" ? "docs/ is up to date\n" : changed));
}
