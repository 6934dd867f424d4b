/**
 * Loads `scanner.wasm`. An instance has a memory, functions that work in it, and globals that tell where what lies in
 * it.
 *
 * @module
 */

import { jsonLimits } from "../limits.ts";
import type { RowExports } from "./row_scanner.ts";
import wasm from "./scanner.wasm" with { type: "bytes" };

/** What `scanner.ts` exports, its constants as globals. */
export interface Scanner extends Readonly<Record<string, unknown>>, RowExports {
  readonly run: (at: number, length: number) => number;
  readonly finish: () => number;
  readonly survey: (start: number, end: number) => number;
  readonly makeLines: (first: number, end: number) => number;
}

const compiled = new WebAssembly.Module(wasm);

/**
 * A scanner with a memory of its own.
 *
 * @throws {TypeError} If `scanner.wasm` lacks a function.
 * @throws {RangeError} If it was made with another limit.
 */
export function newScanner(): Scanner {
  const { exports } = new WebAssembly.Instance(compiled, { env: { abort: failed } });
  if (!isScanner(exports)) throw new TypeError("Cannot use scanner.wasm as it lacks an export");
  if (Number(globalOf(exports, "depthMax").value) !== jsonLimits.depthMax) {
    throw new RangeError(
      "Cannot use scanner.wasm as its depthMax must be the one in limits.ts: build it anew",
    );
  }
  return exports;
}

/**
 * An exported variable or constant.
 *
 * @throws {TypeError} If there is none of this name.
 */
export function globalOf(scanner: Scanner, name: string): WebAssembly.Global {
  const found = scanner[name];
  if (!(found instanceof WebAssembly.Global)) {
    throw new TypeError(`Cannot use scanner.wasm as it lacks ${name}`);
  }
  return found;
}

function isScanner(exports: WebAssembly.Exports): exports is WebAssembly.Exports & Scanner {
  return exports["memory"] instanceof WebAssembly.Memory &&
    ["run", "finish", "survey", "makeLines", "makeRows", "setRows", "learnText"].every((name) =>
      typeof exports[name] === "function"
    );
}

function failed(): never {
  throw new Error("Cannot go on as the scanner has failed");
}
