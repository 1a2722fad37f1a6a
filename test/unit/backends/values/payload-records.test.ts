import { describe, expect, test } from 'vitest'
import { readRecords } from '../../../../src/backends/values/payload-records.ts'

function records(text: string, isArray = text.startsWith('[')): unknown {
  const read = readRecords(text, isArray)
  return read.ok ? read.value.map((record) => Object.fromEntries(record)) : read.error
}

describe('the records of a payload', () => {
  test.each([
    ['{}', [{}]],
    ['[]', []],
    ['[{}, {}]', [{}, {}]],
    ['{"a":1}', [{ a: '1' }]],
    [
      ' [ { "a" : 1.50 , "b":null} ,{ "a":-2e+10,"b":true } ] ',
      [
        { a: '1.50', b: 'null' },
        { a: '-2e+10', b: 'true' },
      ],
    ],
    ['{"a":"x\\"y","b":"}],{"}', [{ a: '"x\\"y"', b: '"}],{"' }]],
    ['{"a":{"b":[1,{"c":"]"}]},"d":[]}', [{ a: '{"b":[1,{"c":"]"}]}', d: '[]' }]],
    ['{"a\\u0041\\n":1}', [{ 'aA\n': '1' }]],
    ['{"a":"\\ud83D\\uDE00\\\\ud83d"}', [{ a: '"\\ud83D\\uDE00\\\\ud83d"' }]],
    ['{"a":1,"a":2}', [{ a: '2' }]],
    ['{"a":12345678901234567890.123456789}', [{ a: '12345678901234567890.123456789' }]],
  ])('%s', (text, expected) => {
    expect(records(text, text.trim().startsWith('['))).toEqual(expected)
  })

  test('are read as often as JSON.parse reads them', () => {
    const values = [
      0,
      -1.5,
      1e300,
      '',
      '"\\',
      '\n😀',
      null,
      true,
      [],
      {},
      [[1], { a: [{}] }],
      { x: { y: [null] } },
    ]
    const rows = values.map((value, index) => ({ value, index, 'odd key,"}': value }))
    for (const spaces of [0, 1, 2]) {
      const read = readRecords(JSON.stringify(rows, null, spaces), true)
      if (!read.ok) throw new Error(read.error.message)
      const parsed = read.value.map((record) => {
        return Object.fromEntries([...record].map(([key, json]) => [key, JSON.parse(json)]))
      })
      expect(parsed).toEqual(rows)
    }
  })

  test.each([
    ['}{', false, '22P02', 'invalid input syntax for type json'],
    ['', true, '22P02', 'invalid input syntax for type json'],
    ['5', true, '22023', 'cannot call json_to_recordset on a scalar'],
    ['{}', true, '22023', 'cannot call json_to_recordset on an object'],
    ['[]', false, '22023', 'cannot call json_to_record on an array'],
    ['{"a":1,"b":["\\u0000"]}', false, '22P05', 'unsupported Unicode escape sequence'],
    ['{"a":"\\ud83d"}', false, '22P02', 'invalid input syntax for type json'],
    ['{"a":"\\ud83dx\\ude00"}', false, '22P02', 'invalid input syntax for type json'],
    ['{"\\uDE00":1}', false, '22P02', 'invalid input syntax for type json'],
    ['[{},5]', true, '22023', 'argument of json_to_recordset must be an array of objects'],
  ])('are not in %j', (text, isArray, sqlState, message) => {
    expect(records(text, isArray)).toMatchObject({ sqlState, message })
  })
})
