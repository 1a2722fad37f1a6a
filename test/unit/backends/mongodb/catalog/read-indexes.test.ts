/** Indexes → what the compiler may use of them. */
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
