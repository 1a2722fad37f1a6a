import { Long, ObjectId } from 'mongodb'
import { expect, test } from 'vitest'
import { printAggregate } from '../../../../../src/backends/mongodb/execute/print-pipeline.ts'

test.each([
  [[{ $match: { year: { $gt: 1979 } } }], '[{$match: {year: {$gt: ?}}}]'],
  [
    [{ $match: { $nor: [{ a: { $in: ['x', 5], $not: { $type: 'array' } } }] } }],
    '[{$match: {$nor: [{a: {$in: ?, $not: {$type: ?}}}]}}]',
  ],
  // a text that looks like a field is a value in a query
  [[{ $match: { a: '$secret' } }], '[{$match: {a: ?}}]'],
  [[{ $match: { a: { $eq: { secret: 1 } } } }], '[{$match: {a: {$eq: ?}}}]'],
  [
    [{ $match: { $expr: { $eq: ['$d.a', { $literal: '$secret' }] } } }],
    '[{$match: {$expr: {$eq: [$d.a, {$literal: ?}]}}}]',
  ],
  [
    [{ $replaceWith: { d: '$$ROOT' } }, { $sort: { 'd.a': -1 } }, { $limit: Long.fromNumber(7) }],
    '[{$replaceWith: {d: $$ROOT}}, {$sort: {d.a: -1}}, {$limit: ?}]',
  ],
  [
    [{ $lookup: { from: 'films', as: 'e0', pipeline: [{ $match: { _id: new ObjectId() } }] } }],
    '[{$lookup: {from: films, as: e0, pipeline: [{$match: {_id: ?}}]}}]',
  ],
  [
    [{ $unionWith: { coll: 'films', pipeline: [{ $count: 'total' }] } }],
    '[{$unionWith: {coll: films, pipeline: [{$count: ?}]}}]',
  ],
  // names of open collections are whatever clients call them
  [
    [{ $match: { 'a"\nb: 1': { $eq: 'x' } } }, { $project: { c0: '$d.a b', c1: '$d.日本' } }],
    '[{$match: {"a\\"\\nb: 1": {$eq: ?}}}, {$project: {c0: "$d.a b", c1: $d.日本}}]',
  ],
])('%j is logged without its values', (pipeline, printed) => {
  expect(printAggregate('films', pipeline)).toBe(`db.films.aggregate(${printed})`)
})

test.each([
  ['films', 'db.films'],
  ['old films', 'db.getCollection("old films")'],
  [null, 'db'],
])('%s is named', (collection, printed) => {
  expect(printAggregate(collection, [])).toBe(`${printed}.aggregate([])`)
})
