/**
 * SQLite files of a test's own, written by this process as any other application would, and the
 * API over one.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { openSqlite } from '../../src/backends/sqlite/open-sqlite.ts'
import type { Config } from '../../src/config/config.ts'
import { defaultConfig } from '../../src/config/default-config.ts'
import { type BackendApi, openApi } from './in-process-api.ts'

export interface SqliteFile {
  readonly path: string
  readonly folder: string
  /** Runs SQL on a connection of its own. */
  exec(sql: string): void
  drop(): void
}

export function createSqliteFile(sql = '', name = 'test.db'): SqliteFile {
  const folder = mkdtempSync(join(tmpdir(), 'dbrest-sqlite-'))
  const path = join(folder, name)
  const exec = (text: string) => {
    // a server may be writing: it is waited for as long as it takes
    const db = new Database(path, { timeout: 60_000 })
    // thousands of statements need not each wait for a disk that others keep busy
    db.pragma('synchronous = off')
    try {
      db.exec(text)
    } finally {
      db.close()
    }
  }
  exec(sql)
  return {
    path,
    folder,
    exec,
    drop: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export type SqliteApi = BackendApi

/** Not loaded yet. */
export function openSqliteApi(uri: string, options: Partial<Config> = {}): SqliteApi {
  const config: Config = {
    ...defaultConfig('sqlite'),
    dbUri: uri,
    dbAggregatesEnabled: true,
    // a busy machine takes its time to start a process
    dbPoolAcquisitionTimeout: 60,
    ...options,
  }
  return openApi(config, openSqlite)
}

/** A database and the API over it, loaded. */
export async function serveSqlite(
  sql: string,
  options: Partial<Config> = {},
): Promise<SqliteApi & { readonly file: SqliteFile; stop(): Promise<void> }> {
  const file = createSqliteFile(sql)
  const api = openSqliteApi(file.path, options)
  await api.load()
  return {
    ...api,
    file,
    async stop() {
      await api.close()
      file.drop()
    },
  }
}
