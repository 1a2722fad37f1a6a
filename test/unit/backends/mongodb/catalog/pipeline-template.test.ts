import { describe, expect, test } from 'vitest'
import {
  fillTemplate,
  readPipelineTemplate,
} from '../../../../../src/backends/mongodb/catalog/pipeline-template.ts'

function read(stages: unknown) {
  return readPipelineTemplate(JSON.stringify(stages), (name) => ['who', 'n'].includes(name))
}

function filled(stages: unknown, value: unknown) {
  const template = read(stages)
  if (!template.ok) throw new Error(template.error)
  return fillTemplate(template.value, () => value)
}

const who = { $param: 'who' }
const nasty = { $where: 'sleep(1)' }

describe('a place for an argument', () => {
  test.each([
    ['a field', { name: who }, { name: { $eq: nasty } }],
    ['an operand', { name: { $gte: who } }, { name: { $gte: nasty } }],
    ['a member of a list', { name: { $in: [who, 'x'] } }, { name: { $in: [nasty, 'x'] } }],
    ['in $and', { $and: [{ a: who }] }, { $and: [{ a: { $eq: nasty } }] }],
    ['under $not', { a: { $not: { $gt: who } } }, { a: { $not: { $gt: nasty } } }],
    [
      'in $elemMatch',
      { a: { $elemMatch: { b: who } } },
      { a: { $elemMatch: { b: { $eq: nasty } } } },
    ],
    ['in $expr', { $expr: { $eq: ['$a', who] } }, { $expr: { $eq: ['$a', { $literal: nasty }] } }],
    ['a searched text', { $text: { $search: who } }, { $text: { $search: nasty } }],
    ['in a document', { a: { b: who } }, { a: { b: nasty } }],
  ])('of a query is a bare value: %s', (_, condition, expected) => {
    expect(filled([{ $match: condition }], nasty)).toEqual([{ $match: expected }])
  })

  test.each([
    ['$project', { x: who }, { x: { $literal: '$name' } }],
    [
      '$addFields',
      { x: { $concat: ['$a', who] } },
      { x: { $concat: ['$a', { $literal: '$name' }] } },
    ],
    ['$group', { _id: who }, { _id: { $literal: '$name' } }],
    ['$documents', [{ x: who }], [{ x: { $literal: '$name' } }]],
    ['$set', { x: { $literal: who } }, { x: { $literal: '$name' } }],
    ['$replaceWith', who, { $literal: '$name' }],
    [
      '$lookup',
      { let: { x: who }, pipeline: [{ $match: { a: who } }] },
      { let: { x: { $literal: '$name' } }, pipeline: [{ $match: { a: { $eq: '$name' } } }] },
    ],
    ['$facet', { a: [{ $match: { a: who } }] }, { a: [{ $match: { a: { $eq: '$name' } } }] }],
    ['$limit', who, '$name'],
  ])('of %s', (stage, given, expected) => {
    expect(filled([{ [stage]: given }], '$name')).toEqual([{ [stage]: expected }])
  })

  test.each([
    ['a whole query', [{ $match: who }], '$match takes no parameter'],
    [
      'an operator that reads operators',
      [{ $match: { a: { $all: [who] } } }],
      '$match.a.$all takes no parameter',
    ],
    ['the operand of $not', [{ $match: { a: { $not: who } } }], '$match.a.$not takes no parameter'],
    ['a name of a collection', [{ $lookup: { from: who } }], '$lookup.from takes no parameter'],
    ['where it writes', [{ $merge: { into: who } }], '$merge.into takes no parameter'],
    ['a sort', [{ $sort: who }], '$sort takes no parameter'],
    [
      'a schema',
      [{ $match: { $jsonSchema: { required: who } } }],
      '$match.$jsonSchema.required takes no parameter',
    ],
    ['a stranger', [{ $project: { x: { $param: 'nobody' } } }], 'there is no parameter nobody'],
    [
      'more than a name',
      [{ $project: { x: { ...who, a: 1 } } }],
      '$project.x: $param stands alone and names a parameter',
    ],
    [
      'no name',
      [{ $project: { x: { $param: 1 } } }],
      '$project.x: $param stands alone and names a parameter',
    ],
  ])('is refused as %s', (_, stages, error) => {
    expect(read(stages)).toEqual({ ok: false, error })
  })
})

test.each([
  [[{ $match: { $where: 'true' } }], '$where is not allowed'],
  [[{ $match: { $or: [{ $where: 'true' }] } }], '$where is not allowed'],
  [[{ $match: { $expr: { $function: {} } } }], '$function is not allowed'],
  [
    [{ $lookup: { pipeline: [{ $project: { x: { $function: {} } } }] } }],
    '$function is not allowed',
  ],
  [[{ $group: { _id: null, x: { $accumulator: {} } } }], '$accumulator is not allowed'],
  [{ $match: {} }, 'a pipeline is a list'],
  [[{ $match: {}, $limit: 1 }], 'a stage is an object with one key, its name'],
  [[[]], 'a stage is an object with one key, its name'],
])('what is no pipeline, or runs scripts, is refused: %j', (stages, error) => {
  expect(read(stages)).toEqual({ ok: false, error })
})

test('what a pipeline does is known', () => {
  const facts = (stages: unknown) => {
    const template = read(stages)
    if (!template.ok) throw new Error(template.error)
    const { stages: _, ...rest } = template.value
    return rest
  }
  const nothing = { writingStage: null, hasDocuments: false, setsResponse: false }
  expect(facts([{ $match: { a: 1 } }])).toEqual(nothing)
  expect(facts([{ $facet: { a: [{ $merge: 'b' }] } }])).toEqual({
    ...nothing,
    writingStage: '$merge',
  })
  expect(facts([{ $documents: [{ a: 1 }] }])).toEqual({ ...nothing, hasDocuments: true })
  expect(facts([{ $set: { 'response.status': 202 } }])).toEqual({ ...nothing, setsResponse: true })
  expect(facts([{ $project: { response: { headers: [] } } }])).toEqual({
    ...nothing,
    setsResponse: true,
  })
})

test('Extended JSON gives the values that JSON has not', () => {
  const [stage] = filled([{ $match: { at: { $gte: { $date: '2024-01-05T00:00:00Z' } } } }], null)
  expect(stage).toEqual({ $match: { at: { $gte: new Date('2024-01-05T00:00:00Z') } } })
  expect(read([{ $match: { a: { $oid: 'zz' } } }])).toMatchObject({ ok: false })
})
