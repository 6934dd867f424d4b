/**
 * SHA-256 of texts: identifies a job's text and a batch's keys across runs.
 *
 * @module
 */

/** SHA-256 of a text in UTF-8, in hexadecimal digits. */
export async function sha256Of(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex();
}
