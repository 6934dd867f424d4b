/**
 * A contestant: the timestamps of a file by `@streamparser/json`, chunk by chunk, one per line.
 *
 * @module
 */

import { JSONParser } from "@streamparser/json";
import { printLines } from "./print_lines.ts";

const [path = ""] = Deno.args;
let found: number[] = [];
const parser = new JSONParser({ paths: ["$.data.updates.*.timestamp"], keepStack: false });
parser.onValue = ({ value }) => {
  if (typeof value === "number") found.push(value);
};
using file = await Deno.open(path);
for await (const chunk of file.readable) {
  parser.write(chunk);
  printLines(found);
  found = [];
}
