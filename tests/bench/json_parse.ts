/**
 * A contestant: the whole file as one text, `JSON.parse`, then the timestamps, one per line.
 *
 * @module
 */

import { printLines, type Update } from "./print_lines.ts";

const [path = ""] = Deno.args;
const { data }: { data: { updates: Update[] } } = JSON.parse(await Deno.readTextFile(path));
const blockLines = 4_096;
for (let at = 0; at < data.updates.length; at += blockLines) {
  printLines(data.updates.slice(at, at + blockLines).map(({ timestamp }) => timestamp));
}
