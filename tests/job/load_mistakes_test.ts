/**
 * Mistakes in a job file as a whole, its keys, windows, limits and set values, with the complete message.
 *
 * @module
 */

import { base, cols, testMistakes } from "./mistakes.ts";

testMistakes([
  [
    "an empty file",
    "",
    "1:1: name: must be a name in quotes: found nothing (and 2 more: trawl check lists all)",
  ],
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
    "7:1: limits.zzz: is not a known field: known fields are in_flight, in_flight_max, rate, batch, share",
  ],
  [
    "a field named __proto__",
    `${base}[limits]\n__proto__ = 3\n`,
    '7:1: limits.__proto__: must have another name: found "__proto__"',
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
    '7:1: limits.in_flight_max: needs in_flight = "auto": found in_flight = 8',
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
    "a name in [set] with a hyphen",
    `${base}[set]\na-b = "x"\n`,
    '7:1: set.a-b: must have a name of letters, digits and underscores that does not start with a digit: found "a-b"',
  ],
  [
    "a value in [set] that is a number",
    `${base}[set]\na = 1\n`,
    "7:5: set.a: must be a text in quotes: found 1",
  ],
  [
    "two sources of keys",
    `${base}[keys]\nfile = "k.txt"\nrange = "1..2"\n`,
    "6:2: keys: must have only one of file, range and url: found file and range",
  ],
  [
    "a URL of keys without a path",
    `${base}[keys]\nurl = "https://h/"\n`,
    "7:1: keys.url: needs keys.path, the JSON path of the keys: found nothing",
  ],
  [
    "a path of keys without a URL",
    `${base}[keys]\npath = "$[*]"\n`,
    "7:1: keys.path: needs keys.url, the URL of the list of keys: found nothing",
  ],
  [
    "a path of keys that is none",
    `${base}[keys]\nurl = "https://h/"\npath = "$["\n`,
    '8:8: keys.path: Cannot read the path "$[": a bracket is not closed, at character 3',
  ],
  [
    "a key in the URL of keys",
    `${base}[keys]\nurl = "https://h/{key}"\npath = "$[*]"\n`,
    "7:7: keys.url: must use only the placeholders {env.NAME} and {secret.NAME}: found {key}",
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
    '7:12: keys.control[0]: Cannot request key "..": must not make a path segment of dots',
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
    '7:9: window.every: must be a whole number of seconds: found "1500ms"',
  ],
  [
    "no windows to make up for",
    `${base}[window]\nevery = "1d"\ncatch_up = 0\n`,
    "8:12: window.catch_up: must be a whole number from 1 to 732: found 0",
  ],
  [
    "several mistakes",
    `${base}[limits]\nin_flight = 0\nrate = "1"\n[retry]\nattempts = 0\n`,
    '7:13: limits.in_flight: must be a whole number from 1 to 10000, or "auto": found 0 (and 2 more: trawl check lists all)',
  ],
]);
