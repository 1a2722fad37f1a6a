/**
 * The data provider of react-admin for PostgREST, unchanged from the npm registry, against the built
 * server: each of its methods, through the example that users start from.
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { DataProvider, RaRecord } from 'ra-core'
import { describe, expect, test } from 'vitest'
import { serveFilmArchive, serveFilmFile } from '../support/film-archive.ts'

const example = join(import.meta.dirname, '../../examples/react-admin/data-provider.js')
const { filmsProvider } = (await import(pathToFileURL(example).href)) as {
  readonly filmsProvider: (apiUrl: string) => DataProvider
}

interface Page {
  readonly data: readonly RaRecord[]
  readonly total?: number | undefined
}

describe.each([
  ['PostgreSQL', serveFilmArchive],
  ['SQLite', serveFilmFile],
] as const)('%s:', (_, serve) => {
  const { url, films } = serve()
  const provider = () => filmsProvider(url())
  const paged = (field: string, filter: object = {}) => ({
    pagination: { page: 1, perPage: 2 },
    sort: { field, order: 'DESC' as const },
    filter,
  })
  const titles = ({ data, total }: Page) => [data.map(({ title }) => title), total]

  test('lists pages, with filters and totals', async () => {
    expect(titles(await provider().getList('films', paged('year')))).toEqual([
      ['Dune', 'Arrival'],
      5,
    ])
    const next = { ...paged('year'), pagination: { page: 2, perPage: 2 } }
    expect(titles(await provider().getList('films', next))).toEqual([
      ['He said "no, (really)"', 'Vagabond'],
      5,
    ])
    const some = paged('id', { 'title@ilike': 'd', 'year@gte': 2000, director_id: 1 })
    expect(titles(await provider().getList('films', some))).toEqual([['Dune'], 1])
  })

  test('reads one, many and those of another', async () => {
    const { data } = await provider().getOne('films', { id: 3 })
    expect(data).toMatchObject({ id: 3, title: 'Cléo de 5 à 7' })
    const many = await provider().getMany('films', { ids: [1, 4] })
    expect(many.data.map(({ id }: { id: number }) => id).sort()).toEqual([1, 4])
    const target = { ...paged('id'), target: 'director_id', id: 1 }
    expect(titles(await provider().getManyReference('films', target))).toEqual([
      ['Dune', 'Arrival'],
      2,
    ])
  })

  test('creates, updates and deletes, one and many', async () => {
    const { data } = await provider().create('films', { data: { title: 'Jackie', year: 2016 } })
    expect(data).toMatchObject({ id: expect.any(Number), title: 'Jackie' })
    const previousData = { ...data }
    const renamed = { id: data.id, data: { ...data, title: 'Neruda' }, previousData }
    expect((await provider().update('films', renamed)).data).toMatchObject({ title: 'Neruda' })
    await provider().updateMany('films', { ids: [1, 2], data: { rating: 9 } })
    const stored = await films()
    expect(stored.filter(({ rating }) => Number(rating) === 9)).toHaveLength(2)
    await provider().delete('films', { id: data.id, previousData })
    const gone = await provider().deleteMany('films', { ids: [4, 5] })
    expect(gone.data).toEqual([4, 5])
    expect((await films()).map(({ id }) => Number(id))).toEqual([1, 2, 3])
  })

  test('a failure has the server’s words', async () => {
    await expect(provider().getOne('fillms', { id: 1 })).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining('fillms'),
    })
  })
})
