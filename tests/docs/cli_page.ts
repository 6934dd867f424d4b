/**
 * The text of `docs/cli.md`: every command's long help, and the exit codes. Pure.
 *
 * @module
 */

import { commands } from "../../lib/command/commands.ts";
import { commandHelp } from "../../lib/command/help.ts";

/** The whole page. */
export function cliPage(): string {
  return [
    "# Command line",
    "Data goes to standard output, messages and progress to standard error. `--json` prints one JSON object.",
    "## Exit codes",
    "| code | meaning |\n| --- | --- |",
    "| 0 | every key has a verdict, and the coverage is reached |",
    "| 1 | internal error, or the database is damaged |",
    "| 2 | wrong usage or job file; nothing was asked of that window |",
    "| 3 | finished, but the coverage is below `min_coverage`, or a control key failed |",
    "| 75 | interrupted, API down, no key list, disk full, or another run is active: run again (`EX_TEMPFAIL`) |",
    ...commands.map((command) =>
      `\n## trawl ${command.name}\n\n\`\`\`text\n${commandHelp(command, { isLong: true })}\`\`\``
    ),
  ].join("\n").replaceAll(/\n(#|Data|\| code)/g, "\n\n$1") + "\n";
}
