/**
 * Priorities of lines for systemd's journal (sd-daemon(3)). Loaded only where `$JOURNAL_STREAM` is set.
 *
 * @module
 */

import { fstatSync } from "node:fs";
import type { MessageLevel } from "../context.ts";

/** As in syslog(3). */
const priorities = { error: 3, warning: 4, info: 6 } as const satisfies Record<MessageLevel, number>;

/** The text with its priority before each line, such as `<3>`; the journal removes it. */
export function prioritized(text: string, level: MessageLevel): string {
  return text.replaceAll(/^(?=.)/gm, `<${priorities[level]}>`);
}

/**
 * Whether standard error is the journal's stream, which `$JOURNAL_STREAM` names by device and inode. The variable is
 * inherited, so it may be set where standard error leads elsewhere.
 */
export function isJournal(stream: string | undefined): boolean {
  const { dev, ino } = fstatSync(2);
  return stream === `${dev}:${ino}`;
}
