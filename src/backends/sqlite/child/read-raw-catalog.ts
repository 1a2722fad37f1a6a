/**
 * Reads a SQLite schema through its pragmas, inside a SQLite process and inside the caller's
 * transaction. What can be read and written, and where a view's columns come from, is SQLite's own
 * answer to statements that are prepared and never run.
 */
import { accessSync, constants } from 'node:fs'
import type Database from 'better-sqlite3'
import { quoteIdentifier } from '../../sql/sql-text.ts'
import type {
  RawCatalog,
  RawColumn,
  RawForeignKey,
  RawOrigin,
  RawRelation,
  RawUniqueIndex,
  RawUnreadable,
} from '../wire/raw-catalog.ts'
import { sampleStoredForms } from './sample-stored-forms.ts'
import { isOfSchema, tryWrites } from './try-writes.ts'

interface ListedTable {
  readonly name: string
  readonly type: string
  readonly wr: number
  readonly strict: number
  readonly sql: string | null
}

interface ListedColumn {
  readonly name: string
  readonly type: string
  readonly notnull: number
  readonly dflt_value: string | null
  readonly pk: number
  readonly hidden: number
}

interface ListedKey {
  readonly id: number
  readonly table: string
  readonly from: string
  readonly to: string | null
}

interface ListedIndexColumn {
  readonly index: string
  readonly origin: string
  readonly partial: number
  readonly isUnique: number
  readonly column: string | null
}

/** Hidden columns of virtual tables: arguments rather than data. */
const hiddenByModule = 1

/**
 * Relations that SQLite itself cannot read (a view of a dropped table, a missing module) are apart.
 *
 * Throws  what SQLite says of a file that is damaged or locked
 */
export function readRawCatalog(db: Database.Database): RawCatalog {
  // names of SQLite's own tables cannot be given to others
  const listed = db
    .prepare<[], ListedTable>(
      `SELECT t.name, t.type, t.wr, t.strict, s.sql
       FROM pragma_table_list AS t LEFT JOIN sqlite_schema AS s
         ON s.name = t.name AND s.type IN ('table', 'view')
       WHERE t.schema = 'main' AND t.type IN ('table', 'view', 'virtual')
         AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
       ORDER BY t.name`,
    )
    .all()
  const reader = createRelationReader(db)
  const read = listed.map(reader)
  const relations = read.filter(isReadable)
  const version = db.prepare<[], string>('SELECT sqlite_version()').pluck().get()
  return {
    sqliteVersion: version ?? '',
    relations,
    unreadable: read.filter((each): each is RawUnreadable => !isReadable(each)),
    isFileWritable: isWritable(db.name),
    storedForms: sampleStoredForms(db, relations),
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function isReadable(read: RawRelation | RawUnreadable): read is RawRelation {
  return 'kind' in read
}

function createRelationReader(
  db: Database.Database,
): (table: ListedTable) => RawRelation | RawUnreadable {
  const columns = db.prepare<[string], ListedColumn>('SELECT * FROM pragma_table_xinfo(?)')
  const keys = db.prepare<[string], ListedKey>(
    `SELECT id, "table", "from", "to" FROM pragma_foreign_key_list(?) ORDER BY id DESC, seq`,
  )
  const indexes = db.prepare<[string], ListedIndexColumn>(
    `SELECT l.name AS "index", l.origin, l.partial, l."unique" AS isUnique, x.name AS "column"
     FROM pragma_index_list(?) AS l, pragma_index_xinfo(l.name) AS x
     WHERE x.key ORDER BY l.seq, x.seqno`,
  )
  return (table) => {
    const { name, type } = table
    const kind = type === 'view' || type === 'virtual' ? type : 'table'
    try {
      const visible = columns.all(name).filter((column) => column.hidden !== hiddenByModule)
      const indexed = kind === 'table' ? indexes.all(name) : []
      const shown = visible.map(toColumn)
      return {
        name,
        kind,
        isStrict: table.strict === 1,
        isWithoutRowid: table.wr === 1,
        sql: table.sql ?? '',
        columns: shown,
        uniqueIndexes: uniqueIndexes(indexed),
        hasKeyIndex: indexed.some((column) => column.origin === 'pk'),
        foreignKeys: kind === 'table' ? toForeignKeys(keys.all(name)) : [],
        origins: kind === 'view' ? readOrigins(db, name) : [],
        unwritable: tryWrites(db, name, kind, shown),
      }
    } catch (error) {
      if (!isOfSchema(error)) throw error
      return { name, cause: error.message }
    }
  }
}

function toColumn(column: ListedColumn): RawColumn {
  return {
    name: column.name,
    type: column.type,
    isNotNull: column.notnull === 1,
    defaultExpression: column.dflt_value,
    keyPosition: column.pk,
    isGenerated: column.hidden > hiddenByModule,
  }
}

function uniqueIndexes(columns: readonly ListedIndexColumn[]): readonly RawUniqueIndex[] {
  const byIndex = new Map<string, ListedIndexColumn[]>()
  for (const column of columns) {
    if (column.isUnique !== 1 || column.partial !== 0) continue
    byIndex.set(column.index, [...(byIndex.get(column.index) ?? []), column])
  }
  return [...byIndex].flatMap(([index, parts]) => {
    // a null is an expression or the rowid
    const names = parts.flatMap(({ column }) => column ?? [])
    const origin = origins.find((each) => each === parts[0]?.origin)
    return names.length < parts.length || origin === undefined
      ? []
      : [{ index, origin, columns: names }]
  })
}

const origins = ['c', 'u', 'pk'] as const

function toForeignKeys(rows: readonly ListedKey[]): readonly RawForeignKey[] {
  const byId = new Map<number, { id: number; table: string; columns: ListedKey[] }>()
  for (const row of rows) {
    const key = byId.get(row.id) ?? { id: row.id, table: row.table, columns: [] }
    key.columns.push(row)
    byId.set(row.id, key)
  }
  return [...byId.values()].map(({ id, table, columns }) => ({
    id,
    table,
    columns: columns.map(({ from, to }) => ({ from, to })),
  }))
}

function readOrigins(db: Database.Database, view: string): readonly (RawOrigin | null)[] {
  const statement = db.prepare(`SELECT * FROM main.${quoteIdentifier(view)}`)
  return statement.columns().map(({ database, table, column }) => {
    return database === 'main' && table !== null && column !== null ? { table, column } : null
  })
}
