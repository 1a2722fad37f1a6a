/**
 * What PostgreSQL can do: all of the contract by itself; GeoJSON, on a live server, where PostGIS
 * is there.
 */
import type { Capabilities, EngineAbilities, Feature, Grade } from '../../../schema/capabilities.ts'
import type { ControlStatement } from '../connect/control-connection.ts'
import { type CatalogRow, flagIn, textIn } from './catalog-row.ts'

const grades = {
  embedding: 'native',
  computedRelationships: 'native',
  computedFields: 'native',
  spread: 'native',
  aggregates: 'native',
  nullsOrdering: 'native',
  relatedOrder: 'native',
  jsonPath: 'native',
  compositePath: 'native',
  casts: 'native',
  like: 'native',
  ilike: 'native',
  match: 'native',
  imatch: 'native',
  quantifiers: 'native',
  isdistinct: 'native',
  fts: 'native',
  contains: 'native',
  contained: 'native',
  overlap: 'native',
  rangeOperators: 'native',
  countExact: 'native',
  countPlanned: 'native',
  countEstimated: 'native',
  csv: 'native',
  geojson: 'native',
  customMedia: 'native',
  planMedia: 'native',
  domainRepresentations: 'native',
  schemas: 'native',
  insert: 'native',
  update: 'native',
  delete: 'native',
  upsert: 'native',
  missingDefault: 'native',
  returning: 'native',
  transactions: 'native',
  timezone: 'native',
  functions: 'native',
  roles: 'native',
  // PostgreSQL's own setting is a matter of roles, sessions and functions, which an option would override
  statementTimeout: 'unsupported',
  preRequest: 'native',
  databaseConfig: 'native',
  notifications: 'native',
  readOnlyServer: 'unsupported',
  foreignKeySwitch: 'unsupported',
  provenAnswers: 'native',
  declarations: 'unsupported',
} as const satisfies Record<Feature, Grade>

/** With PostGIS. */
export const postgresAbilities: EngineAbilities = { engine: 'PostgreSQL', grades }

const serverSql = `
select current_setting('server_version') as version,
  exists (select from pg_catalog.pg_proc where proname = 'st_asgeojson') as has_geojson`

export const capabilitiesStatement: ControlStatement = { text: serverSql, isPrepared: true }

export function postgresCapabilities([row]: readonly CatalogRow[]): Capabilities {
  if (row === undefined) throw new Error('catalog query: no server')
  return {
    engine: postgresAbilities.engine,
    serverVersion: textIn(row, 'version'),
    grades: { ...grades, geojson: flagIn(row, 'has_geojson') ? 'native' : 'unsupported' },
  }
}
