/**
 * What the MongoDB compiler has to know of a schema beyond what all engines have. Made by a load, read
 * by the executor from the snapshot that a request runs on.
 */
import { type EngineFacts, type FactsPart, frozenFacts } from '../../../schema/engine-facts.ts'
import type { FieldKind } from '../bson/field-kind.ts'
import type { RegisteredPipeline } from './registered-pipelines.ts'
import type { SeenFields } from './seen-fields.ts'

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
  /**
   * The validator lets no null in. The field may be absent all the same, unless its column is not
   * nullable.
   */
  readonly rejectsNull: boolean
  /** JSON text of what a new document has in it where nothing is given; null: nothing. */
  readonly defaultJson: string | null
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
  /** Its texts are compared otherwise than by their bytes. */
  readonly hasCollation: boolean
  /** By column. */
  readonly fields: ReadonlyMap<string, FieldFacts>
  readonly uniqueIndexes: readonly UniqueIndex[]
  /** Known to have no unique index but that of `_id`, of those that no request can name either. */
  readonly isUniqueByIdAlone: boolean
  /** The column that a text index is over, where it is over that alone. */
  readonly textIndexColumn: string | null
}

/** What the columns of a relation were found out from, for the load after. */
export interface Sample {
  /** Of the collection: another one by its name is another. A view is what its definition says. */
  readonly identity: string
  /** Changes with its options and indexes. */
  readonly fingerprint: string
  /** As many documents as are read at most: reading again would tell little. */
  readonly isFull: boolean
  readonly seen: SeenFields
}

/** What a load found out. */
export interface FoundFacts {
  readonly topology: Topology
  /** By `nameKey` of the relation. */
  readonly collections: ReadonlyMap<string, CollectionFacts>
  /** By `nameKey` as well. None where it is absent. */
  readonly samples?: ReadonlyMap<string, Sample>
  /** By the position in the registry, which routines name. None where it is absent. */
  readonly functions?: readonly RegisteredPipeline[]
}

/** Where a DBRef has the value that it leads to. */
const referencePath = '.$id'

/** The name by which keys speak of the value in a DBRef that a column holds. */
export function referenceColumn(column: string): string {
  return column + referencePath
}

/** The column that holds the DBRef; null for what is no such name. */
export function referencingColumn(name: string): string | null {
  return name.endsWith(referencePath) ? name.slice(0, -referencePath.length) : null
}

export class MongodbFacts implements EngineFacts, FoundFacts {
  readonly topology: Topology
  readonly collections: ReadonlyMap<string, CollectionFacts>
  readonly samples: ReadonlyMap<string, Sample>
  readonly functions: readonly RegisteredPipeline[]

  constructor({ topology, collections, samples, functions }: FoundFacts) {
    this.topology = topology
    this.functions = Object.freeze([...(functions ?? [])])
    this.collections = frozenFacts(new Map(collections))
    this.samples = frozenFacts(new Map(samples))
    Object.freeze(this)
  }

  /** Without the samples: what somebody can see of one is in columns, fields and relationships. */
  get parts(): readonly FactsPart[] {
    return [
      { title: 'topology', kind: 'whole', facts: this.topology },
      { title: 'stored fields and indexes', kind: 'by-relation', facts: this.collections },
      { title: 'bodies of functions', kind: 'whole', facts: this.functions },
    ]
  }
}

/** Throws  for the facts of another engine: the snapshot is not one of ours */
export function mongodbFacts(facts: EngineFacts): MongodbFacts {
  if (facts instanceof MongodbFacts) return facts
  throw new Error('the snapshot was not loaded from MongoDB')
}

/**
 * What is sent to other processes: all but the samples, which the next load wants and nobody else, and
 * the functions, which are made of the registry's text.
 */
export function sentMongodbFacts(facts: EngineFacts): Pick<FoundFacts, 'topology' | 'collections'> {
  const { topology, collections } = mongodbFacts(facts)
  return { topology, collections }
}

/** Throws  for what `sentMongodbFacts` has not sent */
export function adoptMongodbFacts(
  sent: Readonly<Record<string, unknown>>,
  functions: readonly RegisteredPipeline[],
): MongodbFacts {
  if (!isSent(sent)) throw new Error('these are no facts of MongoDB')
  return new MongodbFacts({ ...sent, functions })
}

/** What is in the map was put there by the same code. */
function isSent(
  sent: Readonly<Record<string, unknown>>,
): sent is Pick<FoundFacts, 'topology' | 'collections'> & typeof sent {
  return typeof sent['topology'] === 'string' && sent['collections'] instanceof Map
}
