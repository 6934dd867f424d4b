// deno-lint-ignore-file require-await -- asynchronous for databases behind a network connection
/**
 * A database file as a handle: writer, reader, run lock, backup, existence, size and free space. Holds no connection
 * itself; the writer and each reader have their own.
 *
 * @module
 */

import type { TableSchema } from "../../rows/table_schema.ts";
import { acquire, type AcquireOptions } from "./acquire.ts";
import { backupDatabase } from "./backup_file.ts";
import { requireDatabaseName } from "./database_name.ts";
import { databaseBytes, exists, freeBytes } from "./free_space.ts";
import { StoreReader } from "./reader.ts";
import type { RunLock } from "./run_lock.ts";
import { StoreWriter } from "./writer.ts";

/** The handle of one database file. Each method looks at the file again. */
export class SqliteDatabase {
  /** The file name, as the user wrote it. */
  readonly location: string;

  private constructor(location: string) {
    this.location = location;
  }

  /** @throws {UsageError} If `location` is no file name, or names something else than a file. */
  static at(location: string): SqliteDatabase {
    requireDatabaseName(location);
    return new SqliteDatabase(location);
  }

  async exists(): Promise<boolean> {
    return exists(this.location);
  }

  /** Size in bytes, write-ahead log included; 0 if the database does not exist. */
  async bytes(): Promise<number> {
    return databaseBytes(this.location);
  }

  /** Bytes that the database can still grow by; undefined if the system does not tell. */
  async freeBytes(): Promise<number | undefined> {
    return freeBytes(this.location);
  }

  /**
   * Makes this process the only writer until the result is disposed of, and migrates an older database to this
   * version. To be called before {@linkcode openWriter}, and disposed of after the writer.
   *
   * @throws {InterruptedError} If another run holds the database.
   * @throws {UsageError} If the database cannot be written or migrated.
   */
  acquire(options: AcquireOptions): Promise<RunLock> {
    return acquire(this.location, options);
  }

  /**
   * Opens the database for writing and creates what is missing: the database, the job's tables.
   *
   * @throws {UsageError} If the database cannot be used, or one of the tables belongs to another job or has other
   * columns.
   */
  async openWriter(job: string, tables: readonly TableSchema[]): Promise<StoreWriter> {
    return StoreWriter.open(this.location, job, tables);
  }

  /**
   * Opens an existing database for reading; a run may write meanwhile.
   *
   * @throws {UsageError} If the database does not exist, is not trawl's, is empty, or a newer trawl wrote it.
   */
  async openReader(): Promise<StoreReader> {
    return StoreReader.open(this.location);
  }

  /**
   * Copies the database as of one moment into a new file; returns the size of the copy in bytes. A run may write
   * meanwhile.
   *
   * @throws {UsageError} If the database is not trawl's, or the file exists or cannot be written.
   * @throws {InterruptedError} If the disk is full, or another backup writes the file.
   */
  backup(file: string): Promise<number> {
    return backupDatabase(this.location, file);
  }
}
