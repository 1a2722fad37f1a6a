/**
 * What MongoDB can do, graded. Reads, joins and groups are the server's own; what is emulated is put
 * together from several of its operators or done by us with its answer; a best effort differs where
 * PostgreSQL's rules cannot be had: the syntax of regular expressions, search by another dictionary,
 * casts inside the server.
 */
import type { Capabilities, EngineAbilities, Feature, Grade } from '../../../schema/capabilities.ts'
import type { Topology } from './mongodb-facts.ts'

const grades = {
  embedding: 'native',
  computedRelationships: 'unsupported',
  computedFields: 'unsupported',
  spread: 'native',
  aggregates: 'native',
  nullsOrdering: 'native',
  relatedOrder: 'native',
  jsonPath: 'native',
  // arrays of one type, into which arrows reach by index
  compositePath: 'native',
  casts: 'best-effort',
  // by regular expressions
  like: 'emulated',
  ilike: 'emulated',
  match: 'best-effort',
  imatch: 'best-effort',
  quantifiers: 'emulated',
  isdistinct: 'emulated',
  // where a text index is over that field alone; elsewhere the request is refused
  fts: 'best-effort',
  contains: 'emulated',
  contained: 'emulated',
  overlap: 'emulated',
  rangeOperators: 'unsupported',
  countExact: 'emulated',
  countPlanned: 'emulated',
  countEstimated: 'emulated',
  csv: 'emulated',
  geojson: 'unsupported',
  customMedia: 'unsupported',
  planMedia: 'unsupported',
  domainRepresentations: 'unsupported',
  // databases
  schemas: 'native',
  insert: 'native',
  update: 'native',
  delete: 'native',
  upsert: 'native',
  // there are no defaults: what is missing stays absent either way
  missingDefault: 'emulated',
  // read again in the transaction of the write
  returning: 'emulated',
  transactions: 'native',
  timezone: 'unsupported',
  // those of the function registry
  functions: 'emulated',
  // those of the policy registry
  roles: 'emulated',
  statementTimeout: 'native',
  // a pipeline cannot refuse a request
  preRequest: 'unsupported',
  databaseConfig: 'unsupported',
  notifications: 'unsupported',
  readOnlyServer: 'native',
  foreignKeySwitch: 'unsupported',
  provenAnswers: 'unsupported',
  declarations: 'native',
} as const satisfies Record<Feature, Grade>

/** On a replica set. */
export const mongodbAbilities: EngineAbilities = { engine: 'MongoDB', grades }

/** A server that stands alone has no transactions. */
export function mongodbCapabilities(serverVersion: string, topology: Topology): Capabilities {
  const transactions = topology === 'standalone' ? 'unsupported' : grades.transactions
  return { ...mongodbAbilities, grades: { ...grades, transactions }, serverVersion }
}
