/**
 * A made-up version of the schema with the step that leads to it. As a program: migrates a database, until it is killed.
 *
 * @module
 */

import { migrate, type MigrationStep, type MigrationTarget } from "../../../lib/store/sqlite/migration.ts";
import { schemaVersion } from "../../../lib/store/sqlite/sql_schema.ts";

/** Writes every row of the data again, so that a kill can meet the step. */
const step: MigrationStep = {
  version: schemaVersion + 1,
  take: (db) =>
    db.exec(`CREATE TABLE made_up (size INTEGER) STRICT; INSERT INTO made_up SELECT count(*) FROM fetches;
      CREATE TABLE copy AS SELECT * FROM t_history; DROP TABLE copy;`),
};

/** The version after this one. */
export const nextVersion: MigrationTarget = { version: step.version, hash: "made up", steps: [step] };

if (import.meta.main) {
  const [file = ""] = Deno.args;
  const log = (text: string) => void Deno.stdout.writeSync(new TextEncoder().encode(text));
  await migrate(file, { log, ignoresFreeSpace: false }, nextVersion);
}
