import { describe, expect, test } from 'vitest'
import { parseCsv } from '../../../src/api/parse-csv.ts'
import { type PayloadUse, parsePayload } from '../../../src/api/parse-payload.ts'
import { parseMediaType } from '../../../src/core/media-type.ts'

function parse(
  body: string | Uint8Array,
  type = 'application/json',
  use: PayloadUse = 'insert',
  columns?: readonly string[],
) {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  return parsePayload(bytes, parseMediaType(type), use, columns)
}

function refusal(message: string) {
  return { ok: false, error: { kind: 'invalid-body', message } }
}

describe('JSON', () => {
  test.each([
    ['{"b":1,"a":2}', ['a', 'b'], false],
    [' {"id":1e400} ', ['id'], false],
    ['{}', [], false],
    ['[{"b":1,"a":2},{"a":3,"b":4}]', ['a', 'b'], true],
    ['[{},{}]', [], true],
    ['{"__proto__":1}', ['__proto__'], false],
  ])('%s is handed on as sent', (text, keys, isArray) => {
    expect(parse(text)).toEqual({
      ok: true,
      value: { payload: { kind: 'json', text, keys, isArray }, columns: keys },
    })
  })

  test.each(['[]', '3', 'null', '"text"'])('%s holds no rows', (text) => {
    expect(parse(text)).toMatchObject({
      value: { payload: { kind: 'json', text: '[]', keys: [], isArray: true } },
    })
  })

  test.each(['[{"a":1},{"b":1}]', '[{"a":1},{"a":1,"b":1}]', '[1]', '[{"a":1},3]', '[null]'])(
    '%s has unequal keys',
    (text) => {
      expect(parse(text)).toEqual(refusal('All object keys must match'))
    },
  )

  test.each(['', '{', '{"a":1}x', '[{"a":1},]', '\ufeff{}', "{'a':1}"])('%j is no JSON', (text) => {
    expect(parse(text)).toEqual(refusal('Empty or invalid json'))
  })

  test('bytes that are no UTF-8 are no JSON', () => {
    expect(parse(Uint8Array.of(0x22, 0xff, 0x22))).toEqual(refusal('Empty or invalid json'))
  })

  test('a call needs no body', () => {
    expect(parse('', 'application/json', 'call')).toMatchObject({
      value: { payload: { kind: 'json', text: '{}', keys: [] } },
    })
  })

  test.each<PayloadUse>(['insert', 'update', 'call'])(
    'with columns= the body of an %s is not read',
    (use) => {
      expect(parse('anything', 'application/json', use, ['b', 'a', 'b'])).toEqual({
        ok: true,
        value: { payload: { kind: 'raw-json', text: 'anything' }, columns: ['a', 'b'] },
      })
    },
  )

  test('PUT ignores columns=', () => {
    expect(parse('{"id":1}', 'application/json', 'upsert', ['x'])).toMatchObject({
      value: { payload: { kind: 'json' }, columns: ['id'] },
    })
  })
})

describe('CSV', () => {
  test.each([
    ['a,b\n1,x', [{ a: '1', b: 'x' }]],
    ['a,b\r\n1,x\r\n', [{ a: '1', b: 'x' }]],
    ['a,b\n1,NULL', [{ a: '1', b: null }]],
    ['a,b\n1,"NULL"', [{ a: '1', b: null }]],
    ['a,b\n1,', [{ a: '1', b: '' }]],
    ['a\n\n1\n\n2\n', [{ a: '1' }, { a: '2' }]],
    ['"a b","c"\n"x,y","q""q\n"', [{ 'a b': 'x,y', c: 'q"q\n' }]],
    ['a,b\n1', [{ a: '1' }]],
    ['a\n1,2', [{ a: '1' }]],
    ['a,b\n', []],
  ])('%j', (text, records) => {
    expect(parseCsv(text)).toEqual({ ok: true, value: records })
  })

  test('becomes JSON', () => {
    expect(parse('a,b\n1,NULL', 'text/csv')).toMatchObject({
      value: {
        payload: { kind: 'json', text: '[{"a":"1","b":null}]', isArray: true },
        columns: ['a', 'b'],
      },
    })
  })

  test.each([
    ['a,b\nfoo,bar\nbaz', 'All lines must have same number of fields'],
    ['', 'parse error (not enough input) at ""'],
    ['a,b', 'parse error (not enough input) at ""'],
    ['a,b"c\n1,2', String.raw`parse error (Failed reading: satisfy) at "\"c\n1,2"`],
    ['a,b\n"1"x,b', 'parse error (Failed reading: satisfy) at "x,b"'],
    ['a\n"open', String.raw`parse error (unterminated quoted field) at "\"open"`],
  ])('%j is refused: %s', (text, message) => {
    expect(parse(text, 'text/csv')).toEqual(refusal(message))
  })
})

describe('forms', () => {
  test('are one JSON object of texts for a table', () => {
    expect(parse('b=x+y&a=%31&b=z', 'application/x-www-form-urlencoded')).toEqual({
      ok: true,
      value: {
        payload: { kind: 'json', text: '{"b":"z","a":"1"}', keys: ['a', 'b'], isArray: false },
        columns: ['a', 'b'],
      },
    })
  })

  test('keep their pairs for a function', () => {
    expect(parse('v=1&v=2&x', 'application/x-www-form-urlencoded', 'call')).toMatchObject({
      value: {
        payload: {
          kind: 'form',
          pairs: [
            ['v', '1'],
            ['v', '2'],
            ['x', ''],
          ],
          keys: ['v', 'x'],
        },
      },
    })
  })
})

describe('other types', () => {
  test.each(['text/plain', 'text/xml', 'application/octet-stream'])(
    '%s is handed to a function as it is',
    (type) => {
      const bytes = Uint8Array.of(0, 255)
      expect(parse(bytes, type, 'call')).toEqual({
        ok: true,
        value: { payload: { kind: 'raw', bytes }, columns: [] },
      })
      expect(parse(bytes, type)).toEqual(refusal(`Content-Type not acceptable: ${type}`))
    },
  )

  test.each<[string, PayloadUse]>([
    ['text/html', 'insert'],
    ['application/geo+json', 'call'],
    ['application/vnd.pgrst.object+json', 'update'],
    ['*/*', 'upsert'],
    ['nonsense', 'insert'],
  ])('%s is acceptable to nobody', (type, use) => {
    expect(parse('{}', type, use)).toEqual(refusal(`Content-Type not acceptable: ${type}`))
  })
})
