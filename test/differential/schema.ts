/**
 * One schema with one set of random rows, for both engines: every kind of type that either has, keys,
 * a junction, a table over itself, a view. What generators need to know of it stands beside it.
 */
import { createRandom, type Random } from '../fuzz/random.ts'
import { constrainedRows, constrainedSchema, constrainedTables } from './constrained-tables.ts'
import type { Kind, Table } from './table.ts'

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

export function tableNamed(name: string): Table {
  const table = tables.find((each) => each.name === name)
  if (table === undefined) throw new Error(`no table ${name}`)
  return table
}

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

/** As the text of a literal, which both engines cast to the column's type; null for none. */
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

function literal(kind: Kind, random: Random, engine: Engine): string {
  if (random.chance(0.15)) return 'null'
  const text = textOf(kind, random)
  if (kind === 'bytes') return engine === 'postgres' ? `'\\x${text}'` : `x'${text}'`
  const quoted = `'${text.replaceAll("'", "''")}'`
  // the affinity of a column declared boolean would keep the word
  return kind === 'boolean' || kind === 'json' ? (kind === 'json' ? quoted : text) : quoted
}

type Engine = 'postgres' | 'sqlite'

const counts = { authors: 8, books: 60, tags: 6 } as const

/** SQLite's rowids are given to rows without one; the counterpart is an identity. */
const keyOf = {
  postgres: ' generated by default as identity primary key',
  sqlite: ' primary key',
} as const

const foreignKeys: Readonly<Record<string, readonly string[]>> = {
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
export function schemaFor(engine: Engine): string {
  const at = engine === 'postgres' ? 0 : 1
  const columnsOf = (table: Table) =>
    table.columns.map(([name, kind]) => {
      const isKey = table.key.length === 1 && table.key[0] === name
      // a key of several columns may hold nulls in SQLite, unless it says that it may not
      const isPart = table.key.length > 1 && table.key.includes(name)
      return `"${name}" ${types[kind][at]}${isKey ? keyOf[engine] : ''}${isPart ? ' not null' : ''}`
    })
  const created = Object.entries(foreignKeys).map(([name, keys]) => {
    return `create table ${name} (${[...columnsOf(tableNamed(name)), ...keys].join(', ')});`
  })
  const view =
    'create view shown_books as select id, title, rating, added, author_id from books where in_print;'
  return [...created, constrainedSchema[engine], view].join('\n')
}

/** The same rows for both, in place of those that are there: literals are chosen from one seed. */
export function rowsFor(engine: Engine): string {
  const random = createRandom(1)
  const emptied = ['loans', 'shelves', 'book_tags', 'tags', 'books', 'authors'].map((name) => {
    return `delete from ${name};`
  })
  const rows = (['authors', 'books', 'tags'] as const).flatMap((name) =>
    Array.from({ length: counts[name] }, (_, index) => {
      const values = tableNamed(name).columns.map(([column, kind], position) => {
        if (position === 0) return String(index + 1)
        if (column === 'mentor_id') return index === 0 ? 'null' : String(random.int(1, index))
        if (column === 'author_id')
          return random.chance(0.1) ? 'null' : String(random.int(1, counts.authors))
        return literal(kind, random, engine)
      })
      return `insert into ${name} values (${values.join(', ')});`
    }),
  )
  const junction = Array.from({ length: counts.books * counts.tags }, (_, index) => index)
    .filter(() => random.chance(0.2))
    .map(
      (index) =>
        `insert into book_tags values (${Math.floor(index / counts.tags) + 1}, ${(index % counts.tags) + 1}, ${literal('integer', random, engine)});`,
    )
  return ['begin;', ...emptied, ...rows, ...junction, ...constrainedRows, 'commit;'].join('\n')
}
