/**
 * An instance of `scanner.wasm` with its memory: the functions that work in the memory, the typed arrays over it, and
 * the addresses of its parts. The memory grows only for the names in paths.
 *
 * @module
 */

import { jsonLimits } from "../limits.ts";
import wasm from "./scanner.wasm" with { type: "bytes" };

/** The exports of `scanner/scanner.ts`; its constants and variables are exported as globals. */
export interface ScannerExports extends Readonly<Record<string, unknown>> {
  readonly memory: WebAssembly.Memory;
  readonly run: (at: number, length: number) => number;
  readonly finish: () => number;
  readonly survey: (start: number, end: number) => number;
  readonly makeLines: (first: number, end: number) => number;
  readonly makeRows: (first: number, end: number, epoch: number) => void;
  readonly setRows: (width: number, within: number, startMs: number, endMs: number) => void;
  readonly learnText: (start: number, end: number, column: number, epoch: number, index: number) => void;
}

/** The unit of `WebAssembly.Memory.grow`. */
const pageBytes = 65_536;

const compiled = new WebAssembly.Module(wasm);

/** One instance of the scanner and its memory. */
export class ScannerMemory {
  readonly exports: ScannerExports;
  /** The typed arrays are replaced when the memory grows: read them again after `reserve`. */
  bytes: Uint8Array;
  words: Int32Array;
  floats: Float64Array;
  /** The part of the memory that holds the input. */
  input: Uint8Array;
  readonly #inputStart: number;
  readonly #inputBytesMax: number;

  /**
   * @throws {TypeError} If `scanner.wasm` lacks an export.
   * @throws {RangeError} If `scanner.wasm` was built with another `depthMax`.
   */
  constructor() {
    const { exports } = new WebAssembly.Instance(compiled, { env: { abort: failed } });
    if (!isScanner(exports)) throw new TypeError("Cannot use scanner.wasm: an export is missing");
    this.exports = exports;
    if (this.global("depthMax") !== jsonLimits.depthMax) {
      throw new RangeError(
        "scanner.wasm was built with another depthMax than limits.ts has: run deno task scanner",
      );
    }
    this.#inputStart = this.global("input");
    this.#inputBytesMax = this.global("inputBytesMax");
    ({ bytes: this.bytes, words: this.words, floats: this.floats, input: this.input } = this.#views());
  }

  /** The value of an exported constant: an address in bytes, a size in bytes, or a count. */
  global(name: string): number {
    return Number(this.variable(name).value);
  }

  /**
   * An exported variable, which `scanner.wasm` changes.
   *
   * @throws {TypeError} If `scanner.wasm` does not export the variable.
   */
  variable(name: string): WebAssembly.Global {
    const found = this.exports[name];
    if (!(found instanceof WebAssembly.Global)) {
      throw new TypeError(`Cannot use scanner.wasm: the export ${name} is missing`);
    }
    return found;
  }

  /** Grows the memory until it has at least `bytes` bytes, which replaces the typed arrays. */
  reserve(bytes: number): void {
    const { memory } = this.exports;
    const missingBytes = bytes - memory.buffer.byteLength;
    if (missingBytes <= 0) return;
    memory.grow(Math.ceil(missingBytes / pageBytes));
    ({ bytes: this.bytes, words: this.words, floats: this.floats, input: this.input } = this.#views());
  }

  #views() {
    const { buffer } = this.exports.memory;
    return {
      bytes: new Uint8Array(buffer),
      words: new Int32Array(buffer),
      floats: new Float64Array(buffer),
      input: new Uint8Array(buffer, this.#inputStart, this.#inputBytesMax),
    };
  }
}

function isScanner(exports: WebAssembly.Exports): exports is WebAssembly.Exports & ScannerExports {
  return exports["memory"] instanceof WebAssembly.Memory &&
    ["run", "finish", "survey", "makeLines", "makeRows", "setRows", "learnText"].every((name) =>
      typeof exports[name] === "function"
    );
}

function failed(): never {
  throw new Error("scanner.wasm aborted: please report this input");
}
