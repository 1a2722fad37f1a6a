import { describe, expect, test } from 'vitest'
import type { SlotValue } from '../../../../../src/api/api-request.ts'
import { constant, type SqlText, toStatement } from '../../../../../src/backends/sql/sql-text.ts'
import {
  bindOperands,
  limitOperand,
  offsetOperand,
  operand,
  type Reading,
} from '../../../../../src/backends/sqlite/compile/sqlite-operands.ts'
import { type RequestOptions, request } from '../../../../support/plan-builders.ts'

function bind(text: SqlText, options: RequestOptions) {
  const bound = bindOperands(
    toStatement(text, () => '?'),
    request(options),
    { role: 'clerk', claims: '{"role":"clerk"}' },
  )
  return bound.ok ? { ok: true, value: bound.value[0] } : bound
}

describe('operands', () => {
  test.each<[Reading, SlotValue, unknown]>([
    ['text', '5', '5'],
    ['integer', '5', 5n],
    ['boolean', 'true', 1n],
    ['boolean', 'off', 0n],
    ['double precision', 'NaN', 'NaN'],
    ['bytea', '\\x6869', Buffer.from('hi')],
    ['any', '5', '5'],
    ['any number', '5', 5n],
    ['any number', ' False', 0n],
    ['any number', 'true', 1n],
    ['any number', '5a', '5a'],
    ['glob', 'a*_', 'a*?'],
    ['like', 'a*_', 'a%_'],
    ['is ascii', 'abc', 1n],
    ['is ascii', 'é', 0n],
    ['regex', '^a', '^a'],
    ['containment', '{"a":1}', '{"kind":"document","value":{"a":1}}'],
    ['containment', '{a}', '{"kind":"members","texts":["a"]}'],
    ['fts query', '!cat', '"cat"'],
    ['fts negated', '!cat', 1n],
    ['wfts negated', 'cat', 0n],
    ['plfts query', 'fat cat', '("fat" AND "cat")'],
    ['integer list', ['1', '9007199254740993'], '[1,9007199254740993]'],
    ['integer list', '{1,null}', '[1,null]'],
    ['integer list', [''], '[]'],
    ['text list', ['null', 'a"b'], '["null","a\\"b"]'],
    ['boolean list', ['t', 'no'], '[1,0]'],
    ['double precision list', ['Infinity', '-Infinity', 'NaN'], '[9e999,-9e999,"NaN"]'],
    ['bytea list', ['\\x6869'], '["6869"]'],
    ['any list', '{5,a,null,true}', '[[5,"5"],["a","a"],[null,null],[1,"true"]]'],
    ['like list', '{a*,b}', '["a%","b"]'],
    ['timestamp micros', '1970-01-01T00:00:01Z', 1_000_000n],
    ['timestamp micros', '-infinity', -Infinity],
    ['timestamp from', '2024-03-01 01:00+02', '2024-02-28'],
    ['timestamp until', '2024-03-01 01:00+02', '2024-03-02'],
    ['timestamp until', '9999-12-31', '~'],
    ['date from', '2024-3-1', '2024-03-01'],
    ['date until', '2024-02-29T23:00-05', '2024-03-01'],
    ['date list', ['1970-1-2'], '[[86400000000,"1970-01-02","1970-01-03"]]'],
    ['time', '00:00:01.5', 1_500_000n],
    [
      'uuid list',
      ['A0EEBC999C0B4EF8BB6D6BB9BD380A11'],
      JSON.stringify([
        [
          'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
          'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
          'a0eebc999c0b4ef8bb6d6bb9bd380a11',
          'A0EEBC999C0B4EF8BB6D6BB9BD380A11',
          '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}',
          '{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}',
        ],
      ]),
    ],
  ])('%s of %j', (reading, sent, value) => {
    expect(bind(operand(0, reading), { values: [sent] })).toEqual({ ok: true, value })
  })

  test.each<[Reading, SlotValue, string]>([
    ['integer', 'a', '22P02'],
    ['integer list', ['1', 'a'], '22P02'],
    ['integer list', '1', '22P02'],
    ['regex', '(', '2201B'],
    ['regex list', '{a,(}', '2201B'],
    ['containment', 'a', '22P02'],
    ['fts query', 'cat &', '42601'],
    ['text', 'a\0', '22021'],
    ['text list', ['a', '\0'], '22021'],
    ['timestamp micros', '2024-02-30', '22008'],
    ['date list', ['2024-02-29', 'x'], '22007'],
  ])('%s of %j is refused', (reading, sent, sqlState) => {
    expect(bind(operand(0, reading), { values: [sent] })).toMatchObject({
      ok: false,
      error: { kind: 'database', failure: { sqlState } },
    })
  })

  test('what PostgreSQL would read, and we do not, is not implemented', () => {
    const feature = 'dates and times in other spellings than ISO 8601'
    expect(bind(operand(0, 'date from'), { values: ['Feb 29 2024'] })).toEqual({
      ok: false,
      error: { kind: 'not-implemented', feature },
    })
  })

  test('text that is part of the request’s shape stays text', () => {
    expect(bind(constant('5'), {})).toEqual({ ok: true, value: '5' })
  })
})

test('windows are numbers that SQLite can hold, and no limit is a negative one', () => {
  const window = { source: 0, hasLimit: true, hasOffset: true, maxRows: null }
  const none = { window: { offset: 0 } }
  const some = { window: { offset: 2, limit: 3 } }
  const huge = { window: { offset: 1e30 } }
  expect(bind(limitOperand(window), none)).toEqual({ ok: true, value: -1n })
  expect(bind(limitOperand(window), some)).toEqual({ ok: true, value: 3n })
  expect(bind(offsetOperand(window), some)).toEqual({ ok: true, value: 2n })
  expect(bind(offsetOperand(window), huge)).toEqual({ ok: true, value: 2n ** 63n - 1n })
})
