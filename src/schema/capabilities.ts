/**
 * What an engine can do, graded per feature: at its best, and from the live server. Who refuses
 * what is `unsupported` is in `enforcement.ts`; OpenAPI advertises what is left.
 */

/** done by the engine · same result by our own means · a documented divergence · refused */
export type Grade = 'native' | 'emulated' | 'best-effort' | 'unsupported'

export const features = [
  'embedding',
  'computedRelationships',
  'computedFields',
  'spread',
  'aggregates',
  'nullsOrdering',
  'relatedOrder',
  'jsonPath',
  'compositePath',
  'casts',
  'like',
  'ilike',
  'match',
  'imatch',
  'quantifiers',
  'isdistinct',
  'fts',
  'contains',
  'contained',
  'overlap',
  'rangeOperators',
  'countExact',
  'countPlanned',
  'countEstimated',
  'csv',
  'geojson',
  'customMedia',
  'planMedia',
  'domainRepresentations',
  'schemas',
  'insert',
  'update',
  'delete',
  'upsert',
  'missingDefault',
  'returning',
  'transactions',
  'timezone',
  'functions',
  'roles',
  'statementTimeout',
  'preRequest',
  'databaseConfig',
  'notifications',
  'readOnlyServer',
  'foreignKeySwitch',
  'provenAnswers',
  'declarations',
] as const
export type Feature = (typeof features)[number]

/** What an engine can do at its best, before a server of it was asked. */
export interface EngineAbilities {
  /** The engine's name as users know it, for messages: `PostgreSQL`, `SQLite`, `MongoDB`. */
  readonly engine: string
  readonly grades: Readonly<Record<Feature, Grade>>
}

/** What the live server can do: never more than its engine at its best. */
export interface Capabilities extends EngineAbilities {
  /** The live server's version as it reports it. */
  readonly serverVersion: string
}
