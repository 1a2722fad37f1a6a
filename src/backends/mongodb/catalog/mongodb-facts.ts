/**
 * What the MongoDB compiler has to know of a schema beyond what all engines have. Made by a load, read
 * by the executor from the snapshot that a request runs on.
 */
import type { EngineFacts, FactsPart } from '../../../schema/engine-facts.ts'
import type { FieldKind } from '../bson/field-kind.ts'

/** Transactions need a replica set, or a router to several. */
export type Topology = 'replica-set' | 'sharded' | 'standalone'

/** A column, as it is stored. */
export interface FieldFacts {
  /** Its name in the documents, which a declared schema may call otherwise. */
  readonly field: string
  readonly kind: FieldKind
  /** Of an array of one type: the kind of its elements; else null. */
  readonly elements: FieldKind | null
  /** NaN was seen, or may be there unseen: it orders otherwise in PostgreSQL. */
  readonly mayBeNan: boolean
  /** The validator lets no null in. */
  readonly rejectsNull: boolean
  /** The first field of an index, so that a plain sort can use it. */
  readonly leadsIndex: boolean
}

/** A unique index without a partial filter. `_id` is the first. */
export interface UniqueIndex {
  readonly name: string
  /** Names of columns. */
  readonly columns: readonly string[]
}

export interface CollectionFacts {
  /** Its name in the database. */
  readonly collection: string
  readonly database: string
  readonly kind: 'collection' | 'view' | 'time-series'
  readonly isCapped: boolean
  /** By column. */
  readonly fields: ReadonlyMap<string, FieldFacts>
  readonly uniqueIndexes: readonly UniqueIndex[]
  /** The column that a text index is over, where it is over that alone. */
  readonly textIndexColumn: string | null
}

/** What a load found out. */
export interface FoundFacts {
  readonly topology: Topology
  /** By `nameKey` of the relation. */
  readonly collections: ReadonlyMap<string, CollectionFacts>
}

export class MongodbFacts implements EngineFacts, FoundFacts {
  readonly topology: Topology
  readonly collections: ReadonlyMap<string, CollectionFacts>

  constructor({ topology, collections }: FoundFacts) {
    this.topology = topology
    this.collections = new Map(collections)
    Object.freeze(this)
  }

  get parts(): readonly FactsPart[] {
    return [
      { title: 'topology', kind: 'whole', facts: this.topology },
      { title: 'stored fields and indexes', kind: 'by-relation', facts: this.collections },
    ]
  }
}

/** Throws  for the facts of another engine: the snapshot is not one of ours */
export function mongodbFacts(facts: EngineFacts): MongodbFacts {
  if (facts instanceof MongodbFacts) return facts
  throw new Error('the snapshot was not loaded from MongoDB')
}
