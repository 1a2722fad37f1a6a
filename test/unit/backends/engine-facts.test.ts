import { describe, expect, test } from 'vitest'
import { MongodbFacts } from '../../../src/backends/mongodb/catalog/mongodb-facts.ts'
import {
  PostgresFacts,
  postgresFacts,
} from '../../../src/backends/postgres/catalog/postgres-facts.ts'
import { SqliteFacts, sqliteFacts } from '../../../src/backends/sqlite/catalog/sqlite-facts.ts'
import type { WriteFacts } from '../../../src/backends/sqlite/catalog/write-facts.ts'
import { nameKey } from '../../../src/core/qualified-name.ts'
import { buildSnapshot } from '../../../src/schema/build-snapshot.ts'
import { diffSnapshots } from '../../../src/schema/diff-snapshots.ts'
import type { EngineFacts } from '../../../src/schema/engine-facts.ts'
import { nameChanges } from '../../../src/schema/schema-change.ts'
import { fieldFacts } from '../../support/mongodb-place.ts'
import { catalog, options } from '../schema/sample-catalog.ts'

const settings = [['statement_timeout', '5s']] as const
const ofPostgres = new PostgresFacts(new Map([['anon', { isolationLevel: null, settings }]]))
const indexes = [{ table: 'films_fts', keyColumn: 'id', columns: new Set(['title']) }]
const films: WriteFacts = {
  kind: 'table',
  rowid: 'rowid',
  rowidColumn: 'id',
  isAutoincrement: false,
  isWithoutRowid: false,
  isStrict: true,
  hasConflictClause: false,
  primaryKey: ['id'],
  uniqueKeys: [{ constraint: 'films_pkey', columns: ['id'], isPrimary: true }],
  checks: [{ constraint: 'films_year_check', label: 'year > 0' }],
  foreignKeys: [],
  generatedColumns: new Set(['age']),
  insertRefusal: null,
  deleteRefusal: null,
  updateRefusals: new Map([['title', 'no such function: f']]),
}
const ofSqlite = new SqliteFacts({
  strictRelations: new Set(['films']),
  ftsIndexes: new Map([['films', indexes]]),
  writes: new Map([['films', films]]),
  storedForms: new Map([['films', new Map([['made', 'seconds']])]]),
})
const title = { kinds: new Set(['string'] as const), elements: new Set<never>(), hasNan: false }
const ofMongodb = new MongodbFacts({
  topology: 'replica-set',
  collections: new Map([
    [
      nameKey({ schema: 'shop', name: 'films' }),
      {
        collection: 'films',
        database: 'shop',
        kind: 'collection',
        isCapped: false,
        hasCollation: false,
        fields: new Map([['title', fieldFacts('title', 'string')]]),
        uniqueIndexes: [{ name: '_id_', columns: ['_id'] }],
        isUniqueByIdAlone: true,
        textIndexColumn: null,
      },
    ],
  ]),
  samples: new Map([
    [
      nameKey({ schema: 'shop', name: 'films' }),
      {
        identity: 'a',
        fingerprint: 'b',
        isFull: true,
        seen: new Map([['title', { ...title, references: new Set<string>() }]]),
      },
    ],
  ]),
})

function changed(before: EngineFacts, after: EngineFacts): readonly string[] {
  const build = (engineFacts: EngineFacts) =>
    buildSnapshot(catalog({ engineFacts }), options, 1, new Date(0))
  return nameChanges(diffSnapshots(build(before), build(after))).changed
}

/** Paths of everything reachable that is not frozen. */
function unfrozen(value: unknown, path: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  const own = Object.isFrozen(value) ? [] : [path]
  const isCollection = value instanceof Map || value instanceof Set
  const children = isCollection ? [...value.entries()] : Object.entries(value)
  return [...own, ...children.flatMap(([name, child]) => unfrozen(child, `${path}.${name}`))]
}

describe('facts of an engine', () => {
  test('are known again by their backend, and by no other', () => {
    expect(postgresFacts(ofPostgres)).toBe(ofPostgres)
    expect(sqliteFacts(ofSqlite)).toBe(ofSqlite)
    expect(() => postgresFacts(ofSqlite)).toThrow('not loaded from PostgreSQL')
    expect(() => sqliteFacts(ofPostgres)).toThrow('not loaded from SQLite')
  })

  test.each([
    ['PostgreSQL', ofPostgres],
    ['SQLite', ofSqlite],
    ['MongoDB', ofMongodb],
  ])('of %s are frozen in depth', (_, facts) => {
    expect(unfrozen(facts, 'facts')).toEqual([])
  })

  test('are compared by what they hold', () => {
    const other = new Map([['anon', { isolationLevel: 'serializable', settings } as const]])
    expect(changed(ofPostgres, new PostgresFacts(ofPostgres.roles))).toEqual([])
    expect(changed(ofPostgres, new PostgresFacts(other))).toEqual(['role settings'])
    expect(changed(ofSqlite, new SqliteFacts({ ...ofSqlite }))).toEqual([])
    const unwritable = new Map([['films', { ...films, insertRefusal: 'no such table: x' }]])
    const wider = new Map([
      ['films', indexes.map((index) => ({ ...index, columns: new Set(['title', 'plot']) }))],
    ])
    for (const [other, title] of [
      [{ writes: unwritable }, 'what can be written'],
      [{ strictRelations: new Set<string>() }, 'strict tables'],
      [{ ftsIndexes: wider }, 'full-text indexes'],
      [{ readOnlyReason: 'x' }, 'whether the file can be written'],
    ] as const) {
      expect(changed(ofSqlite, new SqliteFacts({ ...ofSqlite, ...other }))).toEqual([title])
    }
  })

  test.each<[string, EngineFacts, readonly string[]]>([
    ['PostgreSQL', ofPostgres, []],
    ['SQLite', ofSqlite, []],
    // what can be seen of samples is in fields, columns and relationships
    ['MongoDB', ofMongodb, ['samples']],
  ])('of %s are all in some part, so that each makes a load publish', (_, facts, unseen) => {
    const told: readonly unknown[] = facts.parts.flatMap((part) =>
      Array.isArray(part.facts) ? [part.facts, ...part.facts] : [part.facts],
    )
    const untold = Object.entries(facts).filter(([, value]) => !told.includes(value))
    expect(untold.map(([name]) => name)).toEqual(unseen)
  })
})
