import { describe, expect, test } from 'vitest'
import {
  constant,
  ident,
  join,
  joinGrouped,
  noSql,
  param,
  qualified,
  quoteIdentifier,
  raw,
  StatementTooLong,
  sql,
  toStatement,
} from '../../../../src/backends/sql/sql-text.ts'

const dollar = (index: number) => `$${index}`

describe('quoteIdentifier', () => {
  test.each([
    ['plain', '"plain"'],
    ['say "hi"', '"say ""hi"""'],
    ['a"; drop table b; --', '"a""; drop table b; --"'],
    ['back\\slash', '"back\\slash"'],
    ['cut\0here', '"cut"'],
    ['', '""'],
  ])('quotes %j', (name, quoted) => {
    expect(quoteIdentifier(name)).toBe(quoted)
  })
})

describe('fragments', () => {
  test('compose and number their placeholders from left to right', () => {
    const filter = sql`${ident('a')} = ${constant('x')}`
    const all = sql`SELECT ${constant('y', 25)} FROM ${qualified({ schema: 's', name: 't' })} WHERE ${filter} AND ${filter}`
    expect(toStatement(all, dollar)).toEqual({
      text: 'SELECT $1 FROM "s"."t" WHERE "a" = $2 AND "a" = $3',
      params: ['y', 'x', 'x'].map((text) => ({ kind: 'const', text })),
      types: [25, 0, 0],
    })
  })

  test('a name without a schema stands alone', () => {
    expect(toStatement(qualified({ schema: '', name: 't' }), dollar).text).toBe('"t"')
  })

  test('join puts its separator between, nothing adds nothing', () => {
    const list = join([raw('a'), raw('b')], ', ')
    expect(toStatement(sql`(${list})${noSql}${raw('')}`, () => '?').text).toBe('(a, b)')
    expect(toStatement(join([], ', '), dollar).text).toBe('')
  })

  test('a parameter that is used twice can be one placeholder', () => {
    const value = param({ kind: 'slot', slot: 0 })
    const twice = sql`${value} + ${value} + ${param({ kind: 'slot', slot: 0 })}`
    expect(toStatement(twice, dollar).text).toBe('$1 + $2 + $3')
    expect(toStatement(twice, dollar, { sharesParams: true })).toMatchObject({
      text: '$1 + $1 + $2',
      types: [0, 0],
    })
  })

  test('operands in a row are grouped where there are many', () => {
    const operands = (count: number) => Array.from({ length: count }, () => raw('a'))
    const text = (count: number) => toStatement(joinGrouped(operands(count), ' OR '), dollar).text
    expect(text(3)).toBe('a OR a OR a')
    expect(text(65)).toBe(`(${Array.from({ length: 64 }, () => 'a').join(' OR ')}) OR (a)`)
    expect(text(64 * 64 + 1)).toMatch(/^\(\(a OR .* a\)\) OR \(\(a\)\)$/)
  })

  test('end where they would be too long, however often they repeat each other', () => {
    const grow = () => {
      let text = raw('abc')
      for (let level = 0; level < 400; level += 1) text = sql`${text}${text}`
      return text
    }
    expect(grow).toThrow(StatementTooLong)
  })
})
