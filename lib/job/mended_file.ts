/**
 * A parsed job file with mistakes, mended as far as the rest can then be judged: misspelled fields renamed, other
 * unknown and some wrong ones left out. Serves only to find further mistakes in one pass; nothing is run from it. Pure.
 *
 * @module
 */

import type { z } from "zod";
import { nearest } from "../text/nearest.ts";
import { knownFields } from "./diagnostics.ts";
import type { FieldPath } from "./toml_document.ts";

/** Fields on which no rule about another field depends. */
const lonelyFields: readonly FieldPath[] = [
  ["keep"],
  ["limits"],
  ["retry"],
  ["paging"],
  ["window", "lag"],
  ["window", "catch_up"],
  ["request", "timeout"],
  ["request", "max_body"],
  ["accept", "fail_if"],
  ["accept", "min_coverage"],
  ["rows", "max"],
];

/** The mended file; undefined if an issue cannot be mended. */
export function mendedFile(file: object, issues: readonly z.core.$ZodIssue[]): object | undefined {
  const mended = structuredClone(file);
  for (const issue of issues) {
    if (issue.code === "unrecognized_keys") {
      for (const name of issue.keys) rename(mended, { table: issue.path, name });
    } else {
      const lonely = lonelyFields.find((path) => path.every((part, index) => part === issue.path[index]));
      if (lonely === undefined) return undefined;
      remove(mended, lonely);
    }
  }
  return mended;
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

function remove(file: object, path: FieldPath): void {
  const fields = tableAt(file, path.slice(0, -1));
  if (fields !== undefined) Reflect.deleteProperty(fields, path.at(-1) ?? "");
}

function tableAt(file: object, path: FieldPath): object | undefined {
  let table: object = file;
  for (const part of path) {
    const inner: unknown = Reflect.get(table, part);
    if (typeof inner !== "object" || inner === null) return undefined;
    table = inner;
  }
  return table;
}
