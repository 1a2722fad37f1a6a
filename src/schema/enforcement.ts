/**
 * Who makes sure that a feature which an engine lacks is refused, and never silently left out: one
 * line for each feature. What is refused, and how, is left to `plan/refuse-unsupported.ts`,
 * `plan/negotiate-media.ts` and `unhonoured-options.ts`.
 */
import type { OptionValues } from '../config/option.ts'
import type { Feature } from './capabilities.ts'

/** Options that need a feature: set by hand, they refuse the start on an engine without it. */
interface NeedingOptions {
  /** Each with the value that asks for nothing, which every engine honours. */
  readonly options: OptionValues
  /** What the engine is like without the feature: continues `SQLite …` in messages. */
  readonly without: string
}

/**
 * - `request`        the planner refuses a request that uses it, from the request alone
 * - `plan`           the planner refuses once names are resolved or a media type is chosen
 * - `configuration`  only an option asks for it, and the server does not start with that option
 * - `inexpressible`  nothing asks for it on an engine without it: neither a request nor an option
 */
export type Enforcement =
  | { readonly at: 'request' | 'plan' }
  | (NeedingOptions & { readonly at: 'request' | 'plan' | 'configuration' })
  | { readonly at: 'inexpressible'; readonly without: string }

const byRequest = { at: 'request' } as const
const byPlan = { at: 'plan' } as const

export const enforcement = {
  embedding: byRequest,
  computedRelationships: byPlan,
  computedFields: {
    at: 'inexpressible',
    without: 'knows columns only: another name is an unknown column',
  },
  spread: byRequest,
  aggregates: byRequest,
  nullsOrdering: byRequest,
  relatedOrder: byRequest,
  jsonPath: byRequest,
  compositePath: byPlan,
  casts: byRequest,
  like: byRequest,
  ilike: byRequest,
  match: byRequest,
  imatch: byRequest,
  quantifiers: byRequest,
  isdistinct: byRequest,
  fts: byRequest,
  contains: byRequest,
  contained: byRequest,
  overlap: byRequest,
  rangeOperators: byRequest,
  countExact: byRequest,
  countPlanned: byRequest,
  countEstimated: byRequest,
  csv: byPlan,
  geojson: byPlan,
  customMedia: {
    at: 'inexpressible',
    without: 'produces no media types of its own: they are not acceptable',
  },
  planMedia: byPlan,
  domainRepresentations: {
    at: 'inexpressible',
    without: 'has no domains: values are shown as what they are',
  },
  schemas: {
    at: 'inexpressible',
    without: 'has a single schema, one file: a request for another is not acceptable',
  },
  insert: byRequest,
  update: byRequest,
  delete: byRequest,
  upsert: byRequest,
  missingDefault: byRequest,
  returning: byRequest,
  transactions: {
    at: 'request',
    options: { dbTxEnd: 'commit' },
    without: 'has no transactions',
  },
  timezone: byRequest,
  functions: {
    at: 'request',
    options: { dbRootSpec: null },
    without: 'has no functions',
  },
  roles: {
    at: 'inexpressible',
    without: 'grants nothing to roles: everyone who is served sees all that is exposed',
  },
  statementTimeout: {
    at: 'configuration',
    options: { dbStatementTimeout: 0 },
    without: 'has limits of its own, of roles (ALTER ROLE … SET statement_timeout)',
  },
  preRequest: {
    at: 'configuration',
    options: { dbPreRequest: null },
    without: 'has no functions to call before a request',
  },
  databaseConfig: {
    at: 'configuration',
    options: { dbConfig: false, dbPreConfig: null },
    without: 'holds no settings of the server',
  },
  notifications: {
    at: 'configuration',
    options: { dbChannel: '', dbChannelEnabled: false, dbChannelUri: null },
    without: 'sends no notifications',
  },
  readOnlyServer: {
    at: 'configuration',
    options: { dbReadOnly: false },
    without: 'is made read-only by its own settings',
  },
  foreignKeySwitch: {
    at: 'configuration',
    options: { dbForeignKeys: true },
    without: 'has no switch for foreign keys',
  },
  provenAnswers: {
    at: 'configuration',
    options: { dbSchemaStrict: false },
    without: 'has no schema mark',
  },
  declarations: {
    at: 'configuration',
    options: { declaredSchema: null, declaredRelationships: null },
    without: 'knows columns and keys by itself',
  },
} as const satisfies Record<Feature, Enforcement>

/** The features enforced at one place. */
export type EnforcedAt<Place extends Enforcement['at']> = {
  [Each in Feature]: (typeof enforcement)[Each]['at'] extends Place ? Each : never
}[Feature]
