/**
 * A job: what to ask, as all rooms share it. Plain, readonly data that passes to a Worker unchanged. `load_job.ts`
 * makes it and checks every field.
 *
 * @module
 */

/** One piece of a template: fixed text, or a value filled in for each request. */
export type TemplatePart =
  /** `secret`: the name of the secret whose value the text is. */
  | { readonly kind: "text"; readonly text: string; readonly secret?: string }
  | { readonly kind: "key" }
  | { readonly kind: "window"; readonly edge: "start" | "end"; readonly form: "iso" | "unix" | "date" };

/** A URL or header with placeholders. `{env}`, `{secret}` and `{set}` are filled in at load. */
export type Template = readonly TemplatePart[];

/** The source of the keys. */
export type KeySource =
  | { readonly kind: "file"; readonly file: string }
  | { readonly kind: "stdin" }
  | { readonly kind: "range"; readonly first: number; readonly last: number }
  | UrlKeySource;

/** A JSON document that lists the keys, fetched once at the start of a run. */
export interface UrlKeySource {
  readonly kind: "url";
  readonly url: Template;
  /** RFC 9535 path of the keys. */
  readonly path: string;
  /** A singular path whose number must equal the number of listed keys. */
  readonly count?: string;
  /** Default: those of the job's requests that do not contain `{key}`. */
  readonly headers: Readonly<Record<string, Template>>;
}

/** At most `count` requests start in any span of `perMs` milliseconds. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

/** Limits that a run tunes automatically. */
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

/** An answer fails if the test holds for the value at `path`. Exactly one test is set. */
export interface FailRule {
  readonly path: string;
  readonly equals?: string | number | boolean | null;
  readonly startsWith?: string;
  readonly contains?: string;
  /** The path exists. */
  readonly exists?: true;
}

/** The type of a column; `any` keeps integers, reals and texts. */
export type ColumnType = "integer" | "text" | "real" | "time" | "json" | "any";

/** One column of a table. */
export interface Column {
  readonly name: string;
  /** A singular RFC 9535 path that starts at the row. */
  readonly path: string;
  readonly type: ColumnType;
  /** Rows can be found by this time column without reading all of them. */
  readonly isIndexed?: boolean;
}

/** Counts rows per bucket of `everyMs` of the time column `by`, and per combination of the other columns. */
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

/** Windows are consecutive spans of `everyMs` since 1970 in UTC. A window is due `lagMs` after its end. */
export interface WindowRule {
  readonly everyMs: number;
  readonly lagMs: number;
  /** Missed windows that a run makes up for. */
  readonly catchUp: number;
}

/** A closed time span: `startMs` ≤ t < `endMs`, milliseconds since 1970 in UTC. */
export interface Window {
  readonly startMs: number;
  readonly endMs: number;
}

/** The kind of value that a path must select; `any` is every kind. */
export type RequiredType = "array" | "object" | "any";

/** A value that an answer must contain, complete to its closing bracket. */
export interface RequireRule {
  /** RFC 9535 path. */
  readonly path: string;
  readonly type: RequiredType;
}

/** The value at `path` must equal the expanded `value`, both as text. */
export interface EqualsRule {
  /** A singular RFC 9535 path. */
  readonly path: string;
  /** Contains no secret. */
  readonly value: Template;
}

/** A job with checked fields. */
export interface Job {
  readonly name: string;
  /** As written: the job file's text, then a line for each `--set`. Stored for people; holds no secret. */
  readonly text: string;
  readonly keys: KeySource;
  /** Keys known never to be empty. */
  readonly control: readonly string[];
  readonly window?: WindowRule;
  /** Windows that ended longer ago are deleted. Default: none. */
  readonly keepMs?: number;
  readonly request: {
    readonly url: Template;
    readonly headers: Readonly<Record<string, Template>>;
    readonly timeout: Timeouts;
    readonly bodyBytesMax: number;
    /** `host:port` of servers that redirects may lead to, besides the job's own. */
    readonly redirectHosts: readonly string[];
  };
  readonly limits: {
    /** Most requests in flight; with `auto.inFlight`, the most that tuning may try. */
    readonly inFlight: number;
    /** Hold in any case, tuned or not. */
    readonly rates: readonly Rate[];
    /** Default: nothing is tuned. */
    readonly auto?: Auto;
    /** Keys in a batch. Default: sized by the time that they take. */
    readonly batch?: number;
    /** Jobs of one user and machine that name it share one pace and its slots. */
    readonly share?: string;
  };
  readonly retry: {
    readonly attempts: number;
    /** A longer outage interrupts the run, which can be resumed. */
    readonly outageMs: number;
    /** Newest finished windows whose keys that failed for a passing reason are asked again at each start. */
    readonly failedWindows: number;
  };
  /** `none`: the first page is all that is wanted. Default: an answer that names a next page fails. */
  readonly paging?: { readonly style: "none" };
  readonly accept: {
    readonly require?: RequireRule;
    readonly count?: string;
    /** What an answer must repeat of its request. */
    readonly equals: readonly EqualsRule[];
    readonly failIf: readonly FailRule[];
    /** Share of keys, 0 to 1. */
    readonly minCoverage: number;
  };
  /** In the order of the job file. `accept.count` counts the rows of the first. */
  readonly tables: readonly [TableRule, ...TableRule[]];
}
