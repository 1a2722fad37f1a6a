import { describe, expect, test } from 'vitest'
import {
  constant,
  ident,
  join,
  noSql,
  qualified,
  quoteIdentifier,
  raw,
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
})
