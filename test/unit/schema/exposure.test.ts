import { describe, expect, test } from 'vitest'
import { qualifiedName } from '../../../src/core/qualified-name.ts'
import { exposes, exposureOf } from '../../../src/schema/exposure.ts'

type Members = readonly string[] | null

function shown(dbTables: Members, dbExcludeTables: Members, names: readonly string[]) {
  const exposure = exposureOf(['api', 'more'], { dbTables, dbExcludeTables })
  return names.filter((name) => {
    const [schema = '', ...rest] = name.split('/')
    return exposes(exposure, qualifiedName(schema, rest.join('/')))
  })
}

describe('what is served', () => {
  const names = ['api/films', 'api/film_list', 'api/fs.files', 'more/films', 'hidden/films']

  test.each<[string, Members, Members, readonly string[]]>([
    ['everything of the schemas', null, null, names.slice(0, 4)],
    ['what is named', ['films'], null, ['api/films', 'more/films']],
    ['what is named with its schema', ['api.films'], null, ['api/films']],
    ['what a pattern has', ['film*'], null, ['api/films', 'api/film_list', 'more/films']],
    ['what a pattern has in a schema', ['more.*'], null, ['more/films']],
    ['names with dots', ['fs.*'], null, ['api/fs.files']],
    ['but what is excluded', null, ['films', '*.files'], ['api/film_list']],
    ['of what is named but what is excluded', ['film*'], ['*s'], ['api/film_list']],
    ['by its letters as they are', ['Films'], null, []],
    ['by characters that mean nothing else', ['film.'], null, []],
    ['nothing of a schema that is not exposed', ['hidden.films'], null, []],
  ])('is %s', (_, dbTables, dbExcludeTables, expected) => {
    expect(shown(dbTables, dbExcludeTables, names)).toEqual(expected)
  })

  test('has no pattern but the asterisk', () => {
    const odd = ['api/a+b', 'api/a\\d', 'api/[a]', 'api/a\nb', 'api/aab']
    expect(shown(['a+b'], null, odd)).toEqual(['api/a+b'])
    expect(shown(['a\\d'], null, odd)).toEqual(['api/a\\d'])
    expect(shown(['[a]'], null, odd)).toEqual(['api/[a]'])
    expect(shown(['a*b'], null, odd)).toEqual(['api/a+b', 'api/a\nb', 'api/aab'])
  })
})
