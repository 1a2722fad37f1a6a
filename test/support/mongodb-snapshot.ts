/**
 * Snapshots as a load of MongoDB gives them, from a compact description, for tests that need no
 * database. `_id` is the primary key of each collection.
 */
import {
  type CollectionFacts,
  type FieldFacts,
  MongodbFacts,
} from '../../src/backends/mongodb/catalog/mongodb-facts.ts'
import { nameKey } from '../../src/core/qualified-name.ts'
import type { SchemaSnapshot } from '../../src/schema/schema-snapshot.ts'
import { baseTypeOf, fieldFacts, type KindName } from './mongodb-place.ts'
import { describeSnapshot } from './snapshot.ts'

export interface MongodbDescription {
  /** Kinds of the fields of each collection. */
  readonly collections: Readonly<Record<string, Readonly<Record<string, KindName>>>>
  readonly foreignKeys?: readonly string[]
  /** Collections that have other fields, too. */
  readonly open?: readonly string[]
  /** Relations whose primary key is not `_id` alone: `"film_actors"` → `["film_id", "actor_id"]`. */
  readonly keys?: Readonly<Record<string, readonly string[]>>
  /** Fields that every document has a value in: `"films.title"`. */
  readonly required?: readonly string[]
  /** More that is known of a field: `"films.title"`. */
  readonly fields?: Readonly<Record<string, Partial<FieldFacts>>>
  readonly facts?: Readonly<Record<string, Partial<CollectionFacts>>>
}

const database = 'shop'

export function mongodbSnapshot(description: MongodbDescription): SchemaSnapshot {
  const { collections, foreignKeys = [], open = [], keys = {} } = description
  const relations = Object.fromEntries(
    Object.entries(collections).map(([name, kinds]) => {
      const key = keys[name] ?? ['_id']
      const columns = Object.entries(kinds).map(([column, kind]) => {
        return `${column}:${baseTypeOf(kind)}${key.includes(column) ? '!' : ''}`
      })
      return [name, { columns: columns.join(', '), isClosed: !open.includes(name) }]
    }),
  )
  const snapshot = describeSnapshot({
    schemas: [database],
    relations,
    foreignKeys,
    engine: 'MongoDB',
  })
  const facts = Object.entries(collections).map(([name, kinds]) => {
    return [nameKey({ schema: database, name }), collectionFacts(name, kinds, description)] as const
  })
  const engineFacts = new MongodbFacts({ topology: 'replica-set', collections: new Map(facts) })
  const required = new Set(description.required)
  const shown = [...snapshot.relations].map(([key, relation]) => {
    const columns = [...relation.columns].map(([name, column]) => {
      const isRequired = required.has(`${relation.name}.${name}`)
      const kind = collections[relation.name]?.[name]
      const isMade = name === '_id' && (kind === 'objectId' || kind === 'any')
      const changed = {
        ...(isRequired ? { isNullable: false } : {}),
        ...(isMade ? { defaultExpression: 'ObjectId()' } : {}),
      }
      return [name, { ...column, ...changed }] as const
    })
    return [key, { ...relation, columns: new Map(columns) }] as const
  })
  return { ...snapshot, relations: new Map(shown), engineFacts }
}

function collectionFacts(
  collection: string,
  kinds: Readonly<Record<string, KindName>>,
  { fields = {}, facts = {} }: MongodbDescription,
): CollectionFacts {
  const known = Object.entries(kinds).map(([column, kind]) => {
    const more = fields[`${collection}.${column}`] ?? {}
    return [column, { ...fieldFacts(column, kind), ...more }] as const
  })
  return {
    collection,
    database,
    kind: 'collection',
    isCapped: false,
    hasCollation: false,
    fields: new Map(known),
    uniqueIndexes: [],
    isUniqueByIdAlone: false,
    textIndexColumn: null,
    ...facts[collection],
  }
}
