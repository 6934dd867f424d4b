/**
 * `trawl demo`: its summary and its database.
 *
 * @module
 */

import assert from "node:assert/strict";
import { query } from "../../support/database.ts";
import { TempFolder } from "../../support/temp.ts";
import { trawl } from "../../support/trawl.ts";

Deno.test("trawl demo ends with a summary, and keeps the database that it names", async () => {
  using folder = new TempFolder();
  const { code, stdout, stderr } = await trawl(["demo"], { cwd: folder.path });
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "");
  assert.deepEqual(folder.names(), ["demo.db"]);
  assert.match(
    stderr,
    /^trawl: the practice API imitates RIPEstat on http:\/\/127\.0\.0\.1:\d+, with some faults$/m,
  );
  assert.match(stderr, /^ {2}coverage {4}100\.00 % of the keys$/m);
  assert.match(
    stderr,
    /^ {2}keys {8}2,000 = \d,\d+ ok \+ \d+ empty \+ 0 unchanged \+ 0 failed \+ 0 pending$/m,
  );
  assert.match(stderr, /^ {2}requests {4}[\d.,]+\/s, \d,\d+ attempts in all$/m);
  assert.match(stderr, /^ {2}data {8}[\d.]+ [MG]iB, [\d.]+ MiB\/s$/m);
  assert.match(stderr, /^ {2}memory {6}[\d.]+ MiB at most$/m);
  const top = stderr.match(/^ +\d+ {2}\d+ +[\d,]+ {2}[ ▁▂▃▄▅▆▇█]{1,24}$/gm) ?? [];
  assert.equal(top.length, 10, stderr);
  assert.match(top[0] ?? "", / 250,000 /);
  assert.match(stderr, /^ {2}(\S.* )?\S*trawl check --url 'https:\/\/your\.api\/items\/\{key\}'/m);
  const file = folder.file("demo.db");
  const large = query(file, "SELECT count(*) FROM fetches WHERE rows > 100000").flat().map(Number);
  assert.ok((large[0] ?? 0) >= 3, `${large} large answers`);
  assert.deepEqual(
    query(file, "SELECT sum(count) FROM updates"),
    query(file, "SELECT sum(rows) FROM fetches"),
  );
  // Some attempts failed, as the simulator was told to inject faults.
  assert.deepEqual(query(file, "SELECT count(*) > 10 FROM fetches WHERE attempts > 1"), [[1]]);
});
