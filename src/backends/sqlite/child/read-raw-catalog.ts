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
  RawStatement,
  RawUniqueIndex,
  RawUnreadable,
  RepairedView,
} from '../wire/raw-catalog.ts'
import { repairViews } from './repair-views.ts'
import { sampleStoredForms } from './sample-stored-forms.ts'
import { incomparableColumns, isOfSchema, tryColumns } from './try-reads.ts'
import { tryWrites } from './try-writes.ts'

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
export function readRawCatalog(
  db: Database.Database,
  statements: readonly string[] = [],
): RawCatalog {
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
  const read = createRelationReader(db)
  const found = listed.map((table) => read(table, null))
  const broken = listed.filter(
    ({ name, type }) => type === 'view' && found.some((each) => isUnread(each, name)),
  )
  const repaired = repairViews(
    db,
    broken.map(({ name, sql }) => ({ name, sql: sql ?? '' })),
  )
  const readAgain = broken.flatMap((table) => {
    const view = repaired.get(table.name)
    return view === undefined ? [] : [read(table, view)]
  })
  // while there are temporary views in place of those that SQLite does not read
  const prepared = statements.map((text) => prepareStatement(db, text))
  for (const name of repaired.keys()) db.exec(`DROP VIEW temp.${quoteIdentifier(name)}`)
  const all = [
    ...found.filter((each) => !readAgain.some(({ name }) => name === each.name)),
    ...readAgain,
  ]
  const version = db.prepare<[], string>('SELECT sqlite_version()').pluck().get()
  const relations = all.flatMap(({ relation }) => relation ?? [])
  return {
    sqliteVersion: version ?? '',
    relations,
    unreadable: all.flatMap(({ unreadable }) => unreadable),
    hasForeignIndex: hasForeignIndex(db),
    isFileWritable: isWritable(db.name),
    storedForms: sampleStoredForms(db, relations),
    statements: prepared,
  }
}

/** Nothing is run: on a connection that cannot write, statements that write are prepared, too. */
function prepareStatement(db: Database.Database, text: string): RawStatement {
  try {
    const statement = db.prepare(text)
    const columns = statement.reader ? statement.columns() : []
    return {
      kind: 'prepared',
      isReadOnly: statement.readonly,
      columns: columns.map(({ name, type }) => ({ name, type })),
    }
  } catch (error) {
    if (!isOfSchema(error)) throw error
    return { kind: 'failed', code: error.code, message: error.message }
  }
}

/** What became of one listed relation. */
interface Found {
  readonly name: string
  /** Null where it cannot be read. */
  readonly relation: RawRelation | null
  readonly unreadable: readonly RawUnreadable[]
}

function isUnread({ name, relation }: Found, wanted: string): boolean {
  return relation === null && name === wanted
}

/** SQLite's own list of collations has those that it has met and does not have, too. */
function hasForeignIndex(db: Database.Database): boolean {
  const found = db
    .prepare<[], number>(
      `SELECT EXISTS (SELECT 1 FROM main.sqlite_schema AS s, pragma_index_xinfo(s.name, 'main') AS x
       WHERE s.type = 'index' AND upper(x.coll) NOT IN ('BINARY', 'NOCASE', 'RTRIM'))`,
    )
    .pluck()
    .get()
  return found === 1
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

type ReadRelation = (table: ListedTable, repaired: RepairedView | null) => Found

function createRelationReader(db: Database.Database): ReadRelation {
  const columns = db.prepare<[string, string], ListedColumn>(
    'SELECT * FROM pragma_table_xinfo(?, ?)',
  )
  const keys = db.prepare<[string], ListedKey>(
    `SELECT id, "table", "from", "to" FROM pragma_foreign_key_list(?, 'main') ORDER BY id DESC, seq`,
  )
  const indexes = db.prepare<[string], ListedIndexColumn>(
    `SELECT l.name AS "index", l.origin, l.partial, l."unique" AS isUnique, x.name AS "column"
     FROM pragma_index_list(?, 'main') AS l, pragma_index_xinfo(l.name, 'main') AS x
     WHERE x.key ORDER BY l.seq, x.seqno`,
  )
  return (table, repaired) => {
    const { name, type } = table
    const kind = type === 'view' || type === 'virtual' ? type : 'table'
    // a repaired view is a temporary one
    const schema = repaired === null ? 'main' : 'temp'
    const source = `${schema}.${quoteIdentifier(name)}`
    try {
      const visible = columns.all(name, schema).filter((column) => column.hidden !== hiddenByModule)
      const readable = tryColumns(db, source, visible.map(toColumn))
      const indexed = kind === 'table' ? indexes.all(name) : []
      const relation: RawRelation = {
        name,
        kind,
        isStrict: table.strict === 1,
        isWithoutRowid: table.wr === 1,
        sql: table.sql ?? '',
        columns: readable.columns,
        uniqueIndexes: uniqueIndexes(indexed),
        hasKeyIndex: indexed.some((column) => column.origin === 'pk'),
        foreignKeys: kind === 'table' ? toForeignKeys(keys.all(name)) : [],
        origins: kind === 'view' ? readOrigins(db, source) : [],
        unwritable: tryWrites(db, { name, kind, columns: readable.columns, sql: table.sql ?? '' }),
        incomparable: incomparableColumns(db, source, readable.columns),
        repaired,
      }
      const unreadable = readable.causes.map((each) => ({ name, ...each }))
      return { name, relation, unreadable }
    } catch (error) {
      if (!isOfSchema(error)) throw error
      return { name, relation: null, unreadable: [{ name, cause: error.message }] }
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
    if (column.isUnique !== 1) continue
    byIndex.set(column.index, [...(byIndex.get(column.index) ?? []), column])
  }
  return [...byIndex].flatMap(([index, parts]) => {
    // a null is an expression or the rowid
    const names = parts.flatMap(({ column }) => column ?? [])
    const origin = origins.find((each) => each === parts[0]?.origin)
    return names.length < parts.length || origin === undefined
      ? []
      : [{ index, origin, columns: names, isPartial: parts[0]?.partial === 1 }]
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

function readOrigins(db: Database.Database, source: string): readonly (RawOrigin | null)[] {
  const statement = db.prepare(`SELECT * FROM ${source}`)
  return statement.columns().map(({ database, table, column }) => {
    return database === 'main' && table !== null && column !== null ? { table, column } : null
  })
}
