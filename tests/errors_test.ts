import assert from "node:assert/strict";
import { messageOf } from "../lib/errors.ts";

Deno.test("messageOf() leaves out the number and the operation of a system error", async () => {
  const error: unknown = await Deno.readFile("no/such/file").catch((error) => error);
  assert.equal(messageOf(error), "No such file or directory");
  assert.equal(messageOf(new Error("Is a directory (os error 21)")), "Is a directory");
  assert.equal(messageOf(new Error("a\n  b")), "a b");
});
