/**
 * Migrates a database of an older schema version to this one: copies the file, then takes all steps in one transaction.
 * A killed process leaves either the old version or the new one.
 *
 * @module
 */

import { backup, type DatabaseSync } from "node:sqlite";
import { messageOf, UsageError } from "../../errors.ts";
import { databaseLimits } from "../../limits.ts";
import { formatBytes } from "../../text/format.ts";
import { createEmpty, openUnchecked, ownSchema, type SchemaMark, versionOf } from "./connection.ts";
import { realPathOf } from "./database_name.ts";
import { bytesOf } from "./table_check.ts";
import { exists, freeBytes, freeText } from "./free_space.ts";
import { sqliteErrorOf } from "./sqlite_error.ts";

/** Pages copied in one step. */
const pagesAtOnce = 4_096;

/** Migration to a version from the one before. */
export interface MigrationStep {
  readonly version: number;
  readonly take: (db: DatabaseSync) => void;
}

/** A schema with the steps that lead to it, oldest first. */
export interface MigrationTarget extends SchemaMark {
  readonly steps: readonly MigrationStep[];
}

/** Version 1 is the first: no step leads to it. */
function ownTarget(): MigrationTarget {
  return { ...ownSchema(), steps: [] };
}

/** Options of a migration. */
export interface MigrateOptions {
  /** Gets one line for each step. */
  readonly log: (text: string) => void;
  /** Migrates even if the disk has too little free space. */
  readonly ignoresFreeSpace: boolean;
}

/**
 * Migrates a database to this version if it is older. The caller holds the run lock.
 *
 * @throws {UsageError} If the disk has too little free space or a step fails; the database is unchanged then.
 */
export async function migrate(
  file: string,
  { log, ignoresFreeSpace }: MigrateOptions,
  target: MigrationTarget = ownTarget(),
): Promise<void> {
  if (!exists(file)) return;
  const path = realPathOf(file);
  using db = openUnchecked(file);
  const version = versionOf(db, file, target);
  keepCopies(path, version);
  if (version === 0 || version === target.version) return;
  if (!ignoresFreeSpace) requireFreeSpace(db, file, target);
  log(`trawl: migrating "${file}" of an older trawl from version ${version} to ${target.version}\n`);
  const part = partOf(path, version);
  if (exists(part)) await Deno.remove(part);
  createEmpty(part);
  try {
    await backup(db, part, { rate: pagesAtOnce });
    migrateInTransaction(db, version, target);
  } catch (error) {
    await Deno.remove(part);
    if (error instanceof UsageError || sqliteErrorOf(error) !== undefined) throw error;
    throw new UsageError(
      `Cannot migrate the database "${file}" to version ${target.version}: ${messageOf(error)}; ` +
        `the database is unchanged`,
      { cause: error },
    );
  }
  for (const copy of keepCopies(path, target.version)) {
    log(`trawl: kept the old version as "${copy}"\n`);
  }
}

/** Takes all steps in one transaction. */
function migrateInTransaction(db: DatabaseSync, from: number, target: MigrationTarget): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    for (const { version, take } of target.steps) {
      if (version > from) take(db);
    }
    const [orphan] = db.prepare("PRAGMA foreign_key_check").all();
    if (orphan !== undefined) throw new Error(`a row of "${orphan["table"]}" has no "${orphan["parent"]}"`);
    const found = String(db.prepare("PRAGMA quick_check(1)").get()?.["quick_check"]);
    if (found !== "ok") throw new Error(`the database is damaged: ${found}`);
    db.prepare("UPDATE _trawl_schema SET hash = ?").run(target.hash);
    db.exec(`PRAGMA user_version = ${target.version}; COMMIT`);
  } catch (error) {
    // SQLite rolls back by itself if the disk is full.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/** Name of the copy until the migration is committed. */
function partOf(path: string, version: number): string {
  return `${path}.v${version}.bak.part`;
}

/** Gives the copies of older versions their final names, which it returns. Replaces no file. */
function keepCopies(path: string, version: number): string[] {
  const copies: string[] = [];
  for (let old = 1; old < version; old++) {
    const part = partOf(path, old);
    if (!exists(part)) continue;
    let copy = `${path}.v${old}.bak`;
    for (let count = 2; exists(copy); count++) copy = `${path}.v${old}-${count}.bak`;
    Deno.renameSync(part, copy);
    copies.push(copy);
  }
  return copies;
}

/** @throws {UsageError} If the disk lacks free space for the copy. */
function requireFreeSpace(db: DatabaseSync, file: string, { version }: MigrationTarget): void {
  const needed = bytesOf(db) + databaseLimits.freeBytesMin;
  const free = freeBytes(file);
  if (free === undefined || free >= needed) return;
  throw new UsageError(
    `Cannot migrate the database "${file}" to version ${version}: ${
      formatBytes(needed)
    } must be free for a copy, ` +
      `got ${freeText(file)}; free some space, or use --ignore-free-space`,
  );
}
