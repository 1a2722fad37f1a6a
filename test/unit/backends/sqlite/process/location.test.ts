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
    expect(locateDatabase(uri)).toMatchObject({ ok: true, value: { path } })
  })

  // as dbmate, SQLAlchemy and Rails write them
  test.each([
    ['sqlite:films.db', resolve('films.db')],
    ['sqlite3:db/films.db', resolve('db/films.db')],
    ['sqlite:/data/films.db', '/data/films.db'],
    ['sqlite3:///data/films.db', '/data/films.db'],
    ['sqlite:////data/films.db', '/data/films.db'],
    ['sqlite:a%20b.db?mode=ro', resolve('a b.db')],
    ['sqlite://films.db', resolve('films.db')],
    ['SQLITE:films.db', resolve('films.db')],
  ])('%s is %s', (uri, path) => {
    expect(locateDatabase(uri, () => false)).toMatchObject({ ok: true, value: { path } })
  })

  test.each([
    ['sqlite:///films.db', 'films.db', resolve('films.db')],
    ['sqlite:///films.db', '/films.db', '/films.db'],
    ['sqlite://data/films.db', '/data/films.db', '/data/films.db'],
    ['sqlite:/films.db', 'films.db', '/films.db'],
    ['sqlite:films.db', '/films.db', resolve('films.db')],
  ])('%s, where there is %s, is %s', (uri, there, path) => {
    expect(locateDatabase(uri, (name) => name === there)).toMatchObject({
      ok: true,
      value: { path },
    })
  })

  test.each([
    ['films.db', false, false],
    ['file:films.db', false, false],
    ['file:films.db?mode=rw&cache=private', false, false],
    ['file:films.db?mode=rwc&nolock=0', false, false],
    ['sqlite:films.db?mode=ro', true, false],
    ['file:films.db?mode=rw&mode=ro', true, false],
    ['file:films.db?immutable=1', true, true],
    ['file:films.db?mode=rwc&immutable=TRUE', true, true],
    ['file:films.db?immutable=0', false, false],
  ])('%s: read-only %s, immutable %s', (uri, isReadOnly, isImmutable) => {
    const path = resolve('films.db')
    expect(locateDatabase(uri)).toEqual({ ok: true, value: { path, isReadOnly, isImmutable } })
  })

  test.each([
    ['', /in memory cannot be served/],
    [':memory:', /in memory cannot be served/],
    ['file::memory:?cache=shared', /in memory cannot be served/],
    ['file:name?mode=memory', /in memory cannot be served/],
    ['file://u:topsecret@h/films.db', /^the file: URI in db-uri names another host$/],
    ['file:/data/%zz.db', /not well encoded/],
    ['sqlite://', /in memory cannot be served/],
    ['sqlite::memory:', /in memory cannot be served/],
    ['sqlite:///:memory:', /in memory cannot be served/],
    ['sqlite3:films.db?mode=memory', /in memory cannot be served/],
    ['sqlite:films.db?vfs=other', /vfs .* is not supported/],
    ['sqlite:%zz', /not well encoded/],
    ['postgresql://u:topsecret@h/d', /^db-uri is not set to a SQLite file$/],
    ['file:/data/films.db?vfs=other', /vfs .* is not supported/],
    ['file:/data/films.db?nolock=1', /nolock .* is not supported/],
    ['file:/data/films.db?psow=0', /psow .* is not supported/],
    ['file:/data/films.db?mode=fast', /^mode in the URI of db-uri has a value/],
    ['file:/data/films.db?immutable=2', /^immutable in the URI of db-uri has a value/],
    ['file:/data/films.db?cache=none', /^cache in the URI of db-uri has a value/],
    ['sqlite:films.db?topsecret', /^the URI in db-uri has a parameter that SQLite does not know/],
    ['sqlite3:films.db?pool=5&topsecret=1', /has a parameter .* mode, cache and immutable/],
  ])('%s is refused', (uri, reason) => {
    const located = locateDatabase(uri)
    expect(located).toEqual({ ok: false, error: expect.stringMatching(reason) })
    expect(located.ok ? '' : located.error).not.toContain('topsecret')
  })
})
