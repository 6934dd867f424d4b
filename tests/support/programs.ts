/**
 * Tests that need a program which the machine may lack, such as sqlite3, systemd-analyze, postgres, nginx or chromium.
 *
 * @module
 */

/** Whether `program` is on the PATH. */
function isInstalled(program: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
    try {
      return Deno.statSync(`${folder}/${program}`).isFile;
    } catch {
      return false;
    }
  });
}

/**
 * A test that is skipped, and says so in its name, where one of `programs` is missing. In CI (`CI` is set) the test runs
 * and fails instead: `.ci/run` installs the programs.
 */
export function needing(
  programs: readonly string[],
  { name, fn }: { readonly name: string; readonly fn: () => Promise<void> },
): Deno.TestDefinition {
  const missing = programs.filter((program) => !isInstalled(program));
  if (missing.length === 0) return { name, fn };
  return { name: `${name} (needs ${missing.join(", ")})`, fn, ignore: !Deno.env.has("CI") };
}
