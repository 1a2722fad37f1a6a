/**
 * What the rest of the server knows of a database. Engine differences end here: no SQL, no driver
 * type and no engine's schema rule passes this interface.
 */

import type { RuleProblem } from '../access/access-rules.ts'
import type { ApiRequest } from '../api/api-request.ts'
import type { Outlived } from '../cache/outlived.ts'
import type { ReloadDepth } from '../cache/reload-signal.ts'
import type { SchemaFeed } from '../cache/schema-feed.ts'
import type { Config } from '../config/config.ts'
import type { CancelSignal } from '../core/cancel-signal.ts'
import type { ExpectedTags } from '../core/entity-tag.ts'
import type { Content } from '../core/http-exchange.ts'
import type { ApiError } from '../errors/api-error.ts'
import type { MarkStatus } from '../observe/mark-status.ts'
import type { PoolStats } from '../observe/pool-stats.ts'
import type { DatabasePlan, InspectPlan, ReadPlan } from '../plan/plan.ts'
import type { EngineAbilities } from '../schema/capabilities.ts'
import type { Catalog, Routine, SchemaLook, SchemaVersion } from '../schema/catalog.ts'
import type { EngineFacts, SentFacts } from '../schema/engine-facts.ts'
import type { SchemaOptions, SchemaSnapshot } from '../schema/schema-snapshot.ts'

export interface RequestContext {
  readonly snapshot: SchemaSnapshot
  readonly config: Config
  readonly request: ApiRequest
  /** Empty on engines without roles when no anonymous role is configured. */
  readonly role: string
  /** False for the anonymous role: permission errors are then 401, not 403. */
  readonly isAuthenticated: boolean
  /** JSON text of the token's claims with the resolved `role` in it. */
  readonly claims: string
  /** Aborted when the client has gone: the query is cancelled. */
  readonly signal: CancelSignal
  /** The write happens only if this read, in the same transaction, finds what is expected. */
  readonly compared?: ComparedRead
}

/** What one row that is to be written looked like to the client. */
export interface ComparedRead {
  readonly plan: ReadPlan
  readonly request: ApiRequest
  readonly expected: ExpectedTags
}

export interface ExecutionResult {
  /** Encoded by the engine; passed through untouched. Empty when none is wanted. */
  readonly body: Content
  /** Rows in the body, or affected. */
  readonly rows: number
  /** Rows there are in all, when a count was asked for. */
  readonly total: number | null
  /** [column, `eq.value` or `is.null`] of the one row inserted, for `Location`; empty: no such header. */
  readonly location: readonly (readonly [string, string])[]
  /** Of an upsert: how many rows were new. */
  readonly inserted: number | null
  /** What the database set as `response.headers` and `response.status`, unparsed. */
  readonly responseHeaders: string | null
  readonly responseStatus: string | null
}

/** Nothing was handed back. */
export const noResult: ExecutionResult = {
  body: '',
  rows: 0,
  total: null,
  location: [],
  inserted: null,
  responseHeaders: null,
  responseStatus: null,
}

/** `statements`: what was sent, for `log-query`; parameters stay placeholders. */
export type Execution =
  | {
      readonly kind: 'done'
      readonly result: ExecutionResult
      readonly statements: readonly string[]
    }
  | {
      readonly kind: 'failed'
      readonly error: ApiError
      /** The engine contradicted the snapshot: a check follows, and one more try if it moved. */
      readonly contradictsSchema: boolean
      readonly statements: readonly string[]
    }
  /** The engine's schema is another than the snapshot's. Nothing was run, or nothing of it stays. */
  | { readonly kind: 'schema-moved' }

/**
 * Whether a snapshot is of the schema that there is. `unprovable`: the database cannot tell, or there
 * is nothing that would.
 */
export type SchemaProof = 'current' | 'moved' | 'unprovable'

/** What the role of a request may see of a schema now, whatever the snapshot knows of grants. */
export type Inspection =
  | {
      readonly kind: 'done'
      /** By `nameKey`, some perhaps unknown to the snapshot; null: all that it has. */
      readonly relations: ReadonlySet<string> | null
      /** Null: all that the snapshot has. */
      readonly routines: readonly Routine[] | null
      readonly schemaDescription: string | null
      /** On an engine without comments: what the database is called. */
      readonly databaseName?: string
      readonly statements: readonly string[]
    }
  | Exclude<Execution, { readonly kind: 'done' }>

export interface IntrospectionRequest {
  readonly options: SchemaOptions
  readonly previous: SchemaSnapshot | null
  /** `full`: reuse nothing of `previous`. */
  readonly depth: Exclude<ReloadDepth, 'check'>
  /** The version that a check of the same reload has found. Absent: nothing was asked before. */
  readonly found?: SchemaVersion
  /** Aborted at the deadline: the load is cancelled and rejects. */
  readonly signal: AbortSignal
}

/** A load of another process, without the engine's facts. */
export interface SentLoad {
  readonly relations: Catalog['relations']
  readonly options: SchemaOptions
}

/** By what schemas are proven to be current, for processes that do not look at the database themselves. */
export interface ProofBasis {
  /** As plain data. */
  current(): unknown
  /** Calls `listener` each time that it is another. */
  onChange(listener: () => void): void
  /** Takes over what the process that looks has. Throws for what is none. */
  adopt(basis: unknown): void
}

export interface Backend {
  /**
   * What the engine can do at its best: holds until a snapshot has the live server's capabilities.
   */
  readonly abilities: EngineAbilities
  /** How the database tells of schema changes. */
  readonly feed: SchemaFeed
  /** The server's own description, for the start line. Rejects with BackendFailure. */
  serverVersion(signal: AbortSignal): Promise<string>
  /** Cheap, comparable, catches out-of-band changes. Rejects with BackendFailure. */
  schemaVersion(
    options: SchemaOptions,
    signal: AbortSignal,
    look?: SchemaLook,
  ): Promise<SchemaVersion>
  /** Whether a load costs no more than the version where nothing changed. False where it is absent. */
  readonly loadsWhatChanged?: boolean
  /** Reads the catalog in one consistent state. Rejects with BackendFailure. */
  introspect(request: IntrospectionRequest): Promise<Catalog>
  /** The facts of a catalog of this backend, to be sent to another process. */
  sendFacts(facts: EngineFacts): SentFacts
  /**
   * Gets ready for requests on what another process has loaded. Rejects with BackendFailure, and with
   * an Error for facts that no backend of this engine has sent.
   */
  adoptFacts(sent: SentFacts, load: SentLoad): Promise<EngineFacts>
  /** In-database configuration, `name → value` with `db_…` names; empty where there is none. */
  databaseSettings(config: Config, signal: AbortSignal): Promise<ReadonlyMap<string, string>>
  /** Runs one request as one transaction. Never rejects for what a database or client did. */
  execute(plan: DatabasePlan, context: RequestContext): Promise<Execution>
  /** What is wrong with conditions of a policy, in one sentence; null: requests can be ruled by them. */
  readonly ruleProblem: RuleProblem
  /** The same for the root document: privileges and the schema's comment, as they are now. */
  inspect(plan: InspectPlan, context: RequestContext): Promise<Inspection>
  /**
   * With `db-schema-strict`, for an answer that no transaction of `execute` or `inspect` has proven:
   * looks at the database after the call. Never rejects. Absent on engines without strict mode.
   */
  readonly proveSchema?: (snapshot: SchemaSnapshot) => Promise<SchemaProof>
  /** Absent on engines without strict mode. */
  readonly proofBasis?: ProofBasis
  /** As it was found last. Absent on engines without strict mode. */
  readonly markStatus?: () => MarkStatus
  /**
   * After a load: what was prepared before serves no request any more. `told`: what outlived the
   * schema, where another process has found out; returns it.
   */
  recycle(told?: Outlived): Outlived
  /** Rejects with BackendFailure when requests could not be served now. */
  ping(signal: AbortSignal): Promise<void>
  poolStats(): PoolStats
  /** Ends what is running, closes everything; resolves when nothing is left. */
  close(): Promise<void>
}

/** What became of putting the schema mark into a database, or of taking it away. */
export interface MarkReport {
  readonly done: boolean
  /** For people, without a line break at the end. */
  readonly text: string
}

/** Puts the schema mark into a database and takes it away, for the command line. */
export interface MarkKeeper {
  /** What `install` runs. */
  readonly script: string
  /** What the server refuses is a report; rejects with BackendFailure when it cannot be asked. */
  install(signal: AbortSignal): Promise<MarkReport>
  remove(signal: AbortSignal): Promise<MarkReport>
  close(): Promise<void>
}
