/** Indexes → what the compiler may use of them. */
import type { Document } from 'mongodb'
import { expect, test } from 'vitest'
import { readIndexes } from '../../../../../src/backends/mongodb/catalog/read-indexes.ts'

const text = { key: { _fts: 'text', _ftsx: 1 }, name: 't' }

test.each([
  ['one that is plain', { key: { a: 1, b: -1 }, name: 'i' }, ['a'], []],
  ['one that is unique', { key: { a: 1, b: 1 }, name: 'i', unique: true }, ['a'], [['a', 'b']]],
  [
    'a unique one without what is absent',
    { key: { a: 1 }, name: 'i', unique: true, sparse: true },
    [],
    [['a']],
  ],
  [
    'one over a part',
    { key: { a: 1 }, name: 'i', unique: true, partialFilterExpression: { b: 1 } },
    [],
    [],
  ],
  [
    'one in another order of texts',
    { key: { a: 1 }, name: 'i', unique: true, collation: { locale: 'de' } },
    [],
    [],
  ],
  ['one by hashes', { key: { a: 'hashed' }, name: 'i' }, [], []],
  ['one of places', { key: { a: '2dsphere' }, name: 'i' }, [], []],
  ['one of all fields', { key: { '$**': 1 }, name: 'i' }, [], []],
  ['one of texts', { ...text, weights: { a: 1 } }, [], []],
])('%s', (_, index, leading, unique) => {
  const read = readIndexes([index], {})
  expect([...read.leading]).toEqual(leading)
  expect(read.unique.map(({ fields }) => fields)).toEqual(unique)
})

const id = { key: { _id: 1 }, name: '_id_' }
const a = { key: { a: 1 }, name: 'a_1', unique: true }

test.each<[string, readonly Document[], boolean]>([
  ['is told of', [id], true],
  ['and one that is not unique', [id, { key: { a: 1 }, name: 'a_1' }], true],
  [
    'of a clustered collection',
    [{ key: { _id: 1 }, name: 'own', unique: true, clustered: true }],
    true,
  ],
  ['and one that is unique', [id, a], false],
  ['and one over a part', [id, { ...a, partialFilterExpression: { b: 1 } }], false],
  ['and one in another order of texts', [id, { ...a, collation: { locale: 'de' } }], false],
  ['and one that is hidden', [id, { ...a, hidden: true }], false],
  ['and one with the id', [id, { ...a, key: { _id: 1, a: 1 } }], false],
  ['and one that is to be unique', [id, { ...a, unique: false, prepareUnique: true }], false],
  ['is not told of', [], false],
])('the index of the id %s: (%#) tells whether nothing else is unique', (_, indexes, isAlone) => {
  expect(readIndexes(indexes, {}).isUniqueByIdAlone).toBe(isAlone)
})

test('of a collection whose texts have another order none is used, whatever its own is', () => {
  const unique = { key: { a: 1 }, name: 'i', unique: true }
  const german = { ...unique, collation: { locale: 'de' } }
  const read = readIndexes([unique, german], { collation: { locale: 'de', strength: 2 } })
  expect([...read.leading, ...read.unique]).toEqual([])
})

test.each([
  ['over one field', { ...text, weights: { title: 1 } }, 'title'],
  ['over two', { ...text, weights: { title: 1, plot: 2 } }, null],
  ['over all', { ...text, weights: { '$**': 1 } }, null],
  [
    'behind another field',
    { ...text, key: { year: 1, _fts: 'text', _ftsx: 1 }, weights: { title: 1 } },
    null,
  ],
  ['over a part', { ...text, weights: { title: 1 }, partialFilterExpression: { x: 1 } }, null],
])('an index of texts %s serves %s: %s', (_, index, field) => {
  expect(readIndexes([index], {}).textField).toBe(field)
})
