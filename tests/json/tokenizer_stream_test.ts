/**
 * `TokenizerStream` and `selectValues()`: the values after each chunk, and the errors.
 *
 * @module
 */

import assert from "node:assert/strict";
import { JsonSyntaxError } from "../../lib/json/json_error.ts";
import { parsePath } from "../../lib/json/path/path_parser.ts";
import { Query } from "../../lib/json/query.ts";
import { type Collector, selectValues, TokenizerStream } from "../../lib/json/tokenizer_stream.ts";

Deno.test("selectValues() gives the values that each chunk completes", async () => {
  const chunks = ['[1,"a', '",{"b":', " 2}", "", ",[", "]]"];
  const batches = await Array.fromAsync(
    ReadableStream.from(chunks).pipeThrough(selectValues(parsePath("$[*]"))),
  );
  assert.deepEqual(batches, [["1"], ['"a"'], ['{"b": 2}'], ["[]"]]);
});

Deno.test("selectValues() gives a number at the root when the input ends", async () => {
  const batches = await Array.fromAsync(
    ReadableStream.from(["4", "2"]).pipeThrough(selectValues(parsePath("$"))),
  );
  assert.deepEqual(batches, [["42"]]);
});

Deno.test("selectValues() gives what was whole, then fails, when the input is cut", async () => {
  const batches: string[][] = [];
  await assert.rejects(async () => {
    for await (
      const batch of ReadableStream.from(["[1,2", ",3"]).pipeThrough(selectValues(parsePath("$[*]")))
    ) {
      batches.push(batch);
    }
  }, (error) => error instanceof JsonSyntaxError && error.fault === "cut");
  assert.deepEqual(batches, [["1"], ["2"]]);
});

Deno.test("TextDecoderStream and TokenizerStream read bytes when characters are cut and a byte order mark leads", async () => {
  const bytes = new TextEncoder().encode('\ufeff["é😀"]');
  const stream = ReadableStream.from(Array.from(bytes, (byte) => Uint8Array.of(byte)))
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(selectValues(parsePath("$[0]")));
  assert.deepEqual(await Array.fromAsync(stream), [['"é😀"']]);
});

Deno.test("TokenizerStream asks its collector once a chunk and passes on what there is", async () => {
  let visited = 0;
  const collector: Collector<number> = {
    enter: () => visited++,
    leave() {},
    text() {},
    take: () => visited === 0 ? undefined : visited,
  };
  const query = new Query([{ path: parsePath("$[*]"), take: "visit" }]);
  const stream = ReadableStream.from(["[", "1,", "2]"]).pipeThrough(new TokenizerStream(query, collector));
  assert.deepEqual(await Array.fromAsync(stream), [1, 2, 2]);
});
