/**
 * Reads the schema of MongoDB databases for one load: collections, indexes, validators and samples →
 * a `Catalog`. The load behind a check reads only what has moved since the load before, so that with
 * many collections it costs little more than listing them; one that is asked for samples small
 * collections again, since their documents tell more by now.
 */
import { setMaxListeners } from 'node:events'
import { performance } from 'node:perf_hooks'
import { type Db, MongoServerError } from 'mongodb'
import type { RegistryText } from '../../../config/config.ts'
import { nameKey, qualifiedName } from '../../../core/qualified-name.ts'
import type { Result } from '../../../core/result.ts'
import type { Catalog, UnreadableRelation } from '../../../schema/catalog.ts'
import type { SentFacts } from '../../../schema/engine-facts.ts'
import type { SchemaOptions } from '../../../schema/schema-snapshot.ts'
import type { IntrospectionRequest, SentLoad } from '../../backend.ts'
import type { Declarations } from '../../registry/declared-schema.ts'
import type { FunctionRegistry } from '../../registry/function-registry.ts'
import {
  readDeclaredRelationships,
  readDeclaredSchema,
} from '../../registry/read-declared-schema.ts'
import { readFunctionRegistry } from '../../registry/read-function-registry.ts'
import type { BuiltRelation, ReadCollection, RelationBuilder } from './build-relation.ts'
import { declaredRelation } from './declared-relation.ts'
import type { ListedCollection } from './list-collections.ts'
import { mongodbCapabilities } from './mongodb-capabilities.ts'
import {
  adoptMongodbFacts,
  MongodbFacts,
  mongodbFacts,
  type Sample,
  type Topology,
} from './mongodb-facts.ts'
import { mongodbKeys } from './mongodb-keys.ts'
import {
  type IndexedCollection,
  listedVersion,
  type SchemaVersionReader,
  schemaVersionOf,
  wholeVersion,
} from './mongodb-schema-version.ts'
import { mongodbViewKeys } from './mongodb-view-keys.ts'
import { movedCollections } from './moved-collections.ts'
import { readInParallel } from './read-in-parallel.ts'
import { readIndexes } from './read-indexes.ts'
import { buildPipelines } from './registered-pipelines.ts'
import { sampleDocuments, sampleSize } from './sample-documents.ts'
import type { SampleRefresh } from './sample-refresh.ts'
import { seeFields } from './seen-fields.ts'

/** A server, and what holds of all of it. */
export interface MongodbSource {
  readonly database: (name: string) => Db
  /** Reads its collections. */
  readonly collections: SchemaVersionReader['readAll']
  readonly buildRelation: RelationBuilder
  readonly refresh: Pick<SampleRefresh, 'found' | 'follow'>
  readonly serverVersion: string
  readonly topology: Topology
  /** Nothing may be written, whatever the server allows. */
  readonly isReadOnly: boolean
}

type Read =
  | { readonly kind: 'read'; readonly collection: ReadCollection; readonly sample: Sample }
  | { readonly kind: 'unreadable'; readonly relation: UnreadableRelation }

/** Rejects with what the driver says, but for what is wrong with one collection or view alone. */
export async function introspectMongodb(
  source: MongodbSource,
  { options, previous, depth, found, signal }: IntrospectionRequest,
): Promise<Catalog> {
  const startedAt = performance.now()
  // each command that runs listens to it: a number that grows with the load is no leak
  setMaxListeners(0, signal)
  const grown = source.refresh.found()
  const databases = new Map(options.dbSchemas.map((name) => [name, source.database(name)]))
  const foundListed = found === undefined ? null : listedVersion(found)
  const indexed = await source.collections([...databases.values()], signal, foundListed)
  const indexedAt = performance.now()
  const known =
    previous === null || depth === 'full' ? noSamples : mongodbFacts(previous.engineFacts).samples
  const moved = movedCollections(indexed, known, grown.keys)
  const reads = await readInParallel(indexed, async (each) => {
    const key = nameKey(qualifiedName(each.listed.database, each.listed.name))
    const before = known.get(key)
    const isLeft = !moved.has(key) && (found !== undefined || before?.isFull === true)
    if (before !== undefined && isLeft) return keptCollection(each, before)
    return readCollection(each, databases, before ?? null, signal)
  })
  const sampledAt = performance.now()
  source.refresh.follow(
    reads.flatMap((read) =>
      read.kind === 'read' ? [{ listed: read.collection.listed, sample: read.sample }] : [],
    ),
    grown,
  )
  return {
    ...buildMongodbCatalog(source, options, reads),
    schemaVersion: wholeVersion(schemaVersionOf(indexed), source.topology, grown.count),
    timings: {
      collections: indexedAt - startedAt,
      samples: sampledAt - indexedAt,
    },
  }
}

const noSamples: ReadonlyMap<string, Sample> = new Map()

function keptCollection({ listed, indexes }: IndexedCollection, sample: Sample): Read {
  const collection = { listed, indexes: readIndexes(indexes, listed.options), seen: sample.seen }
  return { kind: 'read', collection, sample }
}

async function readCollection(
  each: IndexedCollection,
  databases: ReadonlyMap<string, Db>,
  before: Sample | null,
  signal: AbortSignal,
): Promise<Read> {
  const { listed, fingerprint } = each
  const { identity, database, name } = listed
  const same = before?.identity === identity ? before : null
  const db = databases.get(database)
  const documents = db === undefined ? [] : await sampleOrCause(db, listed, signal)
  if (typeof documents === 'string') {
    return { kind: 'unreadable', relation: { schema: database, name, cause: documents } }
  }
  const seen = seeFields(same?.seen ?? new Map(), documents)
  const isFull = documents.length >= sampleSize(listed)
  const isNothingNew =
    same?.seen === seen && same.fingerprint === fingerprint && same.isFull === isFull
  return keptCollection(each, isNothingNew ? same : { identity, fingerprint, isFull, seen })
}

/** A view over a pipeline that fails, a collection that our user may not read. */
const ownFaultCodes: readonly unknown[] = [13, 26, 166, 167]
/** A view that computes for longer than a sample waits. */
const timeLimitCode = 50

/** Why it cannot be read, where that is no matter of the server's. */
async function sampleOrCause(
  db: Db,
  listed: ListedCollection,
  signal: AbortSignal,
): Promise<readonly Uint8Array[] | string> {
  try {
    return await sampleDocuments(db, listed, signal)
  } catch (failure) {
    if (!(failure instanceof MongoServerError)) throw failure
    if (listed.kind === 'view' && failure.code === timeLimitCode) return []
    const isOwn = ownFaultCodes.includes(failure.code)
    if (isOwn || (listed.kind === 'view' && !isOfServer(failure))) return failure.message
    throw failure
  }
}

/** Of a server that is going, or of a set without a primary: other reads fail as well. */
function isOfServer(failure: MongoServerError): boolean {
  return (
    failure.hasErrorLabel('RetryableError') ||
    failure.hasErrorLabel('RetryableWriteError') ||
    serverCodes.includes(failure.code)
  )
}

const serverCodes: readonly unknown[] = [
  6, 7, 18, 89, 91, 189, 8000, 9001, 10107, 11600, 11602, 13435, 13436,
]

function buildMongodbCatalog(
  { serverVersion, topology, isReadOnly, buildRelation }: MongodbSource,
  options: SchemaOptions,
  reads: readonly Read[],
): Omit<Catalog, 'schemaVersion' | 'timings'> {
  const declarations = declarationsOf(options)
  const [firstSchema = ''] = options.dbSchemas
  const built: BuiltRelation[] = []
  const collections: ReadCollection[] = []
  const samples = new Map<string, Sample>()
  for (const read of reads) {
    if (read.kind === 'unreadable') continue
    const { listed } = read.collection
    const declared = declaredRelation(declarations, firstSchema, listed)
    const made = buildRelation(read.collection, read.sample, { declared, isReadOnly })
    built.push(made)
    collections.push(read.collection)
    samples.set(nameKey(made.relation), read.sample)
  }
  const relations = built.map(({ relation }) => relation)
  const { routines, unusable, functions } = buildPipelines(
    functionsOf(options),
    firstSchema,
    relations,
  )
  return {
    capabilities: mongodbCapabilities(serverVersion, topology),
    relations,
    unreadableRelations: reads.flatMap((read) =>
      read.kind === 'unreadable' ? [read.relation] : [],
    ),
    ...mongodbKeys(built, samples, declarations.relationships, firstSchema),
    viewKeyDependencies: mongodbViewKeys(
      collections.map(({ listed }) => listed),
      built,
    ),
    routines,
    unusableRoutines: unusable,
    computedRelationships: [],
    representations: [],
    mediaHandlers: [],
    engineFacts: new MongodbFacts({
      topology,
      collections: new Map(built.map(({ relation, facts }) => [nameKey(relation), facts])),
      samples,
      functions,
    }),
  }
}

/** The facts of a load of another process. Throws for what is none. */
export function adoptFacts(sent: SentFacts, { relations, options }: SentLoad): MongodbFacts {
  const [firstSchema = ''] = options.dbSchemas
  const { functions } = buildPipelines(functionsOf(options), firstSchema, relations)
  return adoptMongodbFacts(sent, functions)
}

function functionsOf({ functionRegistry }: SchemaOptions): FunctionRegistry {
  return registered(functionRegistry, readFunctionRegistry)
}

function declarationsOf({ declaredSchema, declaredRelationships }: SchemaOptions): Declarations {
  return {
    relations: registered(declaredSchema, readDeclaredSchema),
    relationships: registered(declaredRelationships, readDeclaredRelationships),
  }
}

/** The text was checked when the configuration was read. */
function registered<T>(
  configured: RegistryText | null,
  read: (text: string) => Result<readonly T[], readonly string[]>,
): readonly T[] {
  if (configured === null) return []
  const found = read(configured.text)
  if (!found.ok) throw new Error(`a registry is wrong: ${found.error.join('; ')}`)
  return found.value
}
