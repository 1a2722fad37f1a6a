/**
 * What SQLite can do, graded. Embedding, aggregates and JSON are SQLite's own; what is emulated is
 * done by our functions inside it; a best effort differs where PostgreSQL's rules cannot be had:
 * the syntax of regular expressions, search without dictionaries, casts without exact decimals.
 */
import type { Capabilities, EngineAbilities, Feature, Grade } from '../../../schema/capabilities.ts'

const grades = {
  embedding: 'native',
  computedRelationships: 'unsupported',
  computedFields: 'emulated',
  spread: 'native',
  aggregates: 'native',
  nullsOrdering: 'native',
  relatedOrder: 'native',
  jsonPath: 'native',
  compositePath: 'unsupported',
  casts: 'best-effort',
  like: 'native',
  ilike: 'emulated',
  match: 'best-effort',
  imatch: 'best-effort',
  quantifiers: 'emulated',
  isdistinct: 'native',
  // over FTS5 tables and what they index; elsewhere the request is refused
  fts: 'best-effort',
  // on JSON arrays and documents
  contains: 'emulated',
  contained: 'emulated',
  overlap: 'emulated',
  rangeOperators: 'unsupported',
  countExact: 'native',
  // there is no estimate to be had: the exact number is given
  countPlanned: 'emulated',
  countEstimated: 'emulated',
  csv: 'emulated',
  geojson: 'unsupported',
  customMedia: 'unsupported',
  // EXPLAIN QUERY PLAN: steps without costs, no options, not of writes
  planMedia: 'best-effort',
  domainRepresentations: 'unsupported',
  schemas: 'unsupported',
  insert: 'native',
  update: 'native',
  delete: 'native',
  upsert: 'native',
  missingDefault: 'emulated',
  // read again after the write
  returning: 'emulated',
  transactions: 'native',
  timezone: 'unsupported',
  // those of the function registry
  functions: 'emulated',
  // those of the policy registry
  roles: 'emulated',
  statementTimeout: 'native',
  // a function of the registry
  preRequest: 'emulated',
  databaseConfig: 'unsupported',
  notifications: 'unsupported',
  readOnlyServer: 'native',
  foreignKeySwitch: 'native',
  provenAnswers: 'unsupported',
  declarations: 'unsupported',
} as const satisfies Record<Feature, Grade>

export const sqliteAbilities: EngineAbilities = { engine: 'SQLite', grades }

export function sqliteCapabilities(serverVersion: string): Capabilities {
  return { ...sqliteAbilities, serverVersion }
}
