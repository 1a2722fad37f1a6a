import { type Document, Long } from 'mongodb'
import { describe, expect, test } from 'vitest'
import { createMongodbCompiler } from '../../../../../src/backends/mongodb/compile/compile-mongodb.ts'
import { compileResultTree } from '../../../../../src/backends/mongodb/compile/compile-read-tree.ts'
import type { CompiledRead } from '../../../../../src/backends/mongodb/compile/compiled-read.ts'
import { mongodbSnapshot } from '../../../../support/mongodb-snapshot.ts'
import { type RequestParts, readOf, requestOf } from '../../../../support/plan-of.ts'

const snapshot = mongodbSnapshot({
  collections: {
    films: {
      _id: 'int',
      title: 'string',
      year: 'int',
      director_id: 'int',
      rating: 'double',
      tags: 'string[]',
      data: 'document',
    },
    directors: { _id: 'int', name: 'string' },
  },
  foreignKeys: ['films(director_id) -> directors(_id)'],
  fields: { 'films.rating': { mayBeNan: true } },
})

function compiled(line: string, parts?: RequestParts): CompiledRead {
  const read = createMongodbCompiler()(readOf(snapshot, line, parts), snapshot)
  if (!read.ok) throw new Error(JSON.stringify(read.error))
  return read.value
}

function pipelineOf(line: string, parts?: RequestParts): readonly Document[] | null {
  return compiled(line, parts).pipeline(requestOf(snapshot, line, parts))
}

const wrap = { $replaceWith: { d: '$$ROOT' } }
const directorOf = (pipeline: readonly Document[]) => ({
  $lookup: {
    from: 'directors',
    localField: 'd.director_id',
    foreignField: '_id',
    as: 'e0',
    pipeline: [{ $match: { _id: { $ne: null } } }, ...pipeline],
  },
})
const limit = (n: number) => ({ $limit: Long.fromNumber(n) })

describe('plain reads', () => {
  test.each<[string, readonly Document[] | null]>([
    ['GET /films', [{ $project: { _id: 0, c0: '$$ROOT' } }]],
    ['GET /films?select=title,y:year', [{ $project: { _id: 0, c0: '$title', c1: '$year' } }]],
    [
      'GET /films?select=title&order=_id.desc&limit=3&offset=2',
      [
        { $sort: { _id: -1 } },
        { $skip: Long.fromNumber(2) },
        limit(3),
        { $project: { _id: 0, c0: '$title' } },
      ],
    ],
    ['GET /films?limit=0', null],
  ])('%s', (line, expected) => {
    expect(pipelineOf(line)).toEqual(expected)
  })
})

describe('embeds', () => {
  test.each<[string, readonly Document[]]>([
    [
      'GET /films?select=title,directors(name)&limit=1',
      [
        limit(1),
        wrap,
        directorOf([{ $project: { _id: 0, c0: '$name' } }]),
        { $project: { _id: 0, c0: '$d.title', c1: '$e0' } },
      ],
    ],
    [
      'GET /films?select=title,directors!inner()&limit=1',
      [
        wrap,
        directorOf([{ $limit: 1 }, { $project: { _id: 1 } }]),
        { $match: { e0: { $ne: [] } } },
        limit(1),
        { $project: { _id: 0, c0: '$d.title' } },
      ],
    ],
  ])('%s', (line, expected) => {
    expect(pipelineOf(line)).toEqual(expected)
  })
})

describe('what a write hands back', () => {
  test('has the keys of its documents', () => {
    const { root } = readOf(snapshot, 'GET /films?select=title')
    const { stages, row } = compileResultTree(root, snapshot, true)
    expect(stages(requestOf(snapshot, 'GET /films'))).toEqual([
      { $project: { _id: 1, c0: '$title' } },
    ])
    expect(row.members.map(({ key }) => key)).toEqual(['c0'])
  })
})
