/**
 * One schema with one set of random rows, for all engines: every kind of type that any has, keys,
 * a junction, a table over itself, a view. What generators need to know of it stands beside it.
 */
import { createRandom, type Random } from '../fuzz/random.ts'
import { constrainedRows, constrainedSchema, constrainedTables } from './constrained-tables.ts'
import { type Kind, type Row, type Table, tableNamed } from './table.ts'

const bookColumns = [
  ['id', 'integer'],
  ['title', 'text'],
  ['pages', 'integer'],
  ['shelf', 'smallint'],
  ['sold', 'bigint'],
  ['rating', 'double'],
  ['price', 'numeric'],
  ['in_print', 'boolean'],
  ['printed', 'date'],
  ['opens', 'time'],
  ['added', 'timestamp'],
  ['code', 'uuid'],
  ['meta', 'json'],
  ['cover', 'bytes'],
] as const

export const tables: readonly Table[] = [
  {
    name: 'authors',
    columns: [
      ['id', 'integer'],
      ['name', 'text'],
      ['born', 'date'],
      ['mentor_id', 'integer'],
    ],
    key: ['id'],
    embeds: [
      { name: 'books', isMany: true, to: 'books' },
      { name: 'mentor', hint: 'mentor_id', isMany: false, to: 'authors' },
    ],
    uniqueKeys: [['id']],
    required: ['id'],
    generated: [],
  },
  {
    name: 'books',
    columns: [...bookColumns, ['author_id', 'integer']],
    key: ['id'],
    embeds: [
      { name: 'authors', isMany: false, to: 'authors' },
      { name: 'tags', isMany: true, to: 'tags' },
      { name: 'book_tags', isMany: true, to: 'book_tags' },
    ],
    uniqueKeys: [['id']],
    required: ['id'],
    generated: [],
  },
  {
    name: 'tags',
    columns: [
      ['id', 'integer'],
      ['label', 'text'],
    ],
    key: ['id'],
    embeds: [{ name: 'books', isMany: true, to: 'books' }],
    uniqueKeys: [['id']],
    required: ['id'],
    generated: [],
  },
  {
    name: 'book_tags',
    columns: [
      ['book_id', 'integer'],
      ['tag_id', 'integer'],
      ['weight', 'integer'],
    ],
    key: ['book_id', 'tag_id'],
    embeds: [
      { name: 'books', isMany: false, to: 'books' },
      { name: 'tags', isMany: false, to: 'tags' },
    ],
    uniqueKeys: [['book_id', 'tag_id']],
    required: ['book_id', 'tag_id'],
    generated: [],
  },
  {
    name: 'shown_books',
    columns: [
      ['id', 'integer'],
      ['title', 'text'],
      ['rating', 'double'],
      ['added', 'timestamp'],
    ],
    key: ['id'],
    embeds: [{ name: 'authors', isMany: false, to: 'authors' }],
    uniqueKeys: [],
    required: [],
    generated: [],
  },
  ...constrainedTables,
]

const types: Readonly<Record<Kind, readonly [postgres: string, sqlite: string]>> = {
  smallint: ['smallint', 'smallint'],
  integer: ['integer', 'integer'],
  bigint: ['bigint', 'bigint'],
  double: ['double precision', 'double precision'],
  numeric: ['numeric', 'numeric'],
  boolean: ['boolean', 'boolean'],
  text: ['text', 'text'],
  date: ['date', 'date'],
  time: ['time', 'time'],
  timestamp: ['timestamp', 'timestamp'],
  moment: ['timestamptz', 'timestamptz'],
  uuid: ['uuid', 'uuid'],
  json: ['jsonb', 'jsonb'],
  bytes: ['bytea', 'blob'],
}

const texts = [
  '',
  'a',
  'b',
  'A',
  'Ab',
  'abc',
  'x%y',
  'x_y',
  'é',
  'Éa',
  'zz top',
  'q"r',
  "o'k",
  'back\\slash',
  '10',
  '9',
  'null',
  ' pad ',
  '日本',
  '😀',
]
const documents = [
  '{}',
  '[]',
  '1',
  '"s"',
  'null',
  'true',
  '{"a":1}',
  '{"a":"1","b":null}',
  '{"a":{"b":[1,2,{"c":"d"}]},"k":"v"}',
  '[1,"two",3.5,[4],null]',
  '{"a":1.50,"b":[true,false]}',
  '{"a":10,"n":12345678901}',
]
const moments = [
  '2020-01-01T00:00:00',
  '2020-01-01T10:30:00',
  '2020-01-01T10:30:00.5',
  '2021-06-30T23:59:59',
  '2024-02-29T12:00:00',
  '1999-12-31T23:59:59.999999',
  '2024-03-01T00:00:00',
]
const zones = ['Z', '+00:00', '+02:00', '-05:30'] as const
export const uuids = [
  'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
  'b1eebc99-9c0b-4ef8-bb6d-6bb9bd380a12',
  '00000000-0000-4000-8000-000000000001',
]

/** As the text of a literal, which engines cast to the column's type. */
export function textOf(kind: Kind, random: Random): string {
  switch (kind) {
    case 'smallint':
      return String(random.pick([-3, 0, 1, 2, 7, 32767]))
    case 'integer':
      return String(random.pick([-5, 0, 1, 2, 3, 10, 100, 350, 2147483647]))
    case 'bigint':
      return random.pick(['-1', '0', '5', '4294967296', '9007199254740993', '9223372036854775807'])
    case 'double':
      return random.pick(['-1.5', '0', '0.1', '1', '2.5', '3.75', '1e-7', '1e20', '123456.789'])
    case 'numeric':
      return random.pick(['-2.5', '0', '1', '1.5', '10.25', '99999', '0.125'])
    case 'boolean':
      return random.pick(['true', 'false'])
    case 'text':
      return random.pick(texts)
    case 'date':
      return random.pick(moments).slice(0, 10)
    case 'time':
      return random.pick(['00:00:00', '09:30:00', '10:30:00.5', '23:59:59'])
    case 'timestamp':
      return random.pick(moments)
    case 'moment':
      return `${random.pick(moments)}${random.pick(zones)}`
    case 'uuid':
      return random.pick(uuids)
    case 'json':
      return random.pick(documents)
    case 'bytes':
      return random.pick(['', '00ff', '6869', 'deadbeef'])
  }
}

function literal(kind: Kind, text: string | null, engine: SqlEngine): string {
  if (text === null) return 'null'
  if (kind === 'bytes') return engine === 'postgres' ? `'\\x${text}'` : `x'${text}'`
  // the affinity of a column declared boolean would keep the word
  return kind === 'boolean' ? text : `'${text.replaceAll("'", "''")}'`
}

export type SqlEngine = 'postgres' | 'sqlite'

const counts = { authors: 8, books: 60, tags: 6 } as const

/** SQLite's rowids are given to rows without one; the counterpart is an identity. */
const keyOf = {
  postgres: ' generated by default as identity primary key',
  sqlite: ' primary key',
} as const

export const foreignKeys: Readonly<Record<string, readonly string[]>> = {
  authors: ['foreign key (mentor_id) references authors(id)'],
  books: ['foreign key (author_id) references authors(id)'],
  tags: [],
  book_tags: [
    'primary key (book_id, tag_id)',
    'foreign key (book_id) references books(id)',
    'foreign key (tag_id) references tags(id)',
  ],
}

/** Without rows. */
export function schemaFor(engine: SqlEngine): string {
  return [...plainTables(engine, keyOf[engine]), constrainedSchema[engine], shownBooks].join('\n')
}

/** `key` is what a single column is declared with that is one. */
export function plainTables(engine: SqlEngine, key: string): readonly string[] {
  const at = engine === 'postgres' ? 0 : 1
  const columnsOf = (table: Table) =>
    table.columns.map(([name, kind]) => {
      const isKey = table.key.length === 1 && table.key[0] === name
      // a key of several columns may hold nulls in SQLite, unless it says that it may not
      const isPart = table.key.length > 1 && table.key.includes(name)
      return `"${name}" ${types[kind][at]}${isKey ? key : ''}${isPart ? ' not null' : ''}`
    })
  return Object.entries(foreignKeys).map(([name, keys]) => {
    return `create table ${name} (${[...columnsOf(tableNamed(tables, name)), ...keys].join(', ')});`
  })
}

export const shownBooks =
  'create view shown_books as select id, title, rating, added, author_id from books where in_print;'

/** The same for all: chosen from one seed. */
export const rows: readonly Row[] = makeRows()

function makeRows(): readonly Row[] {
  const random = createRandom(1)
  const textOrNull = (kind: Kind) => (random.chance(0.15) ? null : textOf(kind, random))
  const plain = (['authors', 'books', 'tags'] as const).flatMap((table) =>
    Array.from({ length: counts[table] }, (_, index): Row => {
      const values = tableNamed(tables, table).columns.map(([column, kind], position) => {
        const text = () => {
          if (position === 0) return String(index + 1)
          if (column === 'mentor_id') return index === 0 ? null : String(random.int(1, index))
          if (column !== 'author_id') return textOrNull(kind)
          return random.chance(0.1) ? null : String(random.int(1, counts.authors))
        }
        return [column, kind, text()] as const
      })
      return { table, values }
    }),
  )
  const junction = Array.from({ length: counts.books * counts.tags }, (_, index) => index)
    .filter(() => random.chance(0.2))
    .map(
      (index): Row => ({
        table: 'book_tags',
        values: [
          ['book_id', 'integer', String(Math.floor(index / counts.tags) + 1)],
          ['tag_id', 'integer', String((index % counts.tags) + 1)],
          ['weight', 'integer', textOrNull('integer')],
        ],
      }),
    )
  return [...plain, ...junction, ...constrainedRows]
}

/** Puts them in the place of those that are there. */
export function rowsFor(engine: SqlEngine, wanted: readonly Row[] = rows): string {
  const emptied = ['loans', 'shelves', 'book_tags', 'tags', 'books', 'authors'].map((name) => {
    return `delete from ${name};`
  })
  const inserted = wanted.map(({ table, values }) => {
    const columns = values.map(([column]) => `"${column}"`).join(', ')
    const literals = values.map(([, kind, text]) => literal(kind, text, engine)).join(', ')
    return `insert into ${table} (${columns}) values (${literals});`
  })
  return ['begin;', ...emptied, ...inserted, 'commit;'].join('\n')
}
