import { describe, expect, test } from 'vitest'
import {
  type CollectionFacts,
  MongodbFacts,
  mongodbFacts,
  referenceColumn,
  referencingColumn,
} from '../../../../../src/backends/mongodb/catalog/mongodb-facts.ts'

const films: CollectionFacts = {
  collection: 'films',
  database: 'cinema',
  kind: 'collection',
  isCapped: false,
  hasCollation: false,
  fields: new Map(),
  uniqueIndexes: [{ name: '_id_', columns: ['_id'] }],
  isUniqueByIdAlone: true,
  textIndexColumn: null,
}

describe('the facts of a MongoDB', () => {
  test('are known again by their class', () => {
    const facts = new MongodbFacts({
      topology: 'standalone',
      collections: new Map([['cinema.films', films]]),
    })
    expect(mongodbFacts(facts)).toBe(facts)
    expect(() => mongodbFacts({ parts: [] })).toThrow('was not loaded from MongoDB')
  })

  test('have all that they know in the parts that differences are found in, but for samples', () => {
    const facts = new MongodbFacts({
      topology: 'replica-set',
      collections: new Map([['cinema.films', films]]),
    })
    const { parts: _, samples: __, ...known } = facts
    expect(new Set(facts.parts.map((part) => part.facts))).toEqual(new Set(Object.values(known)))
  })

  test('tell the value in a DBRef from a column', () => {
    expect(referencingColumn(referenceColumn('origin'))).toBe('origin')
    expect(referencingColumn('origin')).toBeNull()
  })
})
