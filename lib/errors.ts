/**
 * Errors whose class decides the exit code. All other errors are built-in ones. Messages are one line without a full
 * stop, in two forms. For a wrong value: `Cannot <do> "<thing>": <rule>, got <value>`. For a situation: `<what
 * happened>: <what to do next>`.
 *
 * @module
 */

/** Wrong usage or a wrong job file: no request was made, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The job or its key list has changed since the unfinished run began. The run is left as it is. */
export class StaleRunError extends UsageError {}

/** A passing cause stopped the work; the same command resumes it. Exit code 75 (`EX_TEMPFAIL`). */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
}

/** What to do when the system has no file descriptor left, by the code of its error. */
const descriptorTexts: ReadonlyMap<unknown, string> = new Map([
  ["EMFILE", "too many open files: raise LimitNOFILE of the unit, or ulimit -n in a shell"],
  ["ENFILE", "too many open files on this machine: raise fs.file-max, or end other programs"],
]);

/** What to do if the system had no file descriptor left; undefined for any other error. */
export function descriptorText(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? descriptorTexts.get(error.code) : undefined;
}

/** The message of a thrown value, on one line. */
export function messageOf(error: unknown): string {
  const lack = descriptorText(error);
  if (lack !== undefined) return lack;
  const text = error instanceof Error ? error.message : String(error);
  // Deno adds the system's number and the operation: "… (os error 2): open 'a.json'".
  return text.replaceAll(/\s*[\r\n]+\s*/g, " ").replace(/ \(os error \d+\)(: \w+ '.*')?/, "").trim();
}

/** The first `charsMax` UTF-16 units of a text, with an ellipsis if the text is longer. */
export function shortened(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax)}…`;
}
