import { describe, expect, test } from 'vitest'
import { parsePrefer, preferenceShape } from '../../../src/api/parse-prefer.ts'

describe('Prefer', () => {
  test.each([
    [[], {}],
    [['return=representation'], { return: 'representation' }],
    [['return=headers-only'], { return: 'headers-only' }],
    [['return=minimal'], { return: 'minimal' }],
    [['count=exact'], { count: 'exact' }],
    [['count=planned'], { count: 'planned' }],
    [['count=estimated'], { count: 'estimated' }],
    [['resolution=merge-duplicates'], { resolution: 'merge-duplicates' }],
    [['resolution=ignore-duplicates'], { resolution: 'ignore-duplicates' }],
    [['missing=default'], { missing: 'default' }],
    [['missing=null'], { missing: 'null' }],
    [['handling=strict'], { handling: 'strict' }],
    [['handling=lenient'], { handling: 'lenient' }],
    [['tx=commit'], { tx: 'commit' }],
    [['tx=rollback'], { tx: 'rollback' }],
    [['timezone=America/Los_Angeles'], { timezone: 'America/Los_Angeles' }],
    [['max-affected=10'], { maxAffected: 10 }],
    [['max-affected=-1'], { maxAffected: -1 }],
    [['max-affected=many'], {}],
    [
      ['count=exact,    tx=commit   ,missing=default'],
      { count: 'exact', tx: 'commit', missing: 'default' },
    ],
    [['count=exact', 'missing=null'], { count: 'exact', missing: 'null' }],
    // of a preference given twice the first counts
    [['tx=commit, tx=rollback'], { tx: 'commit' }],
    [['count=planned', 'count=exact'], { count: 'planned' }],
    [['timezone=UTC, timezone=CET'], { timezone: 'UTC' }],
    [['max-affected=1, max-affected=2'], { maxAffected: 1 }],
  ])('%j', (headers, expected) => {
    expect(parsePrefer(headers, true)).toEqual({ ...expected, invalid: [] })
  })

  test.each([
    ['anything', ['anything']],
    ['something, else', ['something', 'else']],
    ['count=none', ['count=none']],
    ['params=single-object', ['params=single-object']],
    ['count = exact', ['count = exact']],
    ['', ['']],
  ])('%j is unknown', (header, invalid) => {
    expect(parsePrefer([header], true)).toEqual({ invalid })
  })

  test('tx is known but not heeded where db-tx-end does not let clients choose', () => {
    expect(parsePrefer(['tx=rollback, count=exact'], false)).toEqual({
      count: 'exact',
      invalid: [],
    })
  })
})

describe('the shape of preferences', () => {
  const shape = (...headers: string[]) => preferenceShape(parsePrefer(headers, true))

  test.each([
    ['timezone=UTC', 'timezone=CET'],
    ['max-affected=1', 'max-affected=2'],
    ['count=exact, foo', 'count=exact, bar'],
  ])('is the same for %s and %s', (a, b) => {
    expect(shape(a)).toBe(shape(b))
  })

  test.each([
    ['count=exact', 'count=planned'],
    ['timezone=UTC', 'max-affected=1'],
    ['handling=strict, foo', 'handling=strict, bar'],
    ['handling=strict', 'handling=strict, timezone=UTC'],
  ])('differs for %s and %s', (a, b) => {
    expect(shape(a)).not.toBe(shape(b))
  })
})
