/**
 * What an engine reports about itself, before any inference: relations, keys, what view columns
 * come from, routines. `build-snapshot.ts` derives the rest.
 */
import type { QualifiedName } from '../core/qualified-name.ts'
import type { Capabilities } from './capabilities.ts'
import type { EngineFacts } from './engine-facts.ts'
import type { ColumnPair, ComputedRelationship } from './relationships/relationship.ts'

/**
 * Identity of a schema's state: equal texts mean an equal schema. Opaque outside the backend that
 * made it.
 */
export type SchemaVersion = string

/**
 * How the version is asked for. `quick`: what marks every change that it sees may stand in for what
 * the version is made of, for those who ask again and again · `whole`, if nothing is said: nothing stands in for it.
 */
export type SchemaLook = 'quick' | 'whole'

export interface Column {
  readonly name: string
  readonly description: string | null
  readonly isNullable: boolean
  /** Domains resolved, without modifiers: `character varying`, `integer`. */
  readonly baseType: string
  /** As declared, with modifiers, domains by name: `character varying(10)`, `app.email`. */
  readonly nominalType: string
  /** Of a domain over a type that is not built in: that type, without modifiers. Else it is absent. */
  readonly domainBase?: string
  readonly maxLength: number | null
  /** Default expression in the engine's language. */
  readonly defaultExpression: string | null
  /** The default as the OpenAPI document shows it, in JSON; null where it shows none. */
  readonly shownDefault: string | null
  readonly enumValues: readonly string[]
  /** The database alone gives it a value: as an expression or as an identity, ALWAYS. */
  readonly isGenerated: boolean
  /** A JSON document: arrows reach into its value as it is stored. */
  readonly isDocument: boolean
  /** Elements can be reached by arrows although the type is no JSON (composites, arrays). */
  readonly isComposite: boolean
}

export type RelationKind =
  | 'table'
  | 'view'
  | 'materialized-view'
  | 'foreign-table'
  | 'partitioned-table'

export interface CatalogRelation extends QualifiedName {
  readonly kind: RelationKind
  readonly description: string | null
  readonly canInsert: boolean
  readonly canUpdate: boolean
  readonly canDelete: boolean
  readonly primaryKey: readonly string[]
  readonly columns: readonly Column[]
  /** False for stores without declared columns: unknown names are passed on, not refused. */
  readonly isClosed: boolean
}

/** A foreign key as declared; `isUnique` when its columns hold a key themselves. */
export interface ForeignKey {
  readonly constraint: string
  readonly origin: QualifiedName
  readonly target: QualifiedName
  readonly columns: readonly ColumnPair[]
  readonly isUnique: boolean
  /** The column holds a list of keys, each of which leads to a row. False where it is absent. */
  readonly holdsList?: boolean
}

/** That a view carries the columns of one key of a relation below it. */
export interface ViewKeyDependency {
  readonly table: QualifiedName
  readonly view: QualifiedName
  readonly constraint: string
  readonly kind: 'primary-key' | 'foreign-key' | 'foreign-key-reference'
  /** [column of the key, the view's columns that hold it (one may be selected several times)] */
  readonly columns: readonly (readonly [string, readonly string[]])[]
}

export interface RoutineParameter {
  /** Empty for an unnamed parameter. */
  readonly name: string
  readonly type: string
  /** Like `type`, with length-limited types widened so that nothing is cut. */
  readonly wideType: string
  readonly isRequired: boolean
  readonly isVariadic: boolean
}

export interface ReturnType {
  readonly isSet: boolean
  readonly type: QualifiedName
  /** Nothing, one value, or a row with columns of its own. */
  readonly kind: 'void' | 'scalar' | 'composite'
  /** The composite is known by a domain over it. */
  readonly isCompositeAlias: boolean
  /** Of a result whose columns the function names itself: their base types, by name. */
  readonly columnTypes?: ReadonlyMap<string, string>
}

/** A function of a relation's rows that is read like a column of it. */
export interface ComputedField {
  readonly relation: QualifiedName
  readonly name: string
  /** Domains resolved, without modifiers, as a column's. */
  readonly baseType: string
}

export type IsolationLevel = 'read-committed' | 'repeatable-read' | 'serializable'

export interface Routine extends QualifiedName {
  readonly description: string | null
  readonly parameters: readonly RoutineParameter[]
  readonly returns: ReturnType
  readonly volatility: 'volatile' | 'stable' | 'immutable'
  readonly hasVariadic: boolean
  /** What kind of body its one parameter, which has no name, takes whole; null: none. */
  readonly wholeBody: 'json' | 'text' | 'xml' | 'octet-stream' | null
  /**
   * Isolation level of the transaction that calls the routine, where it asks for one. Dumps of the
   * schema show it.
   */
  readonly isolationLevel: IsolationLevel | null
  /**
   * Settings of the routine that are to hold for the whole transaction, names and values in the
   * engine's words. Dumps of the schema show them.
   */
  readonly settings: readonly (readonly [string, string])[]
  /** Its position in `function-registry`; absent for a function of the database. */
  readonly definition?: number
}

/** A function of the registry that cannot be called. */
export interface UnusableRoutine extends QualifiedName {
  readonly cause: string
}

/** A relationship that is declared and cannot be followed. */
export interface UnusableRelationship {
  readonly name: string
  readonly cause: string
}

/** A type that is not built in, by its name. */
export type SchemaType = QualifiedName &
  (
    | { readonly kind: 'enum'; readonly labels: readonly string[] }
    /** In order; types as SQL spells them, without modifiers. */
    | {
        readonly kind: 'composite'
        readonly attributes: readonly (readonly [name: string, type: string])[]
      }
    /** One step down. */
    | { readonly kind: 'domain'; readonly base: string }
  )

/** A cast by function between a domain and json or text, in either direction. */
export interface Representation {
  readonly sourceType: string
  readonly targetType: string
  readonly routine: QualifiedName
  /** The routine's name as the engine prints it, for the dump of the schema. */
  readonly routineText: string
}

/** A function or aggregate that produces a media type for one relation, or for any (`null`). */
export interface MediaHandlerSource {
  readonly mediaType: string
  readonly relation: QualifiedName | null
  readonly routine: QualifiedName
}

/** The database has it, but cannot tell what it is made of: a view over a table that is gone. */
export interface UnreadableRelation extends QualifiedName {
  /** Only this column of it; what is left of the relation is served. */
  readonly column?: string
  /** In the database's words. */
  readonly cause: string
}

/** Everything one load reads, in one consistent state of the database. */
export interface Catalog {
  /** Read before the rest, or with it in one snapshot. */
  readonly schemaVersion: SchemaVersion
  readonly capabilities: Capabilities
  readonly relations: readonly CatalogRelation[]
  /** None where it is absent. */
  readonly unreadableRelations?: readonly UnreadableRelation[]
  readonly foreignKeys: readonly ForeignKey[]
  /**
   * Of relations that are not exposed but have foreign keys to exposed ones: whether they would be
   * junctions decides what hints say.
   */
  readonly hiddenPrimaryKeys?: readonly (QualifiedName & {
    readonly primaryKey: readonly string[]
  })[]
  /**
   * Sets of columns that identify a row as a primary key does, where two keys that they are made of
   * join the relations at both ends. None where it is absent: primary keys alone count.
   */
  readonly uniqueKeys?: readonly (QualifiedName & { readonly columns: readonly string[] })[]
  readonly viewKeyDependencies: readonly ViewKeyDependency[]
  readonly routines: readonly Routine[]
  /** None where it is absent. */
  readonly unusableRoutines?: readonly UnusableRoutine[]
  readonly computedRelationships: readonly ComputedRelationship[]
  /** None where it is absent. */
  readonly unusableRelationships?: readonly UnusableRelationship[]
  /** At most one of a relation and a name: the one that requests reach. */
  readonly computedFields?: readonly ComputedField[]
  /**
   * Enums and composite types of the exposed schemas, and other types that routines and composite
   * types name. None where it is absent.
   */
  readonly types?: readonly SchemaType[]
  readonly representations: readonly Representation[]
  readonly mediaHandlers: readonly MediaHandlerSource[]
  /** Frozen in depth: snapshots take it over as it is. */
  readonly engineFacts: EngineFacts
  /** Milliseconds per query group, for the debug line and `Server-Timing`-like reports. */
  readonly timings: Readonly<Record<string, number>>
}
