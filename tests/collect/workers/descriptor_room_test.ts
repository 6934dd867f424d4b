/**
 * The look at the open files before a Worker starts, in a process of its own that has opened all it may.
 *
 * @module
 */

import assert from "node:assert/strict";

const module = new URL("../../../lib/collect/workers/descriptor_room.ts", import.meta.url).href;

const program = `
import { requireDescriptors } from ${JSON.stringify(module)};
const attempt = () => { try { requireDescriptors(); return "room"; } catch (error) { return error.message; } };
const files = [];
const outcomes = [attempt()];
try { for (;;) files.push(Deno.openSync("/dev/null")); } catch { /* All are open. */ }
outcomes.push(attempt());
files.splice(0, 10).forEach((file) => file.close());
outcomes.push(attempt());
files.splice(0, 10).forEach((file) => file.close());
outcomes.push(attempt(), attempt());
files.forEach((file) => file.close());
console.log(JSON.stringify(outcomes));
`;

Deno.test("requireDescriptors() names the setting to raise before the last descriptors are taken", {
  ignore: Deno.build.os === "windows",
}, async () => {
  const { success, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", 'ulimit -n 256; exec "$0" eval --quiet --no-check "$1"', Deno.execPath(), program],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const lack =
    "Cannot start a Worker: too many open files: raise LimitNOFILE of the unit, or ulimit -n in a shell, " +
    "or lower limits.in_flight; then run again to resume";
  assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), ["room", lack, lack, "room", "room"]);
});
