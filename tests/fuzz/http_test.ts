/**
 * Mutated answers, from the status line to the last byte, in pieces with pauses, cuts and resets: each exchange ends
 * within its deadlines, with a verdict or with a reason of the closed list.
 *
 * @module
 */

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { delay } from "@std/async/delay";
import { AttemptRunner } from "../../lib/worker/attempt.ts";
import { failureReasons } from "../../lib/rows/failure_reasons.ts";
import { rateLimitInfo } from "../../lib/http/rate_headers.ts";
import { retryDelayMs } from "../../lib/http/retry_delay.ts";
import { columnsOf, jobOf } from "../collect/support.ts";
import { clientOf, RawServer, write } from "../http/support.ts";
import type { Dice } from "../support/dice.ts";
import { fuzz, spoiled } from "./support.ts";

/** Milliseconds: the deadlines of an exchange, and a time that only a hang exceeds on a busy machine. */
const timeouts = { connectMs: 150, firstByteMs: 250, idleMs: 200, totalMs: 600 };
const hangMs = 30_000;

/** Exchanges at once. */
const together = 32;

const bodyBytesMax = 256 * 1024;

const words = [
  "transfer-encoding: chunked\r\n",
  "transfer-encoding: gzip, chunked\r\n",
  "content-length: 5\r\n",
  "content-length: -1\r\n",
  "content-length: 18446744073709551616\r\n",
  "content-encoding: gzip\r\n",
  "content-encoding: br\r\n",
  "content-encoding: gzip, gzip\r\n",
  "connection: close\r\n",
  "connection: upgrade\r\nupgrade: websocket\r\n",
  "location: /k\r\n",
  "location: //[\r\n",
  "location: http://127.0.0.1:9/\r\n",
  "retry-after: 99999999999999999999999\r\n",
  `retry-after: ${"9".repeat(400)}\r\n`,
  "retry-after: Fri, 31 Dec 9999 23:59:59 GMT\r\n",
  'ratelimit: "a";r=0;t=999999999999999, b;r="\r\n',
  "x-ratelimit-remaining: 0\r\nx-ratelimit-reset: 1e999\r\n",
  `etag: ${"e".repeat(5_000)}\r\n`,
  `x-long: ${"l".repeat(500_000)}\r\n`,
  "x-many: 1\r\n".repeat(300),
  "x-folded: a\r\n b\r\n",
  "\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\n\r\n",
  "HTTP/1.1 304 Not Modified\r\n\r\n",
  "0\r\n\r\n",
  "ffffffffffffffff\r\n",
  "5;ext=1\r\nhello\r\n",
  "trailer: x\r\n",
];

const bodies = [
  '{"r":[{"v":1},{"v":"two"}]}',
  '{"r":[]}',
  `{"r":[${'{"v":"x"},'.repeat(8_000)}{"v":0}]}`,
  `{"r":${"[".repeat(600)}${"]".repeat(600)}}`,
  `{"r":[{"v":${"9".repeat(1_000)}}]}`,
  `{"r":[{"v":"${"\\u0000".repeat(1_000)}"}]}`,
  "<html>502 Bad Gateway</html>",
  "",
  "nul",
];

/** A valid answer as Latin-1 text, in one of three framings. */
function answerOf(dice: Dice): string {
  const status = dice.chance(0.6)
    ? 200
    : dice.pick([100, 101, 204, 206, 301, 302, 304, 307, 403, 404, 429, 500, 503, 999]);
  let body = dice.pick(bodies);
  if (dice.chance(0.2)) body = spoiled(body, dice);
  const isZipped = dice.chance(0.3);
  if (isZipped) body = gzipSync(body).toString("latin1");
  if (isZipped && dice.chance(0.3)) body = spoiled(body, dice);
  const headers = [
    `HTTP/1.1 ${status} ${dice.pick(["OK", "", "\xe9"])}`,
    ...(isZipped ? ["content-encoding: gzip"] : []),
  ];
  switch (dice.below(3)) {
    case 0:
      return [...headers, `content-length: ${body.length}`, "", body].join("\r\n");
    case 1:
      return [...headers, "transfer-encoding: chunked", "", chunked(body, dice)].join("\r\n");
    default:
      return [...headers, "connection: close", "", body].join("\r\n");
  }
}

function chunked(body: string, dice: Dice): string {
  const size = dice.pick([1_000, 10_000, 100_000]);
  let text = "";
  for (let at = 0; at < body.length; at += size) {
    const chunk = body.slice(at, at + size);
    text += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
  }
  return `${text}0\r\n\r\n`;
}

/** What a server sends: pieces, each after a pause, and whether it then closes the connection. */
interface Plan {
  readonly pieces: readonly { readonly delayMs: number; readonly bytes: Uint8Array }[];
  readonly isClosed: boolean;
}

/** A mutated answer. */
function planOf(dice: Dice): Plan {
  let text = answerOf(dice);
  if (dice.chance(0.5)) text = spoiled(text, dice, words);
  // Most parsers fail in the head.
  if (dice.chance(0.3)) text = text.replace("\r\n", () => `\r\n${dice.pick(words)}`);
  const bytes = new Uint8Array(Buffer.from(text, "latin1"));
  const last = dice.chance(0.8) ? bytes.length : dice.below(bytes.length + 1);
  const pieces: { delayMs: number; bytes: Uint8Array }[] = [];
  for (let sent = 0; sent < last;) {
    const end: number = pieces.length === 3
      ? last
      : Math.min(last, sent + 1 + dice.below(dice.pick([4, 200, last])));
    pieces.push({ delayMs: dice.pick([0, 0, 0, 1, 20, 300]), bytes: bytes.subarray(sent, end) });
    sent = end;
  }
  return { pieces, isClosed: dice.chance(0.5) };
}

async function send(connection: Deno.TcpConn, { pieces, isClosed }: Plan): Promise<void> {
  for (const { delayMs, bytes } of pieces) {
    if (delayMs > 0) await delay(delayMs);
    await write(connection, bytes);
  }
  if (isClosed) connection.close();
}

function assertSane(status: number, headers: Headers, dice: Dice): void {
  const { pauseMs, retryAfterMs } = rateLimitInfo(status, headers, 1e12);
  assert.ok(pauseMs === undefined || pauseMs >= 0, `a pause of ${pauseMs} ms`);
  const delayMs = retryDelayMs({ attempts: 1, attemptsMax: 2, retryAfterMs }, dice.next());
  assert.ok(delayMs === undefined || delayMs >= 0 && delayMs <= 3_600_000, `a delay of ${delayMs} ms`);
}

/** Bytes that this process holds in and outside the heap. */
function heldBytes(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

let rounds = 0;
let heldBefore = 0;

fuzz("AttemptRunner ends each exchange with a verdict or a reason, whatever a server sends", {
  cases: 6,
  once: async (dice) => {
    const plans = Array.from({ length: together }, () => planOf(dice));
    await using server = new RawServer((connection, request) => {
      // A redirected request gets the same answer.
      const plan = plans[Number(/^GET \/(\d+)/.exec(request)?.[1] ?? 0)];
      return plan === undefined ? Promise.resolve() : send(connection, plan);
    });
    let insane: unknown;
    using client = clientOf(server, {
      timeouts,
      bodyBytesMax,
      onHead: ({ status, headers }) => {
        try {
          assertSane(status, headers, dice);
        } catch (error) {
          insane = error;
        }
      },
    });
    const job = jobOf(server.url, { rows: { columns: columnsOf({ v: "any" }) } });
    const asker = new AttemptRunner(job, { window: undefined, client });
    let hang: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      hang = setTimeout(() => reject(new Error("Cannot end an exchange within its deadlines")), hangMs);
    });
    const asked = Promise.all(
      plans.map((_, index) => asker.ask([{ key: String(index) }], () => Promise.resolve())),
    );
    const attempts = await Promise.race([asked, late]).finally(() => clearTimeout(hang));
    // A probe whether the server accepts connections may outlive its exchange.
    await delay(timeouts.connectMs);
    for (const attempt of attempts) {
      assert.ok(attempt.bytes <= bodyBytesMax + 64 * 1024, `${attempt.bytes} bytes`);
      if (attempt.verdict === "ok" || attempt.verdict === "empty") continue;
      assert.equal(attempt.verdict, "failed");
      assert.ok(attempt.reason in failureReasons || /^http-[1-9]\d\d$/.test(attempt.reason), attempt.reason);
      assert.notEqual(attempt.reason, "bad-key");
    }
    if (insane !== undefined) throw insane;
    // After three rounds everything is compiled, so growth is a leak.
    if (++rounds === 3) heldBefore = heldBytes();
    if (rounds > 3) {
      assert.ok(
        heldBytes() - heldBefore < 256 * 1024 * 1024,
        `${heldBytes() - heldBefore} bytes more are held`,
      );
    }
  },
});
