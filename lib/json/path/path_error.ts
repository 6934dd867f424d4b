/**
 * What can be wrong with a JSONPath: it is none, or one pass over a document in bounded memory cannot follow it.
 *
 * @module
 */

import { shortened } from "../../errors.ts";

/** UTF-16 units of a path that a message shows. */
const shownCharsMax = 200;

/** The text is no RFC 9535 path. */
export class PathSyntaxError extends SyntaxError {
  /** The class. */
  override readonly name: string = "PathSyntaxError";
  /** The path as written. */
  readonly path: string;
  /** UTF-16 units from the start of the path, from 0. The message counts from 1. */
  readonly offset: number;

  /** `reason` completes "Cannot read the path … as". */
  constructor(reason: string, at: { readonly path: string; readonly offset: number }) {
    const { path } = at;
    const shown = JSON.stringify(shortened(path, shownCharsMax));
    super(`Cannot read the path ${shown} as ${reason}: at character ${at.offset + 1}`);
    this.path = at.path;
    this.offset = at.offset;
  }
}

/** The path is right, but it cannot be followed in one pass. */
export class UnsupportedPathError extends PathSyntaxError {
  /** The class. */
  override readonly name = "UnsupportedPathError";
}
