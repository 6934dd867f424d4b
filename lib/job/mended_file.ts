/**
 * A parsed job file with mistakes, mended as far as the rest can then be judged: misspelled fields renamed, unknown
 * ones left out, wrong ones left out or replaced. Serves only to find further mistakes in one pass; nothing is run from
 * it. Pure.
 *
 * @module
 */

import type { z } from "zod";
import { nearest } from "../text/nearest.ts";
import { knownFields } from "./diagnostics.ts";
import type { FieldPath } from "./toml_document.ts";

/** Any name of a column or header, in the path of a field. */
const anyName = "*";

/** Wrong fields that are left out: no rule about another field depends on them. */
const lonelyFields: readonly FieldPath[] = [
  ["keep"],
  ["limits"],
  ["retry"],
  ["paging"],
  ["keys", "control"],
  ["window", "lag"],
  ["window", "catch_up"],
  ["request", "headers", anyName],
  ["request", "timeout"],
  ["request", "max_body"],
  ["request", "redirect_hosts"],
  ["accept", "count"],
  ["accept", "equals"],
  ["accept", "fail_if"],
  ["accept", "min_coverage"],
  ["rows", "max"],
  ["rows", "within_window"],
  ["rows", "columns", anyName, "index"],
];

/** Wrong or missing fields that are replaced by a value for which no rule about another field fails. */
const standIns: readonly (readonly [field: FieldPath, value: unknown])[] = [
  [["name"], "job"],
  [["keys", "range"], "1..2"],
  [["window", "every"], "1d"],
  [["request", "url"], "https://h/{key}"],
  [["accept", "require"], "$"],
  [["rows", "path"], "$[*]"],
  [["rows", "table"], "rows"],
  [["rows", "columns", anyName, "path"], "$"],
  [["rows", "columns", anyName, "type"], "time"],
  [["rows", "columns", anyName], { path: "$", type: "time" }],
  [["rows", "count", "every"], "1m"],
];

/** The mended file; undefined if an issue cannot be mended. */
export function mendedFile(file: object, issues: readonly z.core.$ZodIssue[]): object | undefined {
  const mended = structuredClone(file);
  for (const issue of issues) {
    if (issue.code === "unrecognized_keys") {
      for (const name of issue.keys) rename(mended, { table: issue.path, name });
      continue;
    }
    const lonely = lonelyFields.find((field) => holds(field, issue.path));
    const standIn = standIns.find(([field]) => holds(field, issue.path));
    if (lonely !== undefined) remove(mended, issue.path.slice(0, lonely.length));
    else if (standIn === undefined) return undefined;
    else replace(mended, issue.path.slice(0, standIn[0].length), standIn[1]);
  }
  return mended;
}

/** Whether the place of an issue is `field`, or lies in it. */
function holds(field: FieldPath, place: readonly PropertyKey[]): boolean {
  return field.every((part, index) => index < place.length && (part === anyName || part === place[index]));
}

/** Gives a misspelled field the name that was meant, unless the table has it; removes any other unknown field. */
function rename(file: object, { table, name }: { readonly table: FieldPath; readonly name: string }): void {
  const fields = tableAt(file, table);
  if (fields === undefined) return;
  const meant = nearest(name, knownFields(table));
  if (meant !== undefined && !Object.hasOwn(fields, meant)) {
    Reflect.set(fields, meant, Reflect.get(fields, name));
  }
  Reflect.deleteProperty(fields, name);
}

function remove(file: object, path: readonly PropertyKey[]): void {
  const fields = tableAt(file, path.slice(0, -1));
  if (fields !== undefined) Reflect.deleteProperty(fields, path.at(-1) ?? "");
}

/** Sets a field, unless the table that it belongs to is missing. */
function replace(file: object, path: readonly PropertyKey[], value: unknown): void {
  const fields = tableAt(file, path.slice(0, -1));
  if (fields !== undefined) Reflect.set(fields, path.at(-1) ?? "", structuredClone(value));
}

function tableAt(file: object, path: readonly PropertyKey[]): object | undefined {
  let table: object = file;
  for (const part of path) {
    const inner: unknown = Reflect.get(table, part);
    if (typeof inner !== "object" || inner === null) return undefined;
    table = inner;
  }
  return table;
}
