/**
 * The frozen configuration, one property an option, names as in the option table in camel case.
 * `load-config.ts` makes it; nobody changes it.
 */
import type { LogLevel } from '../core/log-level.ts'

export const txEnds = [
  'commit',
  'commit-allow-override',
  'rollback',
  'rollback-allow-override',
] as const
export type TxEnd = (typeof txEnds)[number]

export const openapiModes = ['follow-privileges', 'ignore-privileges', 'disabled'] as const
export type OpenapiMode = (typeof openapiModes)[number]
export const openapiVersions = ['2.0', '3.1'] as const
export type OpenapiVersion = (typeof openapiVersions)[number]

/** A registry as configured. */
export interface RegistryText {
  /** The file that the text was read from; null: it stood in the option itself. */
  readonly file: string | null
  /** Empty until the file was read. */
  readonly text: string
}

export interface Config {
  /** Options that some source has a value for; the others have their defaults. */
  readonly given: ReadonlySet<keyof Config>
  // PostgREST's options
  readonly adminServerHost: string
  readonly adminServerPort: number | null
  readonly adminServerUnixSocket: string | null
  /** File mode as a number, e.g. 0o660. */
  readonly adminServerUnixSocketMode: number
  readonly appSettings: readonly (readonly [string, string])[]
  readonly clientErrorVerbosity: 'verbose' | 'minimal'
  readonly dbAggregatesEnabled: boolean
  readonly dbAnonRole: string | null
  readonly dbChannel: string
  readonly dbChannelEnabled: boolean
  readonly dbConfig: boolean
  readonly dbExtraSearchPath: readonly string[]
  readonly dbHoistedTxSettings: readonly string[]
  readonly dbMaxRows: number | null
  readonly dbPlanEnabled: boolean
  readonly dbPool: number
  /** Seconds. */
  readonly dbPoolAcquisitionTimeout: number
  readonly dbPoolAutomaticRecovery: boolean
  /** Seconds. */
  readonly dbPoolMaxIdletime: number
  /** Seconds. */
  readonly dbPoolMaxLifetime: number
  /** `schema.function` or `function`, as given. */
  readonly dbPreConfig: string | null
  readonly dbPreRequest: string | null
  readonly dbPreparedStatements: boolean
  readonly dbRootSpec: string | null
  /** At least one. */
  readonly dbSchemas: readonly string[]
  readonly dbTxEnd: TxEnd
  /** After `@file`; trimmed. */
  readonly dbUri: string
  readonly jwtAud: string | null
  readonly jwtCacheMaxEntries: number
  /** As given, e.g. `$.role`. `claim-path.ts` compiles it. */
  readonly jwtRoleClaimKey: string
  /** Bytes of the key, or of a JWK or JWK set; base64 decoded. */
  readonly jwtSecret: Uint8Array | null
  readonly jwtSecretIsBase64: boolean
  readonly logLevel: LogLevel
  readonly logQuery: boolean
  readonly openapiMode: OpenapiMode
  readonly openapiSecurityActive: boolean
  readonly openapiServerProxyUri: string | null
  readonly openapiVersion: OpenapiVersion
  /** Null: any origin. */
  readonly serverCorsAllowedOrigins: readonly string[] | null
  readonly serverHost: string
  readonly serverPort: number
  readonly serverReuseport: boolean
  readonly serverTimingEnabled: boolean
  readonly serverTraceHeader: string | null
  readonly serverUnixSocket: string | null
  readonly serverUnixSocketMode: number
  readonly urlUseLegacyTargetNames: boolean
  // ours
  /** Path in front of every path of the API, without a slash at its end; null: none. */
  readonly serverBasePath: string | null
  /** Seconds. */
  readonly shutdownDelay: number
  /** Whether the admin server has a page for people at its root. */
  readonly adminDashboard: boolean
  /** After `@file`; trimmed. Null: nobody is asked for one. */
  readonly adminServerToken: string | null
  /** After `@file`; trimmed. Null: `dbUri` leads to where notifications are heard. */
  readonly dbChannelUri: string | null
  readonly dbBackend: 'postgres' | 'sqlite' | 'mongodb'
  /** Foreign keys are enforced when something is written. */
  readonly dbForeignKeys: boolean
  readonly dbReadOnly: boolean
  /** Names and patterns with `*`; null: all relations of the schemas are served. */
  readonly dbTables: readonly string[] | null
  /** Names and patterns of relations that are not served; null: none. */
  readonly dbExcludeTables: readonly string[] | null
  /** Milliseconds, 0: never; null: as is right for how the database tells of changes. */
  readonly dbSchemaPollInterval: number | null
  /** Milliseconds, 0: none; engines without role settings. */
  readonly dbStatementTimeout: number
  /** Milliseconds for one whole load. */
  readonly dbSchemaLoadTimeout: number
  /** Each answer is proven to be of the schema that there is. */
  readonly dbSchemaStrict: boolean
  /** Reads of relations have tags, and writes may name one. */
  readonly etagEnabled: boolean
  readonly rateLimitEnabled: boolean
  /** Requests a second. */
  readonly rateLimitRps: number
  readonly rateLimitBurst: number
  /** As given, e.g. `sub`. `user-claim.ts` compiles it. */
  readonly rateLimitClaim: string
  /** Addresses and networks, as given; none: nobody's word counts for where a request came from. */
  readonly serverTrustedProxies: readonly string[]
  /** Processes that answer requests; `auto`: as many as there are processors. */
  readonly serverWorkers: number | 'auto'
  /** Bytes, 0: no bound. */
  readonly maxRequestBody: number
  readonly logFormat: 'text' | 'json'
  /** The functions of an engine that has none of its own. */
  readonly functionRegistry: RegistryText | null
  /** Roles, grants and row policies; null: everybody may do everything. */
  readonly policyRegistry: RegistryText | null
  /** Columns and keys of an engine whose collections have none of their own. */
  readonly declaredSchema: RegistryText | null
  /** How its collections lead to each other. */
  readonly declaredRelationships: RegistryText | null
  // for tests of the pipeline: milliseconds that a load sleeps, PostgreSQL only
  readonly internalSchemaCacheQuerySleep: number
  readonly internalSchemaCacheQuerySleepBeforeQueries: number
}
