/**
 * A fixture for SQLite as collections: its tables and rows are what a database in memory makes of the
 * script, stored as a declared schema says. What MongoDB can keep of a table's rules it keeps: keys by
 * unique indexes with the names that PostgreSQL gives them, columns that are not null and checks by
 * validators.
 */
import Database from 'better-sqlite3'
import { type Db, Decimal128, type Document } from 'mongodb'

interface StoredColumn {
  readonly name: string
  readonly field?: string
  readonly type: string
  readonly nullable?: boolean
}

interface StoredRelation {
  readonly name: string
  readonly primaryKey?: readonly string[]
  readonly columns: readonly StoredColumn[]
}

export interface MongodbFixture {
  /** A script for SQLite. */
  readonly sql: string
  /** The text of `declared-schema`; views are left out where `views` has none of that name. */
  readonly schema: string
  readonly views: readonly StoredView[]
  /** Collections and the field that each is searched by. */
  readonly textIndexes: Readonly<Record<string, string>>
  /** Rules of `$jsonSchema`, by collection and field. */
  readonly checks: Readonly<Record<string, Readonly<Record<string, Document>>>>
}

export interface StoredView {
  readonly name: string
  readonly viewOn: string
  readonly pipeline: readonly Document[]
}

interface ListedIndex {
  readonly name: string
  readonly unique: number
  readonly origin: 'c' | 'u' | 'pk'
}

/** Makes collections and views in an empty database. */
export async function fillMongodb(db: Db, fixture: MongodbFixture): Promise<void> {
  const source = new Database(':memory:')
  try {
    source.exec(fixture.sql)
    const declared: readonly StoredRelation[] = JSON.parse(fixture.schema)
    const views = new Set(fixture.views.map(({ name }) => name))
    for (const relation of declared) {
      if (views.has(relation.name)) continue
      await fillCollection(db, relation, source, fixture.checks[relation.name] ?? {})
    }
    for (const [name, field] of Object.entries(fixture.textIndexes)) {
      await db.collection(name).createIndex({ [field]: 'text' })
    }
    for (const { name, viewOn, pipeline } of fixture.views) {
      await db.createCollection(name, { viewOn, pipeline: [...pipeline] })
    }
  } finally {
    source.close()
  }
}

async function fillCollection(
  db: Db,
  relation: StoredRelation,
  source: Database.Database,
  checks: Readonly<Record<string, Document>>,
): Promise<void> {
  const { name, columns } = relation
  const required = columns.filter(({ nullable }) => nullable === false).map(fieldOf)
  const rules = Object.fromEntries([
    ...required.filter((field) => field !== '_id').map((field) => [field, { not: isNull }]),
    ...Object.entries(checks),
  ])
  await db.createCollection(name, {
    validator: { $jsonSchema: { required, properties: rules } },
  })
  for (const key of uniqueKeys(relation, source)) {
    const fields = key.columns.map((column) => [fieldNamed(relation, column), 1] as const)
    await db.collection(name).createIndex(new Map(fields), { name: key.name, unique: true })
  }
  const documents = source
    .prepare<[], Readonly<Record<string, unknown>>>(`select * from "${name}"`)
    .all()
    .map((row) =>
      Object.fromEntries(columns.map((each) => [fieldOf(each), stored(row[each.name], each.type)])),
    )
  if (documents.length > 0) await db.collection<Document>(name).insertMany(documents)
}

const isNull = { bsonType: 'null' } as const

function fieldOf({ name, field }: StoredColumn): string {
  return field ?? name
}

function fieldNamed({ columns }: StoredRelation, name: string): string {
  const column = columns.find((each) => each.name === name)
  if (column === undefined) throw new Error(`there is no column ${name}`)
  return fieldOf(column)
}

/** But for those that are the `_id`. */
function uniqueKeys({ name, columns }: StoredRelation, source: Database.Database) {
  const ids = new Set(columns.filter((each) => each.field === '_id').map((each) => each.name))
  const indexes = source.prepare<[string], ListedIndex>('select * from pragma_index_list(?)')
  const members = source.prepare<[string], { readonly name: string }>(
    'select name from pragma_index_info(?) order by seqno',
  )
  return indexes
    .all(name)
    .filter(({ unique }) => unique === 1)
    .map((index) => ({ origin: index.origin, columns: members.all(index.name).map((m) => m.name) }))
    .filter((key) => !key.columns.every((column) => ids.has(column)))
    .map((key) => ({
      columns: key.columns,
      name: key.origin === 'pk' ? `${name}_pkey` : `${name}_${key.columns.join('_')}_key`,
    }))
}

/** What SQLite has of a type, as BSON: documents and lists are texts there, truth is a number. */
function stored(value: unknown, type: string): unknown {
  if (value === null || value === undefined) return null
  const scale = /^numeric\(\d+,(\d+)\)$/.exec(type)?.[1]
  if (scale !== undefined) return Decimal128.fromString(Number(value).toFixed(Number(scale)))
  if (type.startsWith('json') || type.endsWith('[]')) return parsed(String(value))
  if (type === 'boolean') return value === 1
  if (type === 'timestamptz') return new Date(String(value))
  return value
}

/** What is no JSON stays a text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
