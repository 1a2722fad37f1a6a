/**
 * The differential schema as MongoDB can have it: the same names and types by `declared-schema`, keys
 * by `declared-relationships`, checks by validators. PostgreSQL judges it with tables that have no more
 * than that: no numbers of its own for new rows, no defaults, no generated columns, references that
 * nothing holds to, and moments of milliseconds.
 */
import {
  Binary,
  type Db,
  Decimal128,
  type Document,
  Double,
  Int32,
  Long,
  ObjectId,
  UUID,
} from 'mongodb'
import {
  rows as allRows,
  tables as allTables,
  foreignKeys,
  plainTables,
  shownBooks,
} from './schema.ts'
import { type Kind, type Row, type Table, tableNamed } from './table.ts'

const without: Readonly<Record<string, readonly string[]>> = { loans: ['weeks'] }

const constraints: Readonly<Record<string, Partial<Table>>> = {
  shelves: { uniqueKeys: [['code']], required: ['code', 'label', 'capacity'] },
  loans: { uniqueKeys: [['id']], required: ['id', 'book_id', 'shelf', 'open'], generated: [] },
  // the engine of the tests keeps the old key of a document in a unique index when it changes
  book_tags: { fixed: ['book_id', 'tag_id'] },
}

export const tables: readonly Table[] = allTables.map((table) => ({
  ...table,
  columns: table.columns.filter(([name]) => without[table.name]?.includes(name) !== true),
  ...constraints[table.name],
}))

export const rows: readonly Row[] = allRows
  .filter(({ table, values }) =>
    values.every(([name, , text]) => {
      return text !== null || !tableNamed(tables, table).required.includes(name)
    }),
  )
  .map(({ table, values }) => ({
    table,
    values: values.map(([name, kind, text]) => {
      // a null at the top of a column is no value
      const isNone = text === null || (kind === 'json' && text === 'null')
      return [name, kind, isNone ? null : inMillis(text)]
    }),
  }))

/** The moments of this schema that have more. */
export function inMillis(text: string): string {
  return text.replaceAll('59.999999', '59.999')
}

export const judgeSchema = [
  ...plainTables('postgres', ' primary key'),
  `create table shelves (
    code text primary key,
    label text not null,
    capacity integer not null check (capacity > 0),
    room text,
    opened timestamptz);
  create table loans (
    id integer primary key,
    book_id integer not null references books(id),
    shelf text not null references shelves(code),
    note text check (note <> 'bad'),
    fee numeric,
    open boolean not null,
    days integer,
    due timestamptz);`,
  shownBooks,
  // references are there to be embedded by
  ...tables
    .filter(({ name }) => name !== 'shown_books')
    .map(({ name }) => `alter table ${name} disable trigger all;`),
].join('\n')

/** Columns that are stored as `_id`. */
function idOf({ key }: Table): string | null {
  const [only, ...others] = key
  return only !== undefined && others.length === 0 ? only : null
}

const types: Readonly<Record<Kind, string>> = {
  smallint: 'smallint',
  integer: 'integer',
  bigint: 'bigint',
  double: 'double precision',
  numeric: 'numeric',
  boolean: 'boolean',
  text: 'text',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  moment: 'timestamptz',
  uuid: 'uuid',
  json: 'jsonb',
  bytes: 'bytea',
}

/** For `declared-schema`. */
export const declaredSchema = tables.map((table) => ({
  name: table.name,
  closed: true,
  columns: [
    ...table.columns,
    // what the view can be embedded by
    ...(table.name === 'shown_books' ? [['author_id', 'integer'] as const] : []),
  ].map(([name, kind]) => ({
    name,
    ...(name === idOf(table) ? { field: '_id' } : {}),
    type: types[kind],
    ...(table.required.includes(name) && name !== idOf(table) ? { nullable: false } : {}),
  })),
  ...(idOf(table) === null ? { primaryKey: table.key } : {}),
}))

/** For `declared-relationships`. */
export const declaredRelationships = [
  ...Object.entries(foreignKeys).flatMap(([from, keys]) =>
    keys.flatMap((text) => {
      const [, column, to] = /^foreign key \((\w+)\) references (\w+)/.exec(text) ?? []
      return column === undefined || to === undefined ? [] : [keyOf(from, column, to, 'id')]
    }),
  ),
  keyOf('loans', 'book_id', 'books', 'id'),
  keyOf('loans', 'shelf', 'shelves', 'code'),
  keyOf('shown_books', 'author_id', 'authors', 'id'),
]

function keyOf(from: string, column: string, to: string, key: string) {
  return { name: `${from}_${column}_fkey`, from, to, columns: { [column]: key } }
}

const validators: Readonly<Record<string, Document>> = {
  shelves: {
    required: ['label', 'capacity'],
    properties: { label: { bsonType: 'string' }, capacity: { bsonType: 'int', minimum: 1 } },
  },
  loans: {
    required: ['book_id', 'shelf', 'open'],
    properties: {
      book_id: { bsonType: 'int' },
      shelf: { bsonType: 'string' },
      open: { bsonType: 'bool' },
      note: { not: { enum: ['bad'] } },
    },
  },
  book_tags: {
    required: ['book_id', 'tag_id'],
    properties: { book_id: { bsonType: 'int' }, tag_id: { bsonType: 'int' } },
  },
}

/** Without documents. */
export async function createCollections(db: Db): Promise<void> {
  for (const { name, uniqueKeys } of tables) {
    if (uniqueKeys.length === 0) continue
    const schema = validators[name]
    const validator = { $jsonSchema: { bsonType: 'object', ...schema } }
    await db.createCollection(name, schema === undefined ? {} : { validator })
  }
  const books = db.collection('book_tags')
  await books.createIndex({ book_id: 1, tag_id: 1 }, { unique: true, name: 'book_tags_pkey' })
  await db.createCollection('shown_books', {
    viewOn: 'books',
    pipeline: [
      { $match: { in_print: true } },
      { $project: { title: 1, rating: 1, added: 1, author_id: 1 } },
    ],
  })
}

/** In the place of those that are there. */
export async function putRows(db: Db): Promise<void> {
  for (const [name, documents] of documentsByTable) {
    await db.collection(name).deleteMany({})
    await db.collection(name).insertMany([...documents])
  }
}

const documentsByTable = tables
  .filter(({ uniqueKeys }) => uniqueKeys.length > 0)
  .map(({ name }) => [name, rows.filter(({ table }) => table === name).map(documentOf)] as const)

/** Every other row lacks what it has no value for. */
function documentOf({ table, values }: Row, index: number): Document {
  const id = idOf(tableNamed(tables, table))
  const fields = values
    .filter(([, , text]) => text !== null || index % 2 === 0)
    .map(([name, kind, text]) => {
      return [name === id ? '_id' : name, text === null ? null : bsonOf(kind, text)] as const
    })
  return { _id: new ObjectId(), ...Object.fromEntries(fields) }
}

function bsonOf(kind: Kind, text: string): unknown {
  switch (kind) {
    case 'smallint':
    case 'integer':
      return new Int32(Number(text))
    case 'bigint':
      return Long.fromString(text)
    case 'double':
      return new Double(Number(text))
    case 'numeric':
      return Decimal128.fromString(text)
    case 'boolean':
      return text === 'true'
    case 'moment':
      return new Date(text)
    case 'uuid':
      return new UUID(text)
    case 'json':
      return JSON.parse(text)
    case 'bytes':
      return new Binary(Buffer.from(text, 'hex'))
    case 'text':
    case 'date':
    case 'time':
    case 'timestamp':
      return text
  }
}
