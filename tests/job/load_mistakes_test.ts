/**
 * Every way to get a job file wrong that was thought of, with the whole message and the place it names.
 *
 * @module
 */

import { match, ok, strictEqual } from "node:assert/strict";
import { UsageError } from "../../lib/errors.ts";
import { loadJob } from "../../lib/job/load.ts";

/** The smallest job: five lines, to which a mistake is added. */
const base = 'name = "j"\n[request]\nurl = "https://h/{key}"\n[rows]\npath = "$[*]"\n';

/** A job with this URL, which stands in line 4 from column 7 on. */
function url(text: string): string {
  return `name = "j"\nrows.path = "$[*]"\n[request]\nurl = ${text}\n`;
}

/** A job with these columns, from line 7 on, or one line later after a line of `[rows]`. */
function cols(columns: string, rows = ""): string {
  return `${base}${rows}[rows.columns]\n${columns}\n`;
}

/** When, the file's text, and the message after the file's name. */
const mistakes: readonly (readonly [string, string, string])[] = [
  ["an empty file", "", "1:1: name: must be a name in quotes: found nothing (and 2 more)"],
  [
    "no name",
    'rows.path = "$"\nrequest.url = "https://h/{key}"\n',
    "1:1: name: must be a name in quotes: found nothing",
  ],
  ["an unclosed text", 'name = "j\n', "1:10: Cannot read the job file as TOML: unterminated string constant"],
  [
    "a value that is missing",
    "name =\n",
    "2:1: Cannot read the job file as TOML: unspecified values are invalid",
  ],
  [
    "a field twice",
    'name = "j"\nname = "k"\n',
    "2:1: Cannot read the job file as TOML: defining a key multiple times is invalid",
  ],
  [
    "a table twice",
    `${base}[rows]\n`,
    "6:2: Cannot read the job file as TOML: defining a key multiple times is invalid",
  ],
  [
    "two fields in one line",
    'name = "j" rows = 1\n',
    "1:12: Cannot read the job file as TOML: must be a newline",
  ],
  ...["https://a.example", "a.example/x", "me@a.example", "*.example.org", "a b", "", "a:99999", "[::", "a?b"]
    .map((
      host,
    ): readonly [string, string, string] => [
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
    "no rows at all",
    `${base}max = 0\n`,
    "6:7: rows.max: must be a whole number from 1 to 100000000: found 0",
  ],
  [
    "a name with a slash",
    base.replace('"j"', '"a/b"'),
    '1:8: name: must be 1 to 100 letters, digits, dots, hyphens or underscores, the first a letter or digit: found "a/b"',
  ],
  [
    "an empty name",
    base.replace('"j"', '""'),
    '1:8: name: must be 1 to 100 letters, digits, dots, hyphens or underscores, the first a letter or digit: found ""',
  ],
  ["a name that is a number", base.replace('"j"', "7"), "1:8: name: must be a name in quotes: found 7"],
  [
    "a name that is a date",
    base.replace('"j"', "2026-11-20"),
    "1:8: name: must be a name in quotes: found a date",
  ],
  ["an unknown table", `${base}[limit]\n`, '6:2: limit: is not a known field: did you mean "limits"'],
  [
    "an unknown field",
    `${base}[limits]\n  inflight = 3\n`,
    '7:3: limits.inflight: is not a known field: did you mean "in_flight"',
  ],
  [
    "an unknown field far from all others",
    `${base}[limits]\nzzz = 3\n`,
    "7:1: limits.zzz: is not a known field: known fields are in_flight, in_flight_max, rate, batch",
  ],
  [
    "a field named __proto__",
    `${base}[limits]\n__proto__ = 3\n`,
    "7:1: limits.__proto__: is not a known field: known fields are in_flight, in_flight_max, rate, batch",
  ],
  [
    "an unknown field of a column",
    cols('a = { path = "$", typ = "text" }'),
    '7:19: rows.columns.a.typ: is not a known field: did you mean "type"',
  ],
  [
    "an unknown field of a fail rule",
    `${base}[accept]\nfail_if = [{ path = "$", equal = 1 }]\n`,
    '7:26: accept.fail_if[0].equal: is not a known field: did you mean "equals"',
  ],
  [
    "an unknown field in an array of tables",
    `${base}[[accept.fail_if]]\npath = "$"\nexists = true\n[[accept.fail_if]]\npath = "$"\nexist = true\n`,
    '11:1: accept.fail_if[1].exist: is not a known field: did you mean "exists"',
  ],
  [
    "a table that is a number",
    `${base.replace('name = "j"', 'name = "j"\nlimits = 3')}`,
    "2:10: limits: must be a table: found 3",
  ],
  [
    "in_flight as a text",
    `${base}[limits]\nin_flight = "eight"\n`,
    '7:13: limits.in_flight: must be a whole number from 1 to 10000, or "auto": found "eight"',
  ],
  [
    "in_flight of zero",
    `${base}[limits]\nin_flight = 0\n`,
    '7:13: limits.in_flight: must be a whole number from 1 to 10000, or "auto": found 0',
  ],
  [
    "in_flight beyond the limit",
    `${base}[limits]\nin_flight = 10_001\n`,
    '7:13: limits.in_flight: must be a whole number from 1 to 10000, or "auto": found 10001',
  ],
  [
    "in_flight with a fraction",
    `${base}[limits]\nin_flight = 1.5\n`,
    '7:13: limits.in_flight: must be a whole number from 1 to 10000, or "auto": found 1.5',
  ],
  [
    "in_flight that is infinite",
    `${base}[limits]\nin_flight = inf\n`,
    '7:13: limits.in_flight: must be a whole number from 1 to 10000, or "auto": found Infinity',
  ],
  [
    "a batch too large",
    `${base}[limits]\nbatch = 50001\n`,
    "7:9: limits.batch: must be a whole number from 1 to 50000: found 50001",
  ],
  [
    "a cap of auto beside a number",
    `${base}[limits]\nin_flight_max = 9\n`,
    '7:1: limits.in_flight_max: must stand beside in_flight = "auto": found 8',
  ],
  [
    "a cap of auto that is auto",
    `${base}[limits]\nin_flight = "auto"\nin_flight_max = "auto"\n`,
    '8:17: limits.in_flight_max: must be a whole number from 1 to 10000: found "auto"',
  ],
  [
    "a rate without a unit",
    `${base}[limits]\nrate = "50"\n`,
    '7:8: limits.rate: must be a whole number above 0 and /s, /min, /h or /day, such as "50/s", or "auto": found "50"',
  ],
  [
    "a rate with an unknown unit",
    `${base}[limits]\nrate = "50/minute"\n`,
    '7:8: limits.rate: must be a whole number above 0 and /s, /min, /h or /day, such as "50/s", or "auto": found "50/minute"',
  ],
  [
    "a rate of zero",
    `${base}[limits]\nrate = "0/s"\n`,
    '7:8: limits.rate: must be a whole number above 0 and /s, /min, /h or /day, such as "50/s", or "auto": found "0/s"',
  ],
  [
    "a rate that is a number",
    `${base}[limits]\nrate = 50\n`,
    '7:8: limits.rate: must be a rate such as "50/s", "auto", or a list of them: found 50',
  ],
  [
    "a wrong rate in a list",
    `${base}[limits]\nrate = ["1/s", "x/s"]\n`,
    '7:16: limits.rate[1]: must be a whole number above 0 and /s, /min, /h or /day, such as "50/s", or "auto": found "x/s"',
  ],
  [
    "a number in a list of rates",
    `${base}[limits]\nrate = ["1/s", 3]\n`,
    '7:8: limits.rate: must be a rate such as "50/s", "auto", or a list of them: found a list',
  ],
  [
    "an empty list of rates",
    `${base}[limits]\nrate = []\n`,
    "7:8: limits.rate: must be 1 to 8 rates: found a list",
  ],
  [
    "no attempts",
    `${base}[retry]\nattempts = 0\n`,
    "7:12: retry.attempts: must be a whole number from 1 to 100: found 0",
  ],
  [
    "a coverage above one",
    `${base}[accept]\nmin_coverage = 99\n`,
    "7:16: accept.min_coverage: must be a number from 0 to 1: found 99",
  ],
  [
    "a coverage in percent",
    `${base}[accept]\nmin_coverage = "99%"\n`,
    '7:16: accept.min_coverage: must be a number from 0 to 1: found "99%"',
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
  [
    "two sources of keys",
    `${base}[keys]\nfile = "k.txt"\nrange = "1..2"\n`,
    "6:2: keys: must hold only one of file, range and url: found file and range",
  ],
  [
    "a URL of keys without a path",
    `${base}[keys]\nurl = "https://h/"\n`,
    "7:1: keys.url: must stand beside keys.path, the path of the keys: there is none",
  ],
  [
    "a path of keys without a URL",
    `${base}[keys]\npath = "$[*]"\n`,
    "7:1: keys.path: must stand beside keys.url: there is none",
  ],
  [
    "a path of keys that is none",
    `${base}[keys]\nurl = "https://h/"\npath = "$["\n`,
    '8:8: keys.path: Cannot read the path "$[" as a bracket is not closed: at character 3',
  ],
  [
    "a key in the URL of keys",
    `${base}[keys]\nurl = "https://h/{key}"\npath = "$[*]"\n`,
    "7:7: keys.url: must hold no placeholders but {env.NAME} and {secret.NAME}: found {key}",
  ],
  ["an empty key file", `${base}[keys]\nfile = ""\n`, '7:8: keys.file: must be the name of a file: found ""'],
  [
    "a range that runs backwards",
    `${base}[keys]\nrange = "5..1"\n`,
    '7:9: keys.range: must be two whole numbers, the smaller one first, such as "1..1000000": found "5..1"',
  ],
  [
    "a range beyond exact numbers",
    `${base}[keys]\nrange = "1..9007199254740992"\n`,
    '7:9: keys.range: must be two whole numbers, the smaller one first, such as "1..1000000": found "1..9007199254740992"',
  ],
  [
    "a control key that is a number",
    `${base}[keys]\ncontrol = ["1", 12654]\n`,
    "7:17: keys.control[1]: must be a text in quotes: found 12654",
  ],
  [
    "a control key with a line break",
    `${base}[keys]\ncontrol = ["a\\nb"]\n`,
    '7:12: keys.control[0]: must be a key without control characters: found "a\\nb"',
  ],
  [
    "an empty control key",
    `${base}[keys]\ncontrol = [""]\n`,
    '7:12: keys.control[0]: must be a key that is not empty: found ""',
  ],
  [
    "a control key of dots",
    `${base}[keys]\ncontrol = [".."]\n`,
    '7:12: keys.control[0]: Cannot ask for a key as it must not make a path segment of dots: found ".."',
  ],
  [
    "a window without a length",
    `${base}[window]\nlag = "3h"\n`,
    '6:2: window.every: must be a text such as "90s": found nothing',
  ],
  [
    "a window of no seconds",
    `${base}[window]\nevery = "999ms"\n`,
    '7:9: window.every: must be a duration from 1s to 366d in ms, s, m, h or d, such as "90s": found "999ms"',
  ],
  [
    "a window of half seconds",
    `${base}[window]\nevery = "1500ms"\n`,
    '7:9: window.every: must be whole seconds: found "1500ms"',
  ],
  [
    "no windows to make up for",
    `${base}[window]\nevery = "1d"\ncatch_up = 0\n`,
    "8:12: window.catch_up: must be a whole number from 1 to 732: found 0",
  ],
  ["a URL without a key", url('"https://h/"'), '4:7: request.url: must hold {key}: found "https://h/"'],
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
    "4:7: request.url: must hold no placeholders but {key}, {env.NAME} and {secret.NAME}: found {keys}",
  ],
  [
    "an empty placeholder",
    url('"https://h/{}"'),
    "4:7: request.url: must hold no placeholders but {key}, {env.NAME} and {secret.NAME}: found {}",
  ],
  [
    "a placeholder with a line break",
    url('"https://h/{key}?a={ke\\ny}"'),
    "4:7: request.url: must hold no placeholders but {key}, {env.NAME} and {secret.NAME}: found {ke y}",
  ],
  [
    "a placeholder without end",
    url(`"https://h/{${"x".repeat(100)}}"`),
    `4:7: request.url: must hold no placeholders but {key}, {env.NAME} and {secret.NAME}: found {${
      "x".repeat(80)
    }…}`,
  ],
  [
    "a brace alone",
    url('"https://h/{key}}"'),
    '4:7: request.url: must double a brace that stands for itself ("{{", "}}"): found "}" alone',
  ],
  [
    "a brace that is not closed",
    url('"https://h/{key"'),
    '4:7: request.url: must double a brace that stands for itself ("{{", "}}"): found "{" alone',
  ],
  [
    "a window that the job has not",
    url('"https://h/{key}?s={window.start}"'),
    "4:7: request.url: must not hold a window without a [window] table: found {window.start}",
  ],
  [
    "an environment variable that is not set",
    url('"https://h/{key}?a={env.NOT_SET}"'),
    "4:7: request.url: needs the environment variable NOT_SET: it is not set",
  ],
  [
    "a secret that is not there",
    url('"https://h/{key}?a={secret.NOT_THERE}"'),
    "4:7: request.url: needs the secret NOT_THERE: there is no such environment variable or systemd credential",
  ],
  [
    "a set value that is not there",
    `${url('"https://h/{key}?a={set.hosts}"')}[set]\nhost = "x"\n`,
    "4:7: request.url: must hold no placeholders but {key}, {set.host}, {env.NAME} and {secret.NAME}: found {set.hosts}",
  ],
  [
    "a name in [set] with a hyphen",
    `${base}[set]\na-b = "x"\n`,
    "7:1: set.a-b: must have a name of letters, digits and underscores, the first no digit",
  ],
  [
    "a value in [set] that is a number",
    `${base}[set]\na = 1\n`,
    "7:5: set.a: must be a text in quotes: found 1",
  ],
  [
    "a header with a line break",
    `${base.replace("[rows]", 'headers = { a = "x\\r\\nb: c" }\n[rows]')}`,
    "4:17: request.headers.a: must be Latin-1 without line breaks and control characters: found U+000D in its value",
  ],
  [
    "a secret with a line break in a header",
    `${base.replace("[rows]", 'headers = { a = "{secret.BROKEN}" }\n[rows]')}`,
    "4:17: request.headers.a: needs the secret BROKEN to be Latin-1 without control characters: it holds a line break",
  ],
  [
    "a secret beyond Latin-1 in a header",
    `${base.replace("[rows]", 'headers = { a = "{secret.SNOW}" }\n[rows]')}`,
    "4:17: request.headers.a: needs the secret SNOW to be Latin-1 without control characters: it holds others",
  ],
  [
    "a secret that is empty",
    url('"https://h/{key}?a={secret.EMPTY}"'),
    "4:7: request.url: needs the secret EMPTY to hold something: it is empty",
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
    "4:27: request.headers.Accept: must stand there once: found again",
  ],
  [
    "no rows",
    'name = "j"\n[request]\nurl = "https://h/{key}"\n',
    "1:1: rows: must be a table: found nothing",
  ],
  [
    "a path of rows that is none",
    base.replace("$[*]", "items"),
    '5:8: rows.path: Cannot read the path "items" as a path begins with $: at character 1',
  ],
  [
    "a path of rows with a filter that looks at the root",
    base.replace("$[*]", "$[?$.a]"),
    '5:8: rows.path: Cannot read the path "$[?$.a]" as $ in a filter needs the whole document, which is never held: at character 4',
  ],
  [
    "a table of trawl's own",
    `${base}table = "Fetch"\n`,
    '6:9: rows.table: must not be run, batch, fetch, fetch_run, key_list, budget, learned, nor begin with sqlite_, nor hold _staged: found "Fetch"',
  ],
  [
    "a table of SQLite's",
    `${base}table = "sqlite_x"\n`,
    '6:9: rows.table: must not be run, batch, fetch, fetch_run, key_list, budget, learned, nor begin with sqlite_, nor hold _staged: found "sqlite_x"',
  ],
  [
    "a staging table",
    `${base}table = "x_Staged"\n`,
    '6:9: rows.table: must not be run, batch, fetch, fetch_run, key_list, budget, learned, nor begin with sqlite_, nor hold _staged: found "x_Staged"',
  ],
  [
    "a table with a hyphen",
    `${base}table = "a-b"\n`,
    '6:9: rows.table: must be a name of 1 to 63 letters, digits and underscores, the first no digit: found "a-b"',
  ],
  [
    "a table with a long name",
    `${base}table = "${"a".repeat(64)}"\n`,
    '6:9: rows.table: must be a name of 1 to 63 letters, digits and underscores, the first no digit: found "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"',
  ],
  ["no columns", `${base}[rows.columns]\n`, "6:2: rows.columns: must hold a column: found none"],
  [
    "a column with a space",
    cols('"a b" = { path = "$" }'),
    '7:1: rows.columns."a b": must be a name of 1 to 63 letters, digits and underscores, the first no digit: found "a b"',
  ],
  [
    "a column that begins with a digit",
    cols('1a = { path = "$" }'),
    '7:1: rows.columns.1a: must be a name of 1 to 63 letters, digits and underscores, the first no digit: found "1a"',
  ],
  [
    "a column twice in other case",
    cols('a = { path = "$" }\nA = { path = "$" }'),
    "8:1: rows.columns.A: must be a name of its own: taken are fetch, row, a",
  ],
  [
    "a column of trawl's own",
    cols('row = { path = "$" }'),
    "7:1: rows.columns.row: must be a name of its own: taken are fetch, row",
  ],
  [
    "a column count where rows are counted",
    cols(
      'ts = { path = "$", type = "time" }\ncount = { path = "$" }',
      'count = { by = "ts", every = "1m" }\n',
    ),
    "9:1: rows.columns.count: must be a name of its own: taken are fetch, row, count, ts",
  ],
  [
    "a column without a path",
    cols('a = { type = "text" }'),
    '7:5: rows.columns.a.path: must be a path in quotes, such as "$.items[*]": found nothing',
  ],
  ["a column that is a text", cols('a = "$.a"'), '7:5: rows.columns.a: must be a table: found "$.a"'],
  [
    "a column of an unknown type",
    cols('a = { path = "$", type = "string" }'),
    '7:26: rows.columns.a.type: must be one of integer, text, real, time, json, any: found "string"',
  ],
  [
    "a column of several values",
    cols('a = { path = "$.a[*]" }'),
    '7:14: rows.columns.a.path: Cannot use the path "$.a[*]" for a column as it may select several values: select the array itself and get its JSON text',
  ],
  [
    "a column whose path is none",
    cols('a = { path = "a" }'),
    '7:14: rows.columns.a.path: Cannot read the path "a" as a path begins with $: at character 1',
  ],
  [
    "a count by a column that is not there",
    cols('ts = { path = "$", type = "time" }', 'count = { by = "t", every = "1m" }\n'),
    '6:16: rows.count.by: must be the name of a column of type time (ts): found "t"',
  ],
  [
    "a count by a column of another type",
    cols('ts = { path = "$" }', 'count = { by = "ts", every = "1m" }\n'),
    '6:16: rows.count.by: must be the name of a column of type time (there is none): found "ts"',
  ],
  [
    "a count without a length",
    cols('ts = { path = "$", type = "time" }', 'count = { by = "ts" }\n'),
    '6:9: rows.count.every: must be a text such as "90s": found nothing',
  ],
  [
    "rows within a window that the job has not",
    cols('ts = { path = "$", type = "time" }', 'within_window = "ts"\n'),
    "6:17: rows.within_window: needs a [window] table: there is none",
  ],
  [
    "rows within a window by no time",
    `${base}within_window = "value"\n[window]\nevery = "1d"\n`,
    '6:17: rows.within_window: must be the name of a column of type time (there is none): found "value"',
  ],
  [
    "a fail rule without a test",
    `${base}[accept]\nfail_if = [{ path = "$" }]\n`,
    "7:12: accept.fail_if[0]: must hold exactly one of equals, starts_with, contains, exists: found nothing",
  ],
  [
    "a fail rule with two tests",
    `${base}[accept]\nfail_if = [\n  { path = "$", exists = true, contains = "x" },\n]\n`,
    "8:3: accept.fail_if[0]: must hold exactly one of equals, starts_with, contains, exists: found contains and exists",
  ],
  [
    "a fail rule without a path",
    `${base}[accept]\nfail_if = [{ exists = true }]\n`,
    '7:12: accept.fail_if[0].path: must be a path in quotes, such as "$.items[*]": found nothing',
  ],
  [
    "a fail rule that something does not exist",
    `${base}[accept]\nfail_if = [{ path = "$", exists = false }]\n`,
    "7:35: accept.fail_if[0].exists: must be true: found false",
  ],
  [
    "a fail rule with a list",
    `${base}[accept]\nfail_if = [{ path = "$", equals = [1] }]\n`,
    "7:35: accept.fail_if[0].equals: must be a text, a number, true or false: found a list",
  ],
  [
    "fail rules that are a table",
    `${base}[accept.fail_if]\npath = "$"\n`,
    "6:2: accept.fail_if: must be a list of tables: found a table",
  ],
  [
    "a required path that is none",
    `${base}[accept]\nrequire = "$.."\n`,
    '7:11: accept.require: Cannot read the path "$.." as a name or * must follow the dot: at character 4',
  ],
  [
    "a count of several values",
    `${base}[accept]\ncount = "$..n"\n`,
    '7:9: accept.count: Cannot use the path "$..n" for a count as it may select several values: name one value',
  ],
  [
    "several mistakes",
    `${base}[limits]\nin_flight = 0\nrate = "1"\n[retry]\nattempts = 0\n`,
    '7:13: limits.in_flight: must be a whole number from 1 to 10000, or "auto": found 0 (and 2 more)',
  ],
];

for (const [when, text, message] of mistakes) {
  Deno.test(`loadJob() names field, line and column when there is ${when}`, () => {
    strictEqual(messageOf(text), `x.toml:${message}`);
  });
}

Deno.test("loadJob() keeps a message short where names are long", () => {
  const columns = `${"x".repeat(70_000)} = { path = "$.t", type = "time" }`;
  const message = messageOf(`${base}within_window = "ts"\n[rows.columns]\n${columns}\n`);
  match(message, /^x\.toml:.*rows\.within_window: must be the name of a column of type time \(x+…/);
  ok(message.length < 5_000);
});

Deno.test("loadJob() never shows a secret's value", () => {
  for (const [, text] of mistakes) strictEqual(/s3cret/.test(messageOf(text)), false);
});

const secrets: Readonly<Record<string, string>> = {
  BROKEN: "s3cret\n",
  SNOW: "s3cret☃",
  EMPTY: "",
  SHORT: "77",
};

function messageOf(text: string): string {
  try {
    loadJob(text, {
      file: "x.toml",
      env: () => undefined,
      secret: (name) => secrets[name],
    });
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return "loaded";
}
