import { describe, expect, test } from 'vitest'
import { type PayloadUse, parsePayload } from '../../../src/api/parse-payload.ts'
import { parseMediaType } from '../../../src/core/media-type.ts'
import { runAtOnce } from '../../../src/core/run-in-slices.ts'

function parse(
  body: string | Uint8Array,
  type = 'application/json',
  use: PayloadUse = 'insert',
  columns?: readonly string[],
) {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  return runAtOnce(parsePayload(bytes, parseMediaType(type), use, columns))
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
    expect(parse(text, 'text/csv')).toMatchObject({
      value: { payload: { text: JSON.stringify(records) } },
    })
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

describe('more than 4000 names', () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`)
  const row = (count: number) => `{${many(count).map((name) => `"${name}":1`)}}`
  const tooMany = (what: string) => ({
    ok: false,
    error: { kind: 'too-complex', details: `${what} more than 4000 names.` },
  })

  test.each(['insert', 'update', 'upsert'] as const)('are too much for an %s', (use) => {
    expect(parse(row(4000), 'application/json', use)).toMatchObject({ ok: true })
    expect(parse(row(4001), 'application/json', use)).toEqual(tooMany('A row of the body has'))
    expect(parse(`[${row(4001)}]`, 'application/json', use)).toEqual(
      tooMany('A row of the body has'),
    )
  })

  test('are a document for a function, handed on as sent', () => {
    const text = row(10_000)
    const parsed = parse(text, 'application/json', 'call')
    expect(parsed).toMatchObject({ value: { payload: { kind: 'json', text } } })
    expect(parsed.ok && parsed.value.columns.length).toBe(4001)
  })

  test('are too much for the header of CSV and for a form', () => {
    expect(parse(`${many(4001)}\n${many(4001)}`, 'text/csv')).toEqual(
      tooMany('The header of the body has'),
    )
    const form = many(4001).join('=1&')
    for (const use of ['insert', 'call'] as const) {
      expect(parse(form, 'application/x-www-form-urlencoded', use)).toEqual(tooMany('The form has'))
    }
  })
})

test('a large body is read in many steps', () => {
  const rows = Array.from({ length: 100_000 }, (_, id) => `{"id":${id},"name":"é"}`).join(',')
  const csv = `id,name\n${'1,"a""b"\n'.repeat(200_000)}`
  const form = `name=${'%41'.repeat(10_000)}&`.repeat(100)
  for (const [type, body] of [
    ['application/json', `[${rows}]`],
    ['text/csv', csv],
    ['application/x-www-form-urlencoded', form],
  ] as const) {
    const steps = parsePayload(Buffer.from(body), parseMediaType(type), 'insert', undefined)
    let pauses = 0
    let step = steps.next()
    for (; step.done !== true; step = steps.next()) pauses += 1
    expect(step.value, type).toMatchObject({ ok: true })
    expect(pauses, type).toBeGreaterThan(10)
  }
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
