/**
 * Which names of a database are served: those of the exposed schemas, and of their relations those that
 * `db-tables` and `db-exclude-tables` leave. What is not served is to clients as what is in another
 * schema. A build asks for every name that it meets.
 */
import type { Config } from '../config/config.ts'
import { isSame } from '../core/is-same.ts'
import type { QualifiedName } from '../core/qualified-name.ts'
import type { Catalog } from './catalog.ts'

export type Fence = Pick<Config, 'dbTables' | 'dbExcludeTables'>

export interface Exposure {
  readonly schemas: ReadonlySet<string>
  /** Null: every relation. */
  readonly served: readonly RegExp[] | null
  readonly excluded: readonly RegExp[]
}

/** Shape  `film*` and `api.film*` match `films` of the schema `api`; letters as they are written */
function patternOf(member: string): RegExp {
  const parts = member.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return Object.freeze(new RegExp(`^${parts.join('.*')}$`, 's'))
}

function matches(pattern: RegExp, { schema, name }: QualifiedName): boolean {
  return pattern.test(name) || pattern.test(`${schema}.${name}`)
}

export function exposureOf(schemas: readonly string[], fence: Fence): Exposure {
  return Object.freeze({
    schemas: new Set(schemas),
    served: fence.dbTables === null ? null : Object.freeze(fence.dbTables.map(patternOf)),
    excluded: Object.freeze((fence.dbExcludeTables ?? []).map(patternOf)),
  })
}

/** Whether a relation of that name is served. */
export function exposes({ schemas, served, excluded }: Exposure, name: QualifiedName): boolean {
  if (!schemas.has(name.schema)) return false
  if (served === null && excluded.length === 0) return true
  const has = (pattern: RegExp) => matches(pattern, name)
  return (served?.some(has) ?? true) && !excluded.some(has)
}

export function isSameFence(a: Fence, b: Fence): boolean {
  return isSame([a.dbTables, a.dbExcludeTables], [b.dbTables, b.dbExcludeTables])
}

export interface UnmatchedPattern {
  readonly option: 'db-tables' | 'db-exclude-tables'
  readonly pattern: string
}

/** What a snapshot was made of. */
interface Fenced {
  readonly options: Fence
  readonly schemas: readonly string[]
  readonly sources: {
    readonly catalog: Pick<Catalog, 'relations' | 'unreadableRelations'>
  }
}

/**
 * Members of the two options that nothing in the exposed schemas has for a name: slips, most often, which
 * a fence must not pass over in silence.
 */
export function unmatchedPatterns({
  options,
  schemas,
  sources: { catalog },
}: Fenced): readonly UnmatchedPattern[] {
  const { dbTables, dbExcludeTables } = options
  if (dbTables === null && dbExcludeTables === null) return []
  const names = [...catalog.relations, ...(catalog.unreadableRelations ?? [])].filter(
    ({ schema }) => schemas.includes(schema),
  )
  const unmatched = (option: UnmatchedPattern['option'], members: readonly string[] | null) =>
    (members ?? [])
      .filter((member) => {
        const pattern = patternOf(member)
        return !names.some((name) => matches(pattern, name))
      })
      .map((pattern) => ({ option, pattern }))
  return [...unmatched('db-tables', dbTables), ...unmatched('db-exclude-tables', dbExcludeTables)]
}
