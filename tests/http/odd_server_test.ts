/**
 * Servers that send invalid or endless HTTP: every exchange ends with a status or a reason.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { ExchangeFailure } from "../../lib/http/exchange_error.ts";
import {
  clientOf,
  fails,
  head,
  patient,
  RawServer,
  requestFor,
  says,
  smallText,
  wholeText,
  write,
} from "./support.ts";

const body = "content-length: 2\r\n\r\nok";
const chunked = `${head}transfer-encoding: chunked\r\n\r\n`;
const fields = (count: number) => Array.from({ length: count }, (_, index) => `x-${index}: v\r\n`).join("");
const kib = (count: number) => "v".repeat(count * 1_024);

/** The bytes sent, and how the exchange ends: a status with its text, or a failure reason. */
const oddities: readonly (readonly [string, string, ExchangeFailure | readonly [number, string]])[] = [
  ["99 header fields besides its length", `${head}${fields(99)}${body}`, [200, "ok"]],
  ["100 header fields besides its length", `${head}${fields(100)}${body}`, "bad-http"],
  ["a header field of 380 KiB", `${head}x: ${kib(380)}\r\n${body}`, [200, "ok"]],
  ["a header field of 2 MiB", `${head}x: ${kib(2_048)}\r\n${body}`, "bad-http"],
  ["two lengths that differ", `${head}content-length: 2\r\ncontent-length: 3\r\n\r\nok`, "bad-http"],
  ["two lengths that are the same", `${head}content-length: 2\r\ncontent-length: 2\r\n\r\nok`, [200, "ok"]],
  ["a length below 0", `${head}content-length: -1\r\n\r\nok`, "bad-http"],
  ["a length that is no number", `${head}content-length: 2e0\r\n\r\nok`, "bad-http"],
  ["a length beyond 64 bit", `${head}content-length: 99999999999999999999\r\n\r\nok`, "bad-http"],
  [
    "a length and chunks",
    `${chunked.replace("\r\n\r\n", "\r\ncontent-length: 9")}\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    [
      200,
      "ok",
    ],
  ],
  ["a chunk size beyond 64 bit", `${chunked}ffffffffffffffffff\r\nok`, "cut"],
  ["a chunk size that is none", `${chunked}two\r\nok`, "cut"],
  ["trailers", `${chunked}2\r\nok\r\n0\r\nx: 1\r\n\r\n`, [200, "ok"]],
  ["early hints before it", `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${head}${body}`, [200, "ok"]],
  ["another protocol instead", "HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", [
    101,
    "",
  ]],
  ["status 99", `HTTP/1.1 99 X\r\n${body}`, "bad-http"],
  ["status 999", `HTTP/1.1 999 X\r\n${body}`, [999, "ok"]],
  ["status 1000", `HTTP/1.1 1000 X\r\n${body}`, "bad-http"],
  ["a status that is a word", `HTTP/1.1 OK X\r\n${body}`, "bad-http"],
  ["HTTP of version 9.9", `HTTP/9.9 200 X\r\n${body}`, "bad-http"],
  ["the greeting of another protocol", "SSH-2.0-OpenSSH_9.9\r\n\r\n", "bad-http"],
  ["a body without a head", '{"items": []}\n', "bad-http"],
  ["NUL in a header", `${head}x: a\0b\r\n${body}`, "bad-http"],
  ["a header over two lines", `${head}x: a\r\n b\r\n${body}`, "bad-http"],
  ["a space before the colon", `${head}x : a\r\n${body}`, "bad-http"],
  ["line feeds alone", "HTTP/1.1 200 OK\ncontent-length: 2\n\nok", [200, "ok"]],
  ["half a head", "HTTP/1.1 200 OK\r\nx: ", "reset"],
  ["nothing", "", "reset"],
  ["a body that must not be", `HTTP/1.1 204 No\r\n${body}`, [204, ""]],
  ["another answer behind its own", `${head}${body}${head}${body}`, [200, "ok"]],
];

for (const [what, bytes, end] of oddities) {
  const how = typeof end === "string" ? `fails with ${end}` : `gives ${end.join(" ")}`.trim();
  Deno.test(`Client ${how} when a server sends ${what}`, async () => {
    await using server = new RawServer(says(bytes, (connection) => connection.close()));
    using client = clientOf(server);
    if (typeof end === "string") return await fails(client.send(requestFor(server.url)).then(wholeText), end);
    const answer = await client.send(requestFor(server.url));
    assert.deepEqual([answer.status, await wholeText(answer)], end);
  });
}

/** Endless bytes, and what precedes them. */
const endless: readonly (readonly [string, string, string, ExchangeFailure])[] = [
  ["a header field", `${head}x: `, "v".repeat(10_000), "bad-http"],
  ["header fields", head, "x: v\r\n".repeat(1_000), "bad-http"],
  ["a status line", "HTTP/1.1 200 ", "v".repeat(10_000), "bad-http"],
  ["trailers", `${chunked}2\r\nok\r\n0\r\n`, `x: ${"v".repeat(10_000)}\r\n`, "cut"],
  ["an extension of a chunk", `${chunked}2;`, "e".repeat(10_000), "cut"],
  ["answers before the answer", "", "HTTP/1.1 100 Continue\r\n\r\n".repeat(100), "first-byte-timeout"],
  [
    "a redirect's body",
    `HTTP/1.1 302 No\r\nlocation: /\r\ncontent-length: 999999999\r\n\r\n`,
    "v".repeat(10_000),
    "redirect",
  ],
];

for (const [what, beginning, again, reason] of endless) {
  Deno.test(`Client fails with ${reason} when ${what} never ends`, async () => {
    await using server = new RawServer(async (connection) => {
      await write(connection, beginning);
      for (;;) await write(connection, again);
    });
    const isLate = reason === "first-byte-timeout";
    using client = clientOf(server, isLate ? { timeouts: { ...patient, firstByteMs: 500 } } : {});
    await fails(client.send(requestFor(server.url)).then(smallText), reason);
  });
}
