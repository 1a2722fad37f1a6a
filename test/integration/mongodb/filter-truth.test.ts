/**
 * Each operator on values that are awkward for it, played on the server: a filter finds the rows on
 * which SQL finds it true, its negation those on which SQL finds it false. What SQL finds is worked
 * out here, from the values and operands alone.
 */
import {
  Binary,
  type Collection,
  Decimal128,
  type Document,
  Double,
  Int32,
  Long,
  ObjectId,
} from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ApiRequest, Operation, SlotValue } from '../../../src/api/api-request.ts'
import { compileConditions } from '../../../src/backends/mongodb/compile/compile-mongodb-filter.ts'
import {
  createMongodbDatabase,
  describeMongodb,
  type MongodbDatabase,
} from '../../support/mongodb.ts'
import { type KindName, mongodbPlace, typed } from '../../support/mongodb-place.ts'
import { field, request as requestOf, where } from '../../support/plan-builders.ts'

/** What SQL says: null is neither true nor false. */
type Truth = boolean | null

const hex = '507f1f77bcf86cd799439011'
const otherHex = '507f1f77bcf86cd799439012'
const uuid = '00112233-4455-6677-8899-aabbccddeeff'
const uuidValue = new Binary(Buffer.from(uuid.replaceAll('-', ''), 'hex'), 4)
const long = (text: string) => Long.fromString(text)
const decimal = (text: string) => Decimal128.fromString(text)
/** Absent from the document, which a value of its own says here. */
const absent = Symbol('absent')

/** What is in no column of the kind, and equal to nothing that it is compared with. */
const strays: readonly unknown[] = [[], [[]], [null], { a: 1 }]

const values: Readonly<Partial<Record<KindName, readonly unknown[]>>> = {
  int: [0, 5, -5, 7, new Int32(5), long('5')],
  long: [long('9007199254740992'), long('9007199254740993'), long('-1'), 5],
  double: [new Double(0.1), new Double(5), NaN, Infinity, -Infinity, new Double(-0), 5, 7],
  decimal: [
    decimal('0.1'),
    decimal('0.10'),
    new Double(0.1),
    decimal('NaN'),
    5,
    decimal('5.0'),
    NaN,
  ],
  string: [
    '',
    'a',
    'abc',
    'ABC',
    'abc\n',
    'a.c',
    '$gt',
    '$abc',
    '5',
    'null',
    'a%c',
    'a_c',
    'a\\c',
    'ünï',
    '(a)',
    'a|b',
    'xabcx',
    'acbc',
  ],
  bool: [true, false],
  date: [new Date(0), new Date(Date.UTC(2024, 0, 5, 10, 0, 0, 120)), new Date(Date.UTC(-1, 0, 1))],
  objectId: [new ObjectId(hex), new ObjectId(otherHex)],
  uuid: [uuidValue, new Binary(Buffer.alloc(16, 255), 4)],
  binary: [
    new Binary(Buffer.from('hi')),
    new Binary(Buffer.from('')),
    new Binary(Buffer.from('hi'), 3),
  ],
  any: [
    '',
    '5',
    5,
    5.5,
    '5.5',
    decimal('5.5'),
    'abc',
    NaN,
    'NaN',
    true,
    'true',
    hex,
    new ObjectId(hex),
    new Date(0),
    '$gt',
    uuidValue,
  ],
  mixed: ['5', 5, 'abc', 10, '10', false],
}

const scalarOperands: Readonly<Partial<Record<KindName, readonly string[]>>> = {
  int: ['0', '5', '-5', '6'],
  long: ['9007199254740993', '5', '0'],
  double: ['0.1', '5', 'NaN', 'Infinity', '-Infinity', '0'],
  decimal: ['0.1', '0.10', '5', 'NaN', '0.2'],
  string: ['', 'a', 'abc', '$gt', '$abc', '5', 'null', 'b', 'abc\n', '{"$gt":""}', '$where'],
  bool: ['true', 'false', 't', 'no'],
  date: ['1970-01-01', '2024-01-05T10:00:00.120Z', '2000-01-01'],
  objectId: [hex, otherHex],
  uuid: [uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
  binary: ['\\x6869', '\\x', '\\x68'],
  any: ['', '5', '5.5', 'abc', 'NaN', 'true', hex, '1970-01-01T00:00:00+00:00', '$gt', uuid],
  mixed: ['5', 'abc', '7', 'false'],
}

type Model = number | bigint | string | boolean

/** As texts and numbers that JavaScript compares; undefined for what no scalar operand is like. */
function modelOf(value: unknown): Model | undefined {
  if (value instanceof Int32 || value instanceof Double) return value.valueOf()
  if (value instanceof Long) return value.toBigInt()
  if (value instanceof Decimal128) return Number(value.toString())
  if (value instanceof ObjectId) return `objectId ${value.toHexString()}`
  if (value instanceof Date) return `date ${(value.getTime() + 1e15).toString().padStart(17, '0')}`
  if (value instanceof Binary) {
    const bytes = Buffer.from(value.value()).toString('hex')
    return value.sub_type === 4 ? `uuid ${bytes}` : `binary ${bytes}`
  }
  if (typeof value === 'string') return `string ${Buffer.from(value).toString('hex')}`
  if (typeof value === 'number' || typeof value === 'boolean') return value
  return undefined
}

const isUuid = (text: string) => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(text)
const isObjectId = (text: string) => /^[\da-f]{24}$/.test(text)
const isDate = (text: string) => /^\d{4}-\d\d-\d\d/.test(text)
const isNumber = (text: string) => /^-?(\d+(\.\d+)?|Infinity)$|^NaN$/.test(text)

/** What an operand could be in a column of the kind. */
function operandModels(kind: KindName, text: string): readonly Model[] {
  const asNumber = /^-?\d{16,}$/.test(text) ? BigInt(text) : Number(text)
  const asString = `string ${Buffer.from(text).toString('hex')}`
  const asUuid = `uuid ${text.replaceAll('-', '')}`
  switch (kind) {
    case 'int':
    case 'long':
    case 'double':
    case 'decimal':
      return [asNumber]
    case 'bool':
      return [/^[ty1]/.test(text)]
    case 'date':
      return [modelOf(new Date(text)) ?? '']
    case 'objectId':
      return [`objectId ${text}`]
    case 'uuid':
      return [asUuid]
    case 'binary':
      return [`binary ${text.slice(2)}`]
    case 'any':
    case 'mixed':
      return [
        asString,
        ...(isNumber(text) ? [asNumber] : []),
        ...(text === 'true' || text === 'false' ? [text === 'true'] : []),
        ...(isObjectId(text) ? [`objectId ${text}`] : []),
        ...(isUuid(text) ? [asUuid] : []),
        ...(isDate(text) ? [modelOf(new Date(text)) ?? ''] : []),
      ]
    default:
      return [asString]
  }
}

/** Negative, 0 or positive; null where the two are of types that do not compare. */
function compared(left: Model, right: Model): number | null {
  const isLeftNumber = typeof left === 'number' || typeof left === 'bigint'
  const isRightNumber = typeof right === 'number' || typeof right === 'bigint'
  if (isLeftNumber !== isRightNumber || (!isLeftNumber && typeof left !== typeof right)) return null
  if (isLeftNumber) {
    // NaN equals itself, and is greater than all others
    const rank = (value: Model) => (Number.isNaN(value) ? 1 : 0)
    if (rank(left) + rank(right) > 0) return rank(left) - rank(right)
  }
  if (typeof left === 'string' && typeof right === 'string') {
    if (left.split(' ')[0] !== right.split(' ')[0]) return null
  }
  return left < right ? -1 : left > right ? 1 : 0
}

const orders = {
  eq: (order: number) => order === 0,
  gt: (order: number) => order > 0,
  gte: (order: number) => order >= 0,
  lt: (order: number) => order < 0,
  lte: (order: number) => order <= 0,
}
type Order = keyof typeof orders

function truthOf(kind: KindName, value: unknown, operator: Order, operand: string | null): Truth {
  if (value === null || value === absent || operand === null) return null
  const model = modelOf(value)
  if (model === undefined) return false
  return operandModels(kind, operand).some((each) => {
    const order = compared(model, each)
    return order !== null && orders[operator](order)
  })
}

function not(truth: Truth): Truth {
  return truth === null ? null : !truth
}

function any(truths: readonly Truth[]): Truth {
  if (truths.includes(true)) return true
  return truths.includes(null) ? null : false
}

function all(truths: readonly Truth[]): Truth {
  return not(any(truths.map(not)))
}

/** The pattern as a regular expression of JavaScript. */
function likeOf(pattern: string, flags: string): RegExp {
  const source = pattern
    .replaceAll('*', '%')
    .replace(/\\(.)|[\s\S]/gsu, (whole, escaped: string | undefined) => {
      if (escaped === undefined && whole === '%') return '[^]*'
      if (escaped === undefined && whole === '_') return '[^]'
      return (escaped ?? whole).replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&')
    })
  return new RegExp(`^${source}$`, flags)
}

interface Case {
  readonly kind: KindName
  readonly operation: Operation
  readonly value: SlotValue
  readonly truth: (value: unknown) => Truth
}

function comparison(operator: Order, quantifier?: 'any' | 'all'): Operation {
  const base = { kind: 'comparison', operator, value: 0 } as const
  return quantifier === undefined ? base : { ...base, quantifier }
}

/** Bytes have no order. */
function comparedBy(kind: KindName, operators: readonly Order[]): readonly Order[] {
  return kind === 'binary' ? ['eq'] : operators
}

function scalarCases(kind: KindName): readonly Case[] {
  const operands = scalarOperands[kind] ?? []
  const first = operands[0] ?? ''
  const second = operands[1] ?? ''
  const quoted = (members: readonly (string | null)[]) =>
    `{${members.map((each) => (each === null ? 'NULL' : JSON.stringify(each))).join(',')}}`
  const lists = [[], [first], [first, second], [first, null], [null]]
  const single = operands.flatMap((operand): readonly Case[] => {
    const truth = (operator: Order) => (value: unknown) => truthOf(kind, value, operator, operand)
    return [
      ...comparedBy(kind, ['eq', 'gt', 'gte', 'lt', 'lte']).map(
        (operator): Case => ({
          kind,
          operation: comparison(operator),
          value: operand,
          truth: truth(operator),
        }),
      ),
      {
        kind,
        operation: { kind: 'simple', operator: 'neq', value: 0 },
        value: operand,
        truth: (value) => not(truth('eq')(value)),
      },
      {
        kind,
        operation: { kind: 'isdistinct', value: 0 },
        value: operand,
        truth: (value) => truth('eq')(value) !== true,
      },
    ]
  })
  const quantified = lists.flatMap((members) =>
    comparedBy(kind, ['eq', 'gt', 'lte']).flatMap((operator): readonly Case[] => {
      const each = (value: unknown) =>
        members.map((member) => truthOf(kind, value, operator, member))
      return [
        {
          kind,
          operation: comparison(operator, 'any'),
          value: quoted(members),
          truth: (value) => any(each(value)),
        },
        {
          kind,
          operation: comparison(operator, 'all'),
          value: quoted(members),
          truth: (value) => all(each(value)),
        },
      ]
    }),
  )
  const inLists = [[''], [first], operands].map(
    (members): Case => ({
      kind,
      operation: { kind: 'in', value: 0 },
      value: members,
      truth: (value) =>
        members.length === 1 && members[0] === ''
          ? false
          : any(members.map((member) => truthOf(kind, value, 'eq', member))),
    }),
  )
  const isNull = (value: unknown) => value === null || value === absent
  const is: readonly Case[] = [
    { kind, operation: { kind: 'is', value: 'null' }, value: '', truth: isNull },
    {
      kind,
      operation: { kind: 'is', value: 'not_null' },
      value: '',
      truth: (value) => !isNull(value),
    },
    ...(['bool', 'any'].includes(kind)
      ? (['true', 'false', 'unknown'] as const).map(
          (asked): Case => ({
            kind,
            operation: { kind: 'is', value: asked },
            value: '',
            truth: (value) => (asked === 'unknown' ? isNull(value) : value === (asked === 'true')),
          }),
        )
      : []),
  ]
  return [...single, ...quantified, ...inLists, ...is]
}

function patternCases(): readonly Case[] {
  const patterns = [
    '',
    '%',
    'a%',
    '%c',
    'a%c',
    '%b%',
    'abc',
    'a_c',
    'a.c',
    'a\\%c',
    'a\\_c',
    'a\\\\c',
    '$%',
    '(a)',
    'a|b',
    '%a%b%c%',
    '*bc*',
    'ÜN_',
  ]
  const regexes = [
    '^a',
    'c$',
    '^a.c$',
    'b',
    '^[[:alpha:]]+$',
    'a|x',
    '\\$gt',
    '^(a)',
    'ABC',
    '^\\w+$',
    '\\u0061',
  ]
  const texts = (kind: KindName, operators: readonly ('like' | 'ilike' | 'match' | 'imatch')[]) =>
    operators.flatMap((operator): readonly Case[] => {
      const isLike = operator === 'like' || operator === 'ilike'
      const flags = operator.startsWith('i') ? 'iu' : 'u'
      const test = (pattern: string) => (value: unknown) => {
        if (value === null || value === absent) return null
        const text = value instanceof ObjectId ? value.toHexString() : value
        if (typeof text !== 'string') return false
        const regex = isLike
          ? likeOf(pattern, flags)
          : new RegExp(
              pattern.replace('[[:alpha:]]', '[\\p{L}]').replace('\\w', '[\\p{L}\\p{Nd}_]'),
              `${flags}s`,
            )
        return regex.test(text)
      }
      const one = (isLike ? patterns : regexes).map(
        (pattern): Case => ({
          kind,
          operation: { kind: 'comparison', operator, value: 0 },
          value: pattern,
          truth: test(pattern),
        }),
      )
      const both = ['a%', '%c'].map(test)
      const several = (['any', 'all'] as const).map(
        (quantifier): Case => ({
          kind,
          operation: { kind: 'comparison', operator, quantifier, value: 0 },
          value: '{a%,%c}',
          truth: (value) => {
            const truths = both.map((each) => each(value))
            return quantifier === 'any' ? any(truths) : all(truths)
          },
        }),
      )
      return isLike ? [...one, ...several] : one
    })
  return [
    ...texts('string', ['like', 'ilike', 'match', 'imatch']),
    ...texts('any', ['like', 'match']),
    {
      kind: 'objectId',
      operation: { kind: 'comparison', operator: 'like', value: 0 },
      value: '%439011',
      truth: (value) =>
        value === null || value === absent
          ? null
          : value instanceof ObjectId && value.toHexString().endsWith('439011'),
    },
  ]
}

const kinds = Object.keys(scalarOperands) as readonly KindName[]
/** Each kind in a column that paths reach, and in one that expressions alone reach. */
const reachedBy = ['path', 'expression'] as const

describeMongodb('filters and their negations', () => {
  let database: MongodbDatabase
  let rows: Collection<Document>

  beforeAll(async () => {
    database = await createMongodbDatabase()
    rows = database.db.collection('things')
    for (const kind of kinds) {
      const all = [...(values[kind] ?? []), null, absent, ...strays]
      await rows.insertMany(
        all.map((value, index) => ({
          row: index,
          kind,
          ...(value === absent ? {} : { [`${kind}_path`]: value, [`${kind}.$x`]: value }),
        })),
      )
    }
  })

  afterAll(() => database.drop())

  async function found(kind: KindName, filter: Document): Promise<readonly number[]> {
    const asked = rows.find({ $and: [{ kind }, filter] })
    const documents = await asked.project({ row: 1 }).toArray()
    return documents.map(({ row }) => Number(row)).toSorted((a, b) => a - b)
  }

  const cases = [...kinds.flatMap(scalarCases), ...patternCases()]

  test.each(reachedBy.flatMap((by) => kinds.map((kind) => [by, kind] as const)))(
    'by %s: %s',
    async (by, kind) => {
      const all = [...(values[kind] ?? []), null, absent, ...strays]
      const name = by === 'path' ? `${kind}_path` : `${kind}.$x`
      const place = mongodbPlace({ [name]: kind })
      const own = cases.filter((each) => each.kind === kind)
      expect(own.length).toBeGreaterThan(20)
      const differences: unknown[] = []
      for (const { operation, value, truth } of own) {
        for (const negated of [false, true]) {
          const condition = where(typed(field(name), kind), operation, negated)
          const request: ApiRequest = requestOf({ values: [value] })
          const noEmbeds = () => {
            throw new Error('no embeds here')
          }
          const filter = compileConditions([condition], place, noEmbeds)(request)
          const expected = all.flatMap((each, row) => (truth(each) === !negated ? [row] : []))
          const rowsFound = await found(kind, filter)
          if (JSON.stringify(rowsFound) !== JSON.stringify(expected)) {
            differences.push({ operation, value, negated, expected, rowsFound, filter })
          }
        }
      }
      expect(differences).toEqual([])
    },
  )

  const bytes = (hex: string, subtype: number) => new Binary(Buffer.from(hex, 'hex'), subtype)
  const lists: readonly (readonly [KindName, string, readonly unknown[]])[] = [
    ['decimal[]', '{0.1,NULL,5}', [[decimal('0.1'), null, 5]]],
    ['decimal[]', '{0.1,NULL,5}', [[new Double(0.1), null, new Double(5)]]],
    ['binary[]', '{"\\\\x0102",NULL}', [0, 3, 4, 128].map((each) => [bytes('0102', each), null])],
    ['string[]', '{a,NULL}', [['a', null]]],
  ]
  const otherLists: readonly unknown[] = [
    [],
    [null],
    [null, decimal('0.1'), 5],
    [decimal('0.1'), 5],
    [decimal('0.1'), null, 6],
    [new Double(0.1), null, 5, 5],
    [bytes('0103', 3), null],
    [bytes('0102', 3)],
    [null, bytes('0102', 3)],
    bytes('0102', 3),
    ['a', null, null],
    'a',
    [['a', null]],
    { 0: 'a' },
  ]

  test.each(reachedBy.flatMap((by) => lists.map((list) => [by, ...list] as const)))(
    'by %s: a list equals what has its members one by one: %s %s',
    async (by, kind, operand, equal) => {
      const name = by === 'path' ? 'list' : 'list.$x'
      const stored = database.db.collection(`lists of ${kind} by ${by}`)
      const all = [...equal, ...otherLists]
      await stored.deleteMany({})
      await stored.insertMany([{ row: -1 }, ...all.map((value, row) => ({ row, [name]: value }))])
      const noEmbeds = () => {
        throw new Error('no embeds here')
      }
      const rowsOf = async (operation: Operation, value: SlotValue, negated: boolean) => {
        const condition = where(typed(field(name), kind), operation, negated)
        const place = mongodbPlace({ [name]: kind })
        const filter = compileConditions(
          [condition],
          place,
          noEmbeds,
        )(requestOf({ values: [value] }))
        const documents = await stored.find(filter).sort({ row: 1 }).toArray()
        return documents.map(({ row }) => Number(row))
      }
      const found = equal.map((_, row) => row)
      const others = otherLists.map((_, index) => equal.length + index)
      expect(await rowsOf(comparison('eq'), operand, false)).toEqual(found)
      expect(await rowsOf(comparison('eq'), operand, true)).toEqual(others)
      const inList: Operation = { kind: 'in', value: 0 }
      const nothing = otherLists.findIndex((list) => Array.isArray(list) && list.length === 0)
      const either = [...found, equal.length + nothing]
      expect(await rowsOf(inList, [operand, '{}'], false)).toEqual(either)
    },
  )
})
