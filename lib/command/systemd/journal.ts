/**
 * What systemd's journal wants to know of a line: its priority, as sd-daemon(3) has it. Loaded only where there is one.
 *
 * @module
 */

import { fstatSync } from "node:fs";
import type { Level } from "../context.ts";

/** Those of syslog. */
const priorities = { error: 3, warning: 4, info: 6 } as const satisfies Record<Level, number>;

/** Each line with its priority in front of it, which the journal takes off again. */
export function prioritized(text: string, level: Level): string {
  return text.replaceAll(/^(?=.)/gm, `<${priorities[level]}>`);
}

/**
 * Whether standard error is the stream to the journal that `$JOURNAL_STREAM` names by its device and inode. A service
 * may have sent it elsewhere, and what it starts inherits the variable.
 */
export function isJournal(stream: string | undefined): boolean {
  const { dev, ino } = fstatSync(2);
  return stream === `${dev}:${ino}`;
}
