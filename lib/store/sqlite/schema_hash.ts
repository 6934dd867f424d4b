/**
 * A hash of the schema. Before 1.0 the schema changes without a new version, so a file also stores the hash of the
 * statements that made its tables; a file with another hash is refused. Pure.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { TableSchema } from "../../rows/table_schema.ts";
import { createTable, definitionsOf } from "./job_table_sql.ts";
import { trawlTables } from "./sql_schema.ts";

/** Stands for the tables of all jobs. */
const sample: TableSchema = { name: "t", columns: [{ name: "v", type: "TIME", isIndexed: true }] };

/** The hash of this program's schema, in hexadecimal digits. Comments and white space do not matter. */
export function schemaHash(): string {
  const statements = [trawlTables, createTable(sample), ...definitionsOf(sample).map(({ sql }) => sql)];
  const text = statements.join(";\n").replaceAll(/--.*/g, "").replaceAll(/\s+/g, " ");
  return createHash("sha256").update(text).digest("hex");
}
