/**
 * The errors of a JSONPath: a text that is not a path, and a path that one pass in bounded memory cannot follow.
 *
 * @module
 */

import { shortened } from "../../errors.ts";

/** UTF-16 units of a path that a message shows; the rest is cut. */
const shownCharsMax = 200;

/** The text is not an RFC 9535 path. */
export class PathSyntaxError extends SyntaxError {
  /** The class. */
  override readonly name: string = "PathSyntaxError";
  /** The path as written. */
  readonly path: string;
  /** The place of the mistake in UTF-16 units, from 0. The message counts characters from 1. */
  readonly offset: number;

  /** `rule` is the rule that is broken at `at`. */
  constructor(rule: string, at: { readonly path: string; readonly offset: number }) {
    const { path } = at;
    const shown = JSON.stringify(shortened(path, shownCharsMax));
    super(`Cannot read the path ${shown}: ${rule}, at character ${at.offset + 1}`);
    this.path = at.path;
    this.offset = at.offset;
  }
}

/** The path is valid, but one pass in bounded memory cannot follow it. */
export class UnsupportedPathError extends PathSyntaxError {
  /** The class. */
  override readonly name = "UnsupportedPathError";
}
