/**
 * `GET /schema`: pages of relations and one relation, whatever the size of the schema.
 */
import { describe, expect, test } from 'vitest'
import { showSchema } from '../../../src/admin/show-schema.ts'
import { describeSnapshot } from '../../support/snapshot.ts'

const snapshot = describeSnapshot({
  relations: {
    films: 'id:integer!, title:text, director:integer',
    directors: 'id:integer!',
    film_notes: 'id:integer!',
    old_films: 'id:integer!',
  },
})
const schema = [...snapshot.relations.values()][0]?.schema ?? ''

async function show(query: string, served: typeof snapshot | null = snapshot) {
  const cache =
    served === null
      ? ({ kind: 'starting' } as const)
      : ({ kind: 'ready', snapshot: served } as const)
  const shown = await showSchema(new URLSearchParams(query), cache)
  return shown.ok ? shown.value : shown.error
}

async function names(query: string): Promise<unknown> {
  const relations: unknown = Reflect.get(await show(query), 'relations')
  return Array.isArray(relations) ? relations.map(({ name }) => name) : relations
}

describe('the list', () => {
  test('has all relations by name, and their number', async () => {
    expect(await show('')).toMatchObject({ version: 1, total: 4, found: 4, offset: 0 })
    expect(await names('')).toEqual(['directors', 'film_notes', 'films', 'old_films'])
  })

  test('is narrowed by a search: the name itself, what begins so, what has it in it', async () => {
    expect(await names('search=FILMS')).toEqual(['films', 'old_films'])
    expect(await names('search=film')).toEqual(['film_notes', 'films', 'old_films'])
    expect(await names(`search=${schema}.dir`)).toEqual(['directors'])
    expect(await names('search=nothing')).toEqual([])
  })

  test('comes in pages', async () => {
    expect(await names('offset=1&limit=2')).toEqual(['film_notes', 'films'])
    expect(await names('offset=90')).toEqual([])
  })

  test('is empty while there is no schema', async () => {
    expect(await show('', null)).toMatchObject({ version: null, total: 0, relations: [] })
  })

  test.each(['offset=-1', 'limit=x', 'page=2'])('refuses %s', async (query) => {
    expect(await show(query)).toMatchObject({ kind: 'malformed-request' })
  })

  test.each([
    ['limit=1&limit=2', 'limit'],
    ['search=a&offset=0&search=a', 'search'],
    ['name=films&schema=api&name=films', 'name'],
  ])('refuses %s, which gives %s twice', async (query, name) => {
    expect(await show(query)).toEqual({
      kind: 'malformed-request',
      details: `${name} is given twice`,
    })
  })
})

describe('one relation', () => {
  test('has columns, key and what can be written', async () => {
    expect(await show(`schema=${schema}&name=films`)).toMatchObject({
      version: 1,
      relation: {
        name: 'films',
        columns: [
          { name: 'id', type: 'integer', isKey: true, isNullable: false },
          { name: 'title', type: 'text', isKey: false },
          { name: 'director' },
        ],
        related: 0,
      },
    })
  })

  test.each([`schema=${schema}&name=gone`, 'name=films', `schema=${schema}&name=`])(
    'that is not there is not found: %s',
    async (query) => {
      expect(await show(query)).toMatchObject({ kind: 'relation-not-found' })
    },
  )
})

test('a page of 60,000 relations is found in slices, and small', async () => {
  const many = Object.fromEntries(
    Array.from({ length: 3000 }, (_, at) => [`t${at}`, 'id:integer!']),
  )
  const base = describeSnapshot({ relations: many })
  const relations = new Map(
    Array.from({ length: 20 }, (_, schema) =>
      [...base.relations.values()].map(
        (relation) =>
          [`s${schema}\0${relation.name}`, { ...relation, schema: `s${schema}` }] as const,
      ),
    ).flat(),
  )
  let turns = 0
  let isDone = false
  const count = () => {
    turns += 1
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  const shown = await show('search=t7', { ...base, relations })
  isDone = true
  expect(shown).toMatchObject({ total: 60_000, found: 20 * 111 })
  expect(JSON.stringify(shown).length).toBeLessThan(10_000)
  // the event loop went round meanwhile
  expect(turns).toBeGreaterThan(1)
})
