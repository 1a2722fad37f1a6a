/**
 * Filters on arrays, documents and JSON paths, and trees of them, on the same rows in MongoDB and in
 * PostgreSQL, which says of which they are true and false: what is null of a row is found by neither
 * a filter nor its negation.
 */
import type { Collection, Document } from 'mongodb'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Operation, SlotValue } from '../../../src/api/api-request.ts'
import { compileConditions } from '../../../src/backends/mongodb/compile/compile-mongodb-filter.ts'
import type { Condition } from '../../../src/plan/plan.ts'
import {
  createMongodbDatabase,
  describeMongodb,
  type MongodbDatabase,
} from '../../support/mongodb.ts'
import { type KindName, mongodbPlace, typed } from '../../support/mongodb-place.ts'
import { field, request as requestOf, where } from '../../support/plan-builders.ts'
import { createTestDatabase, type TestDatabase } from '../../support/shared-cluster.ts'

const documents: readonly unknown[] = [
  ...[5, 5.5, 0, -1, '5', 'a', '', 'ab', true, false],
  ...[[], [1], [[1]], [1, 2], [2, 1], [1, 1, 2], [1, [2, 3]], ['a', null], [null], [{ n: 5 }]],
  ...[{}, { a: 1 }, { a: null }, { a: [] }, { a: {} }, { a: '1' }, { a: 1, b: 2 }, { b: 2, a: 1 }],
  ...[{ a: { b: 1, c: [1, 2] } }, { a: { c: [1, 2], b: 1 } }, { a: [1, 2, { b: 3 }] }],
  ...[{ a: [[1], [2]] }, { a: [{ b: 1 }, { b: 2 }] }, { n: 5 }, { n: '5' }, { n: [5] }, { n: 5.5 }],
  ...[{ n: null }, { n: true }, { n: 'abc' }, { n: '' }, { n: 'ab\n' }, { n: { n: 5 } }],
  ...[{ $x: 'y' }, { 'a.b': 1 }, { a: { $x: 1 } }, { '0': 'zero' }],
]

/** Of texts; integers are as many as these have letters. */
const lists: readonly (readonly (string | null)[])[] = [
  [],
  ['a'],
  ['a', 'b'],
  ['b', 'a'],
  ['a', 'a', 'b'],
  ['$gt'],
  ['a', null],
  [null],
  ['bb', 'c'],
]

interface Row {
  readonly data?: unknown
  readonly tags?: readonly (string | null)[] | null
}

const rows: readonly Row[] = [
  ...documents.map((data, index) => ({ data, tags: lists[index % lists.length] ?? null })),
  { data: null, tags: null },
  {},
]

interface Leaf {
  readonly column: string
  readonly operation: Operation
  readonly value: SlotValue
  /** The same in PostgreSQL. */
  readonly sql: string
  /** Rows on which the two differ, as documented. */
  readonly differs?: (row: Row) => boolean
}

const kinds: Readonly<Record<string, KindName>> = {
  data: 'document',
  tags: 'string[]',
  sizes: 'int[]',
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** `data->a->>0` → `data->'a'->>0` */
function columnSql(column: string): string {
  return column.replace(/(->>?)([^->]+|-\d+)/g, (_, arrow: string, key: string) =>
    /^-?\d+$/.test(key) ? `${arrow}${key}` : `${arrow}${quoted(key)}`,
  )
}

const symbols = {
  eq: '=',
  gt: '>',
  gte: '>=',
  lt: '<',
  lte: '<=',
  like: 'LIKE',
  ilike: 'ILIKE',
  match: '~',
  imatch: '~*',
  neq: '<>',
  cs: '@>',
  cd: '<@',
  ov: '&&',
} as const
type Asked = keyof typeof symbols

function operationOf(operator: Asked): Operation {
  switch (operator) {
    case 'neq':
    case 'cs':
    case 'cd':
    case 'ov':
      return { kind: 'simple', operator, value: 0 }
    default:
      return { kind: 'comparison', operator, value: 0 }
  }
}

function leaf(column: string, operator: Asked, value: string, type: string): Leaf {
  const sql = `${columnSql(column)} ${symbols[operator]} ${quoted(value)}::${type}`
  return { column, operation: operationOf(operator), value, sql }
}

function crossed<A, B>(first: readonly A[], second: readonly B[]): readonly (readonly [A, B])[] {
  return first.flatMap((a) => second.map((b) => [a, b] as const))
}

function isLeaves(column: string): readonly Leaf[] {
  const is = (value: 'null' | 'not_null', sql: string): Leaf => ({
    column,
    operation: { kind: 'is', value },
    value: '',
    sql: `${columnSql(column)} ${sql}`,
  })
  return [is('null', 'IS NULL'), is('not_null', 'IS NOT NULL')]
}

function listLeaves(column: string, values: readonly string[], type: string): readonly Leaf[] {
  const sql = columnSql(column)
  const each = values.map((value) => `${quoted(value)}::${type}`).join(', ')
  const literal = `{${values.map((value) => JSON.stringify(value)).join(',')},NULL}`
  const array = `ARRAY[${each}, NULL]`
  return [
    { column, operation: { kind: 'in', value: 0 }, value: values, sql: `${sql} IN (${each})` },
    {
      column,
      operation: { kind: 'comparison', operator: 'eq', quantifier: 'any', value: 0 },
      value: literal,
      sql: `${sql} = ANY (${array})`,
    },
    {
      column,
      operation: { kind: 'comparison', operator: 'eq', quantifier: 'all', value: 0 },
      value: literal,
      sql: `${sql} = ALL (${array})`,
    },
    {
      column,
      operation: { kind: 'isdistinct', value: 0 },
      value: values[0] ?? '',
      sql: `${sql} IS DISTINCT FROM ${quoted(values[0] ?? '')}::${type}`,
    },
  ]
}

const jsonColumns = ['data', 'data->a', 'data->n', 'data->0', 'data->-1', 'data->a->0', 'data->a.b']
const scalars = ['5', '5.5', '1', '"5"', '"a"', '""', 'true', 'false', 'null']
const containers = [
  '[]',
  '[1]',
  '[[1]]',
  '[1,2]',
  '[null]',
  '{}',
  '{"a":1}',
  '{"b":2,"a":1}',
  '{"a":null}',
  '{"a":{"b":1}}',
  '{"a":{"b":1,"c":[1,2]}}',
  '{"a":[{"b":1}]}',
  '{"$x":"y"}',
  '[1,[2,3],4]',
  '[{"b":1,"z":1},{"n":5,"m":[1]}]',
  '{"a":[1,2,3,{"b":3,"c":1}],"n":5}',
]

/** What a path reaches without its last arrow. */
function withinOf(column: string, { data }: Row): unknown {
  const keys = column.split(/->>?/).slice(1, -1)
  return keys.reduce<unknown>((within, key) => memberOf(within, key), data)
}

function memberOf(within: unknown, key: string): unknown {
  const isIndex = /^-?\d+$/.test(key)
  if (Array.isArray(within)) return isIndex ? within.at(Number(key)) : undefined
  if (typeof within !== 'object' || within === null || isIndex) return undefined
  return Object.entries(within).find(([name]) => name === key)?.[1]
}

/** To PostgreSQL a scalar is a list of itself where an index is asked for. */
function isListOfItself(column: string) {
  if (!/>-?\d+$/.test(column)) return () => false
  return (row: Row): boolean => {
    const within = withinOf(column, row)
    return within !== undefined && (typeof within !== 'object' || within === null)
  }
}

/** JSON's null in a column of documents is none, as any null of MongoDB's is. */
const jsonLeaves = [
  ...crossed(jsonColumns, [...scalars, ...containers]).flatMap(([column, value]) => [
    leaf(column, 'eq', value, 'jsonb'),
    leaf(column, 'neq', value, 'jsonb'),
    leaf(column, 'cs', value, 'jsonb'),
    leaf(column, 'cd', value, 'jsonb'),
  ]),
  ...crossed(jsonColumns, scalars).flatMap(([column, value]) =>
    (['gt', 'gte', 'lt', 'lte'] as const).map((operator) => leaf(column, operator, value, 'jsonb')),
  ),
  ...jsonColumns.flatMap(isLeaves),
  ...jsonColumns.flatMap((column) => listLeaves(column, ['5', '{"b":2,"a":1}'], 'jsonb')),
]

const textColumns = ['data->>n', 'data->>a', 'data->>0', 'data->a->>0', 'data->>$x', 'data->n->>n']

/** Lists and documents have no text in MongoDB. */
function hasNoText(column: string) {
  const isOfItself = isListOfItself(column)
  return (row: Row): boolean => {
    const reached = memberOf(withinOf(column, row), column.split(/->>?/).at(-1) ?? '')
    return isOfItself(row) || (typeof reached === 'object' && reached !== null)
  }
}

const textLeaves: readonly Leaf[] = [
  ...crossed(textColumns, ['5', '5.5', 'abc', '', 'true', 'null', 'y', '[5]']).flatMap(
    ([column, value]) =>
      (['eq', 'neq', 'gt', 'gte', 'lt', 'lte'] as const).map(
        (operator): Leaf => ({
          ...leaf(column, operator, value, 'text'),
          // of PostgreSQL's collation is nothing to be seen here
          sql: `(${columnSql(column)}) COLLATE "C" ${symbols[operator]} ${quoted(value)}`,
          differs: hasNoText(column),
        }),
      ),
  ),
  ...crossed(textColumns, ['%', 'a%', '%b%', '5', '_', 'ab', 'AB%']).flatMap(([column, value]) =>
    (['like', 'ilike'] as const).map(
      (operator): Leaf => ({
        ...leaf(column, operator, value, 'text'),
        differs: hasNoText(column),
      }),
    ),
  ),
  ...crossed(textColumns, ['^a', '5', 'b$', '^[[:digit:]]+$']).flatMap(([column, value]) =>
    (['match', 'imatch'] as const).map(
      (operator): Leaf => ({
        ...leaf(column, operator, value, 'text'),
        differs: hasNoText(column),
      }),
    ),
  ),
  ...textColumns.flatMap(isLeaves),
  ...textColumns.flatMap((column) => listLeaves(column, ['5', 'abc'], 'text')),
]

const arrayValues = ['{}', '{a}', '{a,b}', '{b,a}', '{NULL}', '{a,NULL}', '{$gt}', '{a,b,zz}']
const arrayLeaves: readonly Leaf[] = [
  ...crossed(['eq', 'neq', 'cs', 'cd', 'ov'] as const, arrayValues).map(([operator, value]) =>
    leaf('tags', operator, value, 'text[]'),
  ),
  ...crossed(['eq', 'neq', 'cs', 'cd', 'ov', 'gt', 'lte'] as const, [
    '{}',
    '{1}',
    '{1,1}',
    '{2,1}',
    '{1,2,3}',
  ]).map(([operator, value]) => leaf('sizes', operator, value, 'int[]')),
  ...isLeaves('tags'),
]

function sizesOf({ tags }: Row): readonly number[] | null | undefined {
  // an order of arrays with nulls in them differs
  if (tags === null || tags === undefined) return tags
  return tags.map((tag) => tag?.length ?? 9)
}

describeMongodb('filters that PostgreSQL knows as well', () => {
  let database: MongodbDatabase
  let collection: Collection<Document>
  let judge: TestDatabase
  let client: pg.Client

  beforeAll(async () => {
    database = await createMongodbDatabase()
    collection = database.db.collection('things')
    await collection.insertMany(
      rows.map((row, index) => {
        const sizes = sizesOf(row)
        return { _id: index, ...row, ...(sizes === undefined ? {} : { sizes }) }
      }) as Document[],
    )
    judge = await createTestDatabase()
    client = new pg.Client(judge.uri())
    await client.connect()
    await client.query('CREATE TABLE things (id int, data jsonb, tags text[], sizes int[])')
    for (const [index, row] of rows.entries()) {
      const data = row.data === null || row.data === undefined ? null : JSON.stringify(row.data)
      const values = [index, data, row.tags ?? null, sizesOf(row) ?? null]
      await client.query('INSERT INTO things VALUES ($1, $2, $3, $4)', values)
    }
  })

  afterAll(async () => {
    await client.end()
    await judge.drop()
    await database.drop()
  })

  const place = mongodbPlace(kinds)

  async function foundBy(conditions: readonly Condition[], values: readonly SlotValue[]) {
    const noEmbeds = () => {
      throw new Error('no embeds here')
    }
    const filter = compileConditions(conditions, place, noEmbeds)(requestOf({ values }))
    const found = await collection.find(filter).project({ _id: 1 }).toArray()
    return { filter, ids: found.map(({ _id }) => Number(_id)).toSorted((a, b) => a - b) }
  }

  /** PostgreSQL's word on every row. */
  async function truthsOf(conditions: readonly string[]): Promise<readonly unknown[][]> {
    const columns = conditions.map((sql, index) => `(${sql}) AS c${index}`)
    const truths: unknown[][] = conditions.map(() => [])
    for (let from = 0; from < columns.length; from += 500) {
      const part = columns.slice(from, from + 500).join(', ')
      const result = await client.query<Record<string, unknown>>(
        `SELECT ${part} FROM things ORDER BY id`,
      )
      for (const row of result.rows) {
        for (const [name, truth] of Object.entries(row)) truths[Number(name.slice(1))]?.push(truth)
      }
    }
    return truths
  }

  function conditionOf({ column, operation }: Leaf, slot: number, negated: boolean): Condition {
    const name = column.split('->')[0] ?? ''
    const moved = 'value' in operation && operation.kind !== 'is'
    const placed = moved ? { ...operation, value: slot } : operation
    return where(typed(field(column), kinds[name] ?? 'any'), placed, negated)
  }

  test.each([
    ['documents and ->', [...jsonLeaves], 700],
    ['->>', textLeaves, 300],
    ['arrays', arrayLeaves, 70],
  ] as const)('%s', async (_, leaves, atLeast) => {
    expect(leaves.length).toBeGreaterThan(atLeast)
    const truths = await truthsOf(leaves.map(({ sql }) => sql))
    const differences: unknown[] = []
    for (const [index, each] of leaves.entries()) {
      for (const negated of [false, true]) {
        const { ids, filter } = await foundBy([conditionOf(each, 0, negated)], [each.value])
        const isOfItself = isListOfItself(each.column)
        const isCompared = (row: number) =>
          !isOfItself(rows[row] ?? {}) && each.differs?.(rows[row] ?? {}) !== true
        const expected = (truths[index] ?? []).flatMap((truth, row) =>
          truth === !negated && isCompared(row) ? [row] : [],
        )
        const found = ids.filter(isCompared)
        if (JSON.stringify(found) !== JSON.stringify(expected)) {
          const shown = (list: readonly number[]) => list.map((row) => JSON.stringify(rows[row]))
          differences.push({
            sql: each.sql,
            negated,
            missing: shown(expected.filter((row) => !found.includes(row))),
            wrong: shown(found.filter((row) => !expected.includes(row))),
            filter: JSON.stringify(filter),
          })
        }
      }
    }
    expect(differences).toEqual([])
  })

  test('trees of filters', async () => {
    const random = seededRandom(20)
    const pick = <T>(list: readonly [T, ...(readonly T[])]): T =>
      list[Math.floor(random() * list.length)] ?? list[0]
    const [first, ...rest] = [...jsonLeaves, ...arrayLeaves].filter(
      ({ column }) => !/>-?\d/.test(column),
    )
    if (first === undefined) throw new Error('no leaves')
    const leaves = [first, ...rest] as const

    interface Tree {
      readonly condition: Condition
      readonly sql: string
    }
    const values: SlotValue[] = []
    const treeOf = (levels: number): Tree => {
      const negated = random() < 0.4
      if (levels === 0 || random() < 0.2) {
        const each = pick(leaves)
        values.push(each.value)
        const condition = conditionOf(each, values.length - 1, negated)
        return { condition, sql: negated ? `NOT (${each.sql})` : each.sql }
      }
      const operator = pick(['and', 'or'] as const)
      const operands = [treeOf(levels - 1), treeOf(levels - 1), treeOf(levels - 1)]
      const joined = operands
        .map(({ sql }) => `(${sql})`)
        .join(operator === 'and' ? ' AND ' : ' OR ')
      return {
        condition: {
          kind: 'logic',
          operator,
          negated,
          operands: operands.map(({ condition }) => condition),
        },
        sql: negated ? `NOT (${joined})` : joined,
      }
    }
    const trees = Array.from({ length: 300 }, (_, index) => treeOf((index % 3) + 1))
    const truths = await truthsOf(trees.map(({ sql }) => sql))
    let found = 0
    for (const [index, { condition, sql }] of trees.entries()) {
      const negation: Condition = {
        kind: 'logic',
        operator: 'and',
        negated: true,
        operands: [condition],
      }
      const isTrue = await foundBy([condition], values)
      const isFalse = await foundBy([negation], values)
      const wanted = (asked: boolean) =>
        (truths[index] ?? []).flatMap((truth, row) => (truth === asked ? [row] : []))
      expect({ sql, isTrue: isTrue.ids, isFalse: isFalse.ids }).toEqual({
        sql,
        isTrue: wanted(true),
        isFalse: wanted(false),
      })
      found += isTrue.ids.length > 0 && isFalse.ids.length > 0 ? 1 : 0
    }
    // trees that find something on both sides, else they would tell little
    expect(found).toBeGreaterThan(30)
  })
})

/** Numbers between 0 and 1, the same in each run. */
function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
