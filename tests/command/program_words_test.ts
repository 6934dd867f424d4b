import assert from "node:assert/strict";
import { type ProgramFacts, programWords } from "../../lib/command/program_words.ts";

const checkout: ProgramFacts = {
  isStandalone: false,
  executable: "/usr/local/bin/deno",
  folder: "/home/me/trawl",
  path: "/usr/local/bin:/usr/bin",
  deno: "2.9.6",
};
const compiled: ProgramFacts = { ...checkout, isStandalone: true, executable: "/usr/local/bin/trawl" };

Deno.test("programWords() names the form in which trawl was started", () => {
  const table: readonly (readonly [ProgramFacts, string])[] = [
    [checkout, "deno task -q trawl"],
    [
      { ...checkout, executable: "/home/me/.npm/_npx/7a40be78/node_modules/deno/deno" },
      "npx -y deno@2.9.6 task -q trawl",
    ],
    [compiled, "trawl"],
    [{ ...compiled, executable: "/home/me/trawl/trawl" }, "./trawl"],
    [{ ...compiled, executable: "/opt/my tools/trawl" }, "'/opt/my tools/trawl'"],
    [{ ...compiled, path: undefined }, "/usr/local/bin/trawl"],
  ];
  for (const [facts, words] of table) assert.equal(programWords(facts), words);
});
