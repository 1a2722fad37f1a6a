import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { locateDatabase } from '../../../../../src/backends/sqlite/process/sqlite-location.ts'

describe('locateDatabase', () => {
  test.each([
    ['films.db', resolve('films.db')],
    [' /data/films.db ', '/data/films.db'],
    ['/data/a%20b.db', '/data/a%20b.db'],
    ['file:films.db', resolve('films.db')],
    ['file:/data/films.db', '/data/films.db'],
    ['file:///data/films.db', '/data/films.db'],
    ['file://localhost/data/films.db?mode=ro', '/data/films.db'],
    ['file:/data/a%20b%3f.db?immutable=1&cache=shared', '/data/a b?.db'],
  ])('%s is %s', (uri, path) => {
    expect(locateDatabase(uri)).toEqual({ ok: true, value: path })
  })

  test.each([
    ['', /in memory cannot be served/],
    [':memory:', /in memory cannot be served/],
    ['file::memory:?cache=shared', /in memory cannot be served/],
    ['file:name?mode=memory', /in memory cannot be served/],
    ['file://server/films.db', /names another host: server/],
    ['file:/data/%zz.db', /not well encoded/],
    ['file:/data/films.db?vfs=other', /vfs .* is not supported/],
    ['file:/data/films.db?nolock=1', /nolock .* is not supported/],
  ])('%s is refused', (uri, reason) => {
    const located = locateDatabase(uri)
    expect(located).toEqual({ ok: false, error: expect.stringMatching(reason) })
  })
})
