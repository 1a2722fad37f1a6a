/**
 * The immutable picture of a database that requests are planned on. Built by `build-snapshot.ts`,
 * published by the reload pipeline, deeply readonly.
 */
import type { Config } from '../config/config.ts'
import type { SchemaOptionKey } from '../config/options.ts'
import type { QualifiedName } from '../core/qualified-name.ts'
import type { Capabilities } from './capabilities.ts'
import type {
  CatalogRelation,
  Column,
  MediaHandlerSource,
  Representation,
  Routine,
  SchemaType,
  SchemaVersion,
  UnreadableRelation,
  UnusableRelationship,
  UnusableRoutine,
} from './catalog.ts'
import type { EngineFacts } from './engine-facts.ts'
import type { SnapshotRelationships } from './relationships/snapshot-relationships.ts'
import type { SnapshotSources } from './snapshot-sources.ts'

export interface Relation extends Omit<CatalogRelation, 'columns'> {
  /** In declared order. */
  readonly columns: ReadonlyMap<string, Column>
  readonly isView: boolean
  /** What a role may do with it, where access rules say so. Absent: everything that can be done. */
  readonly granted?: ReadonlySet<'select' | 'insert' | 'update' | 'delete'>
  /** Base types of computed fields, by name. */
  readonly computedTypes: ReadonlyMap<string, string>
}

/** The options that act only through a schema load, as they were when it began. */
export type SchemaOptions = Pick<Config, SchemaOptionKey>

export interface SchemaSnapshot {
  /** 1, 2, 3 … in this process. */
  readonly snapshotVersion: number
  readonly schemaVersion: SchemaVersion
  readonly loadedAt: Date
  readonly options: SchemaOptions
  /** Exposed schemas, at least one; the first is the default. */
  readonly schemas: readonly string[]
  /** Other names that clients may say → the schema that they mean. */
  readonly schemaAliases: ReadonlyMap<string, string>
  readonly capabilities: Capabilities
  /** By `nameKey`; exposed schemas only. */
  readonly relations: ReadonlyMap<string, Relation>
  /** Not served; exposed schemas only. */
  readonly unreadableRelations: readonly UnreadableRelation[]
  /** By `nameKey` of the origin. */
  readonly relationships: SnapshotRelationships
  /** Declared, and not among the relationships. */
  readonly unusableRelationships: readonly UnusableRelationship[]
  /** By `nameKey`; overloads sorted, fewest parameters first. */
  readonly routines: ReadonlyMap<string, readonly Routine[]>
  /** Among the routines: why a call of them fails. */
  readonly unusableRoutines: readonly UnusableRoutine[]
  /** For who prints types; requests are planned without them. */
  readonly types: readonly SchemaType[]
  /** By source type, then by target type. */
  readonly representations: ReadonlyMap<string, ReadonlyMap<string, Representation>>
  readonly mediaHandlers: readonly MediaHandlerSource[]
  /** For the backend alone. */
  readonly engineFacts: EngineFacts
  /** The relation of that schema whose name resembles `name` most, if any does enough. */
  readonly suggestRelation: (name: QualifiedName) => string | null
  /** For the next build, for diffs, and for builds of the same in other processes, alone. */
  readonly sources: SnapshotSources
}
