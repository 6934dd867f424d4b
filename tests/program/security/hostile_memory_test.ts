/**
 * Answers that together would take more memory than V8's heap has: running out of it would end the process, and every
 * resume. The heap is that of the executable.
 *
 * @module
 */

import assert from "node:assert/strict";
import { delay } from "@std/async/delay";
import { memoryNeedBytes } from "../../../lib/collect/workers/memory_need.ts";
import { HandlerServer } from "../../http/support.ts";
import { query } from "../../support/database.ts";
import { hasProc, peakMemoryOf } from "../../support/memory.ts";
import { TempFolder } from "../../support/temp.ts";
import { startTrawl } from "../../support/trawl.ts";

const encoder = new TextEncoder();
const piece = encoder.encode("x".repeat(65_536));

/** A body in pieces. Its end comes a moment later, so that all answers in flight are held at once. */
function late(head: string, pieces: number, tail: string): Response {
  let sent = -1;
  return new Response(
    new ReadableStream({
      async pull(controller) {
        if (sent++ < 0) return controller.enqueue(encoder.encode(head));
        if (sent <= pieces) return controller.enqueue(piece.slice());
        await delay(200);
        controller.enqueue(encoder.encode(tail));
        controller.close();
      },
    }),
  );
}

/** A text of this many MiB with one character beyond Latin-1: two bytes a character on the heap. */
function text(mebibytes: number): Response {
  return late('{"items": [{"v": "', 16 * mebibytes, '€"}]}');
}

const valueColumn = 'columns = { v = { path = "$.v" } }';

/** 199 columns of nothing but nulls: a row of two bytes takes 1.8 KB of cells. */
const manyColumns = `columns = { ${
  Array.from({ length: 199 }, (_, at) => `c${at} = { path = "$.c${at}" }`)
} }`;

/** The same node in every column: one text of 1 MiB takes 30. */
const sameColumns = `columns = { ${Array.from({ length: 30 }, (_, at) => `c${at} = { path = "$.v" }`)} }`;

interface Case {
  readonly what: string;
  readonly inFlight: number;
  readonly answer: () => Response;
  /** Lines of `[rows]`. */
  readonly rows: string;
  /** Verdicts or failure reasons, with the number of their keys. */
  readonly expected: readonly (readonly [string, number])[];
  /** The bytes stored of each row's column, or the count. */
  readonly stored?: readonly [sql: string, value: number];
}

const cases: readonly Case[] = [
  {
    what: "texts of 7 MiB beyond Latin-1",
    inFlight: 16,
    answer: () => text(7),
    rows: `path = "$.items[*]"\n${valueColumn}`,
    expected: [["ok", 16]],
    stored: ["SELECT sum(length(CAST(v AS BLOB))) FROM rows", 16 * (7 * 1_024 * 1_024 + 3)],
  },
  {
    what: "texts of 1 MiB beyond Latin-1",
    inFlight: 100,
    answer: () => text(1),
    rows: `path = "$.items[*]"\n${valueColumn}`,
    expected: [["ok", 100]],
    stored: ["SELECT sum(length(v)) FROM rows", 100 * (1_024 * 1_024 + 1)],
  },
  {
    what: "rows of a thousand times their bytes",
    inFlight: 4,
    answer: () => new Response(`{"items": [${"1,".repeat(30_000)}1]}`),
    rows: `path = "$.items[*]"\n${manyColumns}`,
    expected: [["value-too-large", 4]],
  },
  {
    what: "one text in many columns",
    inFlight: 4,
    answer: () => text(1),
    rows: `path = "$.items[*]"\n${sameColumns}`,
    expected: [["value-too-large", 4]],
  },
];

for (const { what, inFlight, answer, rows, expected, stored } of cases) {
  Deno.test({
    name: `trawl run lives through ${inFlight} answers at once with ${what}`,
    ignore: !hasProc,
    fn: async () => {
      using folder = new TempFolder();
      await using server = new HandlerServer(answer);
      const job = folder.file(
        "a.toml",
        `name = "a"\nkeys = { range = "1..${inFlight}" }\n[request]\nurl = "${server.url}/{key}"
[limits]\nin_flight = ${inFlight}\n[retry]\nattempts = 1\n[rows]\n${rows}\n`,
      );
      const running = startTrawl(["run", job], { cwd: folder.path });
      const peakBytes = await peakMemoryOf(running);
      const { code, signal, stderr } = await running.ended;
      assert.deepEqual(
        [code, signal],
        [expected.every(([verdict]) => verdict === "ok") ? 0 : 3, null],
        stderr,
      );
      const found = query(
        folder.file("a.db"),
        "SELECT coalesce(reason, verdict), count(*) FROM fetches GROUP BY 1 ORDER BY 1",
      );
      assert.deepEqual(found, expected);
      if (stored !== undefined) assert.deepEqual(query(folder.file("a.db"), stored[0]), [[stored[1]]]);
      assert.ok(peakBytes < memoryNeedBytes(inFlight), `${peakBytes} bytes`);
    },
  });
}
