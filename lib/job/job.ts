/**
 * What to ask: the one description of a job that all rooms share. Plain, readonly data that passes to a Worker as
 * it is. Made by `load.ts`, where every field has been checked.
 *
 * @module
 */

/** One piece of a template: text as it stands, or a value filled in for every request. */
export type TemplatePart =
  | { readonly kind: "text"; readonly text: string; readonly secret?: boolean }
  | { readonly kind: "key" }
  | { readonly kind: "window"; readonly edge: "start" | "end"; readonly form: "iso" | "unix" | "date" };

/** A URL or header with placeholders; `env`, `secret` and `set` are filled in already. */
export type Template = readonly TemplatePart[];

/** Where keys come from. */
export type KeySource =
  | { readonly kind: "file"; readonly file: string }
  | { readonly kind: "stdin" }
  | { readonly kind: "range"; readonly first: number; readonly last: number }
  | { readonly kind: "url"; readonly url: Template; readonly path: string };

/** At most `count` requests started in any span of `perMs` milliseconds. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

/** Limits that a run finds by itself. */
export interface Auto {
  readonly inFlight: boolean;
  readonly rate: boolean;
}

/** Milliseconds. `total` is from the start of an attempt to its last byte; `idle` is between two reads of the body. */
export interface Timeouts {
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

/** An answer in which this holds of the value at `path` is a failure. Exactly one test is set. */
export interface FailRule {
  readonly path: string;
  readonly equals?: string | number | boolean | null;
  readonly startsWith?: string;
  readonly contains?: string;
  /** The mere presence of the path is a failure. */
  readonly exists?: true;
}

/** What a column holds; `any` takes integers, reals and texts as they come. */
export type ColumnType = "integer" | "text" | "real" | "time" | "json" | "any";

/** One column of a table. */
export interface Column {
  readonly name: string;
  /** A singular RFC 9535 path, counted from the row. */
  readonly path: string;
  readonly type: ColumnType;
}

/** Rows counted into spans of `everyMs` of the time column `by`, apart for each combination of the other columns. */
export interface CountRule {
  readonly by: string;
  readonly everyMs: number;
}

/** One table of a job: which nodes of an answer are its rows, and what is stored of them. */
export interface TableRule {
  readonly name: string;
  /** RFC 9535 path whose nodes are the rows. */
  readonly path: string;
  readonly columns: readonly Column[];
  /** An answer with more rows than this fails. */
  readonly max: number;
  /** The time column that must lie within the window (start ≤ t < end) for a row to be kept. */
  readonly withinWindow?: string;
  readonly count?: CountRule;
}

/** Windows are consecutive spans of `everyMs` since 1970 in UTC, asked for `lagMs` after they closed. */
export interface WindowRule {
  readonly everyMs: number;
  readonly lagMs: number;
  /** At most so many missed windows are made up for. */
  readonly catchUp: number;
}

/** A closed time span: `startMs` ≤ t < `endMs`, milliseconds since 1970 in UTC. */
export interface Window {
  readonly startMs: number;
  readonly endMs: number;
}

/** A job whose every field has been checked. */
export interface Job {
  readonly name: string;
  /** What the run belongs to: the job file's text as written, then a line for every `--set`. Holds no secret. */
  readonly text: string;
  readonly keys: KeySource;
  /** Keys known never to be empty. */
  readonly control: readonly string[];
  readonly window?: WindowRule;
  /** Windows that ended longer ago are deleted, milliseconds; absent: none is. */
  readonly keepMs?: number;
  readonly request: {
    readonly url: Template;
    readonly headers: Readonly<Record<string, Template>>;
    readonly timeout: Timeouts;
    readonly bodyBytesMax: number;
    /** `host:port` of servers that redirects may lead to, besides the one that was asked. */
    readonly redirectHosts: readonly string[];
  };
  readonly limits: {
    /** Requests under way at once; where the best number is to be found, the most that may be tried. */
    readonly inFlight: number;
    /** What holds whatever is found. */
    readonly rates: readonly Rate[];
    /** What is to be found while the run is on; absent: nothing. */
    readonly auto?: Auto;
    /** Keys in a batch; absent: as many as keep a Worker busy for a few seconds. */
    readonly batch?: number;
  };
  readonly retry: {
    readonly attempts: number;
    /** An API that is down for longer ends the run, to be gone on with. */
    readonly outageMs: number;
  };
  readonly accept: {
    readonly require?: string;
    readonly count?: string;
    readonly failIf: readonly FailRule[];
    /** A share, 0 to 1. */
    readonly minCoverage: number;
  };
  /** In the order of the job file. `accept.count` counts the rows of the first. */
  readonly tables: readonly [TableRule, ...TableRule[]];
}
