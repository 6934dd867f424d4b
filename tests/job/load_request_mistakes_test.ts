/**
 * Mistakes in the request of a job file, with the complete message.
 *
 * @module
 */

import { strictEqual } from "node:assert/strict";
import { base, messageOf, type Mistake, testMistakes } from "./mistakes.ts";

/** A job with this URL, at line 4, column 7. */
function url(text: string): string {
  return `name = "j"\nrows.path = "$[*]"\n[request]\nurl = ${text}\n`;
}

const mistakes: readonly Mistake[] = [
  ...["https://a.example", "a.example/x", "me@a.example", "*.example.org", "a b", "", "a:99999", "[::", "a?b"]
    .map((
      host,
    ): Mistake => [
      `"${host}" to be redirected to`,
      base.replace("[rows]", `redirect_hosts = ["h", "${host}"]\n[rows]`),
      `4:24: request.redirect_hosts[1]: must be a host, such as "cdn.example.org" or "127.0.0.1:8080": found "${host}"`,
    ]),
  [
    "too many hosts to be redirected to",
    base.replace("[rows]", `redirect_hosts = [${'"h",'.repeat(17)}]\n[rows]`),
    "4:18: request.redirect_hosts: must be a list of at most 16 hosts: found a list",
  ],
  [
    "a timeout without a unit",
    `${base.replace("[rows]", 'timeout = { idle = "60" }\n[rows]')}`,
    '4:20: request.timeout.idle: must be a duration from 1ms to 1d in ms, s, m, h or d, such as "90s": found "60"',
  ],
  [
    "a timeout of zero",
    `${base.replace("[rows]", 'timeout = { connect = "0s" }\n[rows]')}`,
    '4:23: request.timeout.connect: must be a duration from 1ms to 1d in ms, s, m, h or d, such as "90s": found "0s"',
  ],
  [
    "a timeout beyond a day",
    `${base.replace("[rows]", 'timeout.total = "25h"\n[rows]')}`,
    '4:17: request.timeout.total: must be a duration from 1ms to 1d in ms, s, m, h or d, such as "90s": found "25h"',
  ],
  [
    "a timeout that is a number",
    `${base.replace("[rows]", "timeout = { first_byte = 10 }\n[rows]")}`,
    '4:26: request.timeout.first_byte: must be a text such as "90s": found 10',
  ],
  [
    "a size with an unknown unit",
    `${base.replace("[rows]", 'max_body = "8G"\n[rows]')}`,
    '4:12: request.max_body: must be a size from 1 B to 1 TiB in B, KiB, MiB, GiB (or KB, MB, GB), such as "64MiB": found "8G"',
  ],
  ["a URL without a key", url('"https://h/"'), '4:7: request.url: must contain {key}: found "https://h/"'],
  [
    "a URL that is FTP",
    url('"ftp://h/{key}"'),
    '4:7: request.url: must begin with http:// or https://: found "ftp://h/{key}"',
  ],
  [
    "a relative URL",
    url('"/data/{key}"'),
    '4:7: request.url: must begin with http:// or https://: found "/data/{key}"',
  ],
  [
    "a URL with a space",
    url('"https://h/a b/{key}"'),
    '4:7: request.url: must hold no spaces or control characters: found "https://h/a b/{key}"',
  ],
  [
    "a URL without a host",
    url('"https:///{key}"'),
    '4:7: request.url: must hold {key} and {window.…} behind the host and port only: found "https:///{key}"',
  ],
  [
    "a URL with a wrong port",
    url('"https://h:99999/{key}"'),
    '4:7: request.url: must be a whole URL, such as https://host/path: found "https://h:99999/{key}"',
  ],
  [
    "a key in the host",
    url('"https://{key}.example/"'),
    '4:7: request.url: must hold {key} and {window.…} behind the host and port only: found "https://{key}.example/"',
  ],
  [
    "a key as the port",
    url('"https://h:{key}/"'),
    '4:7: request.url: must hold {key} and {window.…} behind the host and port only: found "https://h:{key}/"',
  ],
  [
    "a key as the scheme",
    url('"{key}://h/"'),
    '4:7: request.url: must begin with http:// or https://: found "{key}://h/"',
  ],
  [
    "a key after user information",
    url('"https://me@{key}/"'),
    '4:7: request.url: must hold {key} and {window.…} behind the host and port only: found "https://me@{key}/"',
  ],
  [
    "a key after a backslash in place of a slash",
    url("'https://h\\{key}'"),
    '4:7: request.url: must hold {key} and {window.…} behind the host and port only: found "https://h\\\\{key}"',
  ],
  [
    "a key in the fragment",
    url('"https://h/#{key}"'),
    '4:7: request.url: must hold {key} before the "#": what follows it is never sent: found "https://h/#{key}"',
  ],
  [
    "an unknown placeholder",
    url('"https://h/{keys}"'),
    "4:7: request.url: must use only the placeholders {key}, {env.NAME} and {secret.NAME}: found {keys}",
  ],
  [
    "an empty placeholder",
    url('"https://h/{}"'),
    "4:7: request.url: must use only the placeholders {key}, {env.NAME} and {secret.NAME}: found {}",
  ],
  [
    "a placeholder with a line break",
    url('"https://h/{key}?a={ke\\ny}"'),
    "4:7: request.url: must use only the placeholders {key}, {env.NAME} and {secret.NAME}: found {ke y}",
  ],
  [
    "a placeholder without end",
    url(`"https://h/{${"x".repeat(100)}}"`),
    `4:7: request.url: must use only the placeholders {key}, {env.NAME} and {secret.NAME}: found {${
      "x".repeat(80)
    }…}`,
  ],
  [
    "a brace alone",
    url('"https://h/{key}}"'),
    '4:7: request.url: must write a literal brace as "{{" or "}}": found a single "}"',
  ],
  [
    "a brace that is not closed",
    url('"https://h/{key"'),
    '4:7: request.url: must write a literal brace as "{{" or "}}": found a single "{"',
  ],
  [
    "a window that the job has not",
    url('"https://h/{key}?s={window.start}"'),
    "4:7: request.url: needs a [window] table for {window.start}: the job has none",
  ],
  [
    "an environment variable that is not set",
    url('"https://h/{key}?a={env.NOT_SET}"'),
    "4:7: request.url: needs the environment variable NOT_SET: it is not set",
  ],
  [
    "a secret that is not there",
    url('"https://h/{key}?a={secret.NOT_THERE}"'),
    "4:7: request.url: needs the secret NOT_THERE: no environment variable or systemd credential has this name",
  ],
  [
    "a set value that is not there",
    `${url('"https://h/{key}?a={set.hosts}"')}[set]\nhost = "x"\n`,
    "4:7: request.url: must use only the placeholders {key}, {set.host}, {env.NAME} and {secret.NAME}: found {set.hosts}",
  ],
  [
    "a header with a line break",
    `${base.replace("[rows]", 'headers = { a = "x\\r\\nb: c" }\n[rows]')}`,
    "4:17: request.headers.a: must be Latin-1 without line breaks and control characters: found U+000D in its value",
  ],
  [
    "a secret with a line break in a header",
    `${base.replace("[rows]", 'headers = { a = "{secret.BROKEN}" }\n[rows]')}`,
    "4:17: request.headers.a: needs the secret BROKEN as Latin-1 without control characters: it contains a line break",
  ],
  [
    "a secret beyond Latin-1 in a header",
    `${base.replace("[rows]", 'headers = { a = "{secret.SNOW}" }\n[rows]')}`,
    "4:17: request.headers.a: needs the secret SNOW as Latin-1 without control characters: it contains another character",
  ],
  [
    "a secret that is empty",
    url('"https://h/{key}?a={secret.EMPTY}"'),
    "4:7: request.url: needs the secret EMPTY with a value: it is empty",
  ],
  [
    "a secret in the host",
    url('"https://{secret.SHORT}.example/{key}"'),
    "4:7: request.url: must hold {secret.…} behind the host and port, or as a user's password, only: " +
    'found "https://{secret.SHORT}.example/{key}"',
  ],
  [
    "a secret that is the host",
    url('"https://{secret.SHORT}/{key}"'),
    "4:7: request.url: must hold {secret.…} behind the host and port, or as a user's password, only: " +
    'found "https://{secret.SHORT}/{key}"',
  ],
  [
    "a secret that is the port",
    url('"https://h:{secret.SHORT}/{key}"'),
    "4:7: request.url: must hold {secret.…} behind the host and port, or as a user's password, only: " +
    'found "https://h:{secret.SHORT}/{key}"',
  ],
  [
    "a header beyond Latin-1",
    `${base.replace("[rows]", 'headers = { a = "☃" }\n[rows]')}`,
    "4:17: request.headers.a: must be Latin-1 without line breaks and control characters: found U+2603 in its value",
  ],
  [
    "a header's name with a space",
    `${base.replace("[rows]", 'headers = { "a b" = "x" }\n[rows]')}`,
    '4:21: request.headers."a b": must have a name of letters, digits and hyphens',
  ],
  [
    "a header twice",
    `${base.replace("[rows]", 'headers = { accept = "x", Accept = "y" }\n[rows]')}`,
    "4:27: request.headers.Accept: must occur only once, in any letter case: found again",
  ],
];

testMistakes(mistakes);

Deno.test("loadJob() never shows the value of a secret", () => {
  for (const [, text] of mistakes) strictEqual(/s3cret/.test(messageOf(text)), false);
});
