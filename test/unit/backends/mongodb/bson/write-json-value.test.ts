/**
 * The writer of raw bytes against a slow way that shares nothing with it: the driver's own objects,
 * rendered one by one.
 */
import {
  Binary,
  BSON,
  BSONRegExp,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'mongodb'
import { expect, test } from 'vitest'
import type { RowShape } from '../../../../../src/backends/mongodb/bson/answer-shape.ts'
import { createRowEncoder } from '../../../../../src/backends/mongodb/bson/encode-rows.ts'

/** A generator of numbers below 1 that gives the same ones each time. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const characters = [
  'a',
  'Z',
  '0',
  ' ',
  '"',
  '\\',
  '/',
  '\n',
  '\u0001',
  '\u001f',
  '\u007f',
  'é',
  '\u2028',
  '漢',
  '😀',
]

class Maker {
  readonly random: () => number

  constructor(seed: number) {
    this.random = randomFrom(seed)
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit)
  }

  one<T>(...all: readonly T[]): T | undefined {
    return all[this.below(all.length)]
  }

  text(): string {
    const length = this.one(0, 1, 5, 31, 32, 33, 200) ?? 0
    return Array.from({ length }, () => this.one(...characters)).join('')
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)))
  }

  double(): number {
    const exact = this.bytes(8).readDoubleLE()
    return (
      this.one(
        exact,
        this.below(1e6),
        this.random(),
        -this.random() * 1e16,
        1 / 3,
        -0,
        0,
        1e15,
        1e-5,
        Number.NaN,
        Infinity,
      ) ?? 0
    )
  }

  decimal(): Decimal128 {
    const digits = Array.from({ length: 1 + this.below(34) }, () => this.below(10)).join('')
    const exponent = this.one(0, -1, -digits.length, 3, this.below(12000) - 6100) ?? 0
    return Decimal128.fromString(
      `${this.one('', '-')}${digits}E${Math.min(Math.max(exponent, -6176), 6111)}`,
    )
  }

  value(depth: number): unknown {
    const kind = this.below(depth > 0 ? 20 : 17)
    switch (kind) {
      case 0:
        return null
      case 1:
        return this.random() < 0.5
      case 2:
        return new Int32(this.bytes(4).readInt32LE())
      case 3:
        return new Int32(this.below(2000) - 1000)
      case 4:
        return new Long(this.bytes(8).readBigInt64LE())
      case 5:
        return Long.fromNumber((this.random() - 0.5) * 2 ** 53)
      case 6:
        return new Double(this.double())
      case 7:
        return this.decimal()
      case 8:
      case 9:
        return this.text()
      case 10:
        return new Date(
          Math.floor((this.random() - 0.5) * 8.64e15 * (this.one(1, 2, 1e-3, 1e-4) ?? 1)),
        )
      case 11:
        return new ObjectId(this.bytes(12))
      case 12:
        return new Binary(this.bytes(this.one(0, 3, 16, 40) ?? 0), this.one(0, 3, 5, 128))
      case 13:
        return new Binary(this.bytes(16), 4)
      case 14:
        return new BSONRegExp(this.text(), this.one('', 'im'))
      case 15:
        return this.one<unknown>(new MinKey(), new MaxKey(), new Code(this.text()))
      case 16:
        return new Timestamp({ t: this.below(2 ** 32), i: this.below(2 ** 32) })
      case 17:
        return Array.from({ length: this.below(5) }, () => this.value(depth - 1))
      default:
        return this.document(depth - 1)
    }
  }

  /** Keys that JavaScript would not reorder. */
  document(depth: number): object {
    const count = this.below(6)
    return Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`${this.text()}k${index}`, this.value(depth)]),
    )
  }
}

/** Only what a value is made of, from the driver's objects. */
function slowJson(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'boolean') return `${value}`
  if (value instanceof Int32) return `${value.value}`
  // a kind of Long to the driver
  if (value instanceof Timestamp) return `{"$timestamp":{"t":${value.t},"i":${value.i}}}`
  if (value instanceof Long) return value.toBigInt().toString()
  if (value instanceof Double) return slowDouble(value.value)
  if (value instanceof Decimal128) return slowDecimal(value.toString())
  if (value instanceof Date) return `"${slowDate(value)}"`
  if (value instanceof ObjectId) return `"${value.toHexString()}"`
  if (value instanceof Binary) {
    const hex = Buffer.from(value.buffer.subarray(0, value.position)).toString('hex')
    if (value.sub_type !== 4) return `"\\\\x${hex}"`
    const [a, b, c, d, e] = [
      [0, 8],
      [8, 12],
      [12, 16],
      [16, 20],
      [20, 32],
    ].map(([from, to]) => hex.slice(from, to))
    return `"${a}-${b}-${c}-${d}-${e}"`
  }
  if (value instanceof BSONRegExp) {
    return `{"$regularExpression":{"pattern":${JSON.stringify(value.pattern)},"options":"${value.options}"}}`
  }
  if (value instanceof Code) return `{"$code":${JSON.stringify(value.code)}}`
  if (value instanceof MinKey) return '{"$minKey":1}'
  if (value instanceof MaxKey) return '{"$maxKey":1}'
  if (Array.isArray(value)) return `[${value.map(slowJson).join(',')}]`
  const members = Object.entries(Object(value)).map(
    ([key, each]) => `${JSON.stringify(key)}:${slowJson(each)}`,
  )
  return `{${members.join(',')}}`
}

/** The digits that JavaScript finds, which are the fewest, placed by hand. */
function slowDouble(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [, sign = '', whole = '', fraction = '', power = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? []
  const leading = /^0*/.exec(whole + fraction)?.[0].length ?? 0
  const digits = (whole + fraction).slice(leading).replace(/0+$/, '')
  const exponent = whole.length + Number(power) - leading - 1
  if (exponent >= 15 || exponent < -4) {
    const mantissa = digits.length === 1 ? digits : `${digits[0]}.${digits.slice(1)}`
    const shown = String(Math.abs(exponent)).padStart(2, '0')
    return `${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${shown}`
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const rest = digits.slice(exponent + 1)
  return `${sign}${digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')}${rest && `.${rest}`}`
}

function slowDecimal(text: string): string {
  if (/N|I/.test(text)) return `"${text}"`
  const [, sign = '', digits = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:E([+-]\d+))?$/.exec(text) ?? []
  const point = digits.length + Number(exponent)
  const all = digits + fraction
  const padded = point > 0 ? all.padEnd(point, '0') : '0'.repeat(1 - point) + all
  const at = Math.max(point, 1)
  const whole = padded.slice(0, at).replace(/^0+(?=\d)/, '')
  const rest = padded.slice(at)
  const plain = rest === '' ? whole : `${whole}.${rest}`
  return /[1-9]/.test(plain) ? sign + plain : plain
}

function slowDate(value: Date): string {
  const [, sign, year = '', rest = ''] = /^([+-]?)(\d+)(-.*)Z$/.exec(value.toISOString()) ?? []
  const number = Number(`${sign}${year}`)
  const shown = String(number > 0 ? number : 1 - number).padStart(4, '0')
  const fraction = rest.replace(/\.?0*$/, (zeros) =>
    zeros.includes('.') || rest.includes('.') ? '' : zeros,
  )
  return `${shown}${fraction}+00:00${number > 0 ? '' : ' BC'}`
}

const shape: RowShape = {
  members: [{ kind: 'all', key: 'd', columns: [], isOpen: true }],
}
const encoder = createRowEncoder(shape, { kind: 'json', stripNulls: false })

function fastJson(document: Uint8Array): string {
  const encoded = encoder.encode([document])
  if (!encoded.ok) throw new Error(encoded.error.message)
  return Buffer.from(encoded.value).toString()
}

test.each([1, 2, 3, 4])('random documents are as the slow way renders them, seed %i', (seed) => {
  const maker = new Maker(seed)
  for (let count = 0; count < 300; count += 1) {
    const document = BSON.serialize({ d: maker.document(4) })
    const read = BSON.deserialize(document, { promoteValues: false, bsonRegExp: true })
    expect(fastJson(document)).toBe(`[${slowJson(read['d'])}]`)
  }
})

test('the text of a document is the same JSON', () => {
  const maker = new Maker(5)
  const documents = Array.from({ length: 200 }, () => BSON.serialize({ c0: maker.document(4) }))
  const members: RowShape['members'] = [
    { kind: 'value', name: 'json', key: 'c0', rendering: { kind: 'plain' } },
    { kind: 'value', name: 'text', key: 'c0', rendering: { kind: 'text' } },
  ]
  const encoded = createRowEncoder({ members }, { kind: 'json', stripNulls: false }).encode(
    documents,
  )
  if (!encoded.ok) throw new Error(encoded.error.message)
  const rows: readonly { readonly json: unknown; readonly text: string }[] = JSON.parse(
    Buffer.from(encoded.value).toString(),
  )
  expect(rows.map(({ text }) => JSON.parse(text))).toEqual(rows.map(({ json }) => json))
})
