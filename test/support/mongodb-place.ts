/**
 * A collection with columns of given kinds, as the MongoDB compiler knows one, for tests without a
 * database.
 */

import type { FieldKind } from '../../src/backends/mongodb/bson/field-kind.ts'
import type { FieldFacts } from '../../src/backends/mongodb/catalog/mongodb-facts.ts'
import type { FieldPlace } from '../../src/backends/mongodb/compile/field-place.ts'
import type { PlanField } from '../../src/plan/plan.ts'
import { describeSnapshot } from './snapshot.ts'

/** What PostgreSQL calls the type of each kind. */
const types = {
  int: 'integer',
  long: 'bigint',
  double: 'double precision',
  decimal: 'numeric',
  string: 'text',
  dateText: 'date',
  timeText: 'time without time zone',
  timestampText: 'timestamp without time zone',
  bool: 'boolean',
  date: 'timestamp with time zone',
  objectId: 'text',
  uuid: 'uuid',
  binary: 'bytea',
  array: 'jsonb',
  document: 'jsonb',
  other: 'json',
  mixed: 'text',
  any: 'text',
} as const satisfies Record<FieldKind, string>

/** `int`, `string` …, and `string[]` for an array of one kind. */
export type KindName = FieldKind | `${FieldKind}[]`

export interface PlaceOptions extends Partial<Omit<FieldPlace, 'relation' | 'facts'>> {
  readonly isClosed?: boolean
  /** Names in the documents, where they are not the columns'. */
  readonly stored?: Readonly<Record<string, string>>
  readonly textIndexColumn?: string
}

export function mongodbPlace(
  kinds: Readonly<Record<string, KindName>>,
  { isClosed = true, stored = {}, textIndexColumn, ...more }: PlaceOptions = {},
): FieldPlace {
  const columns = Object.entries(kinds).map(([name, kind]) => `${name}:${baseTypeOf(kind)}`)
  const relations = { things: { columns: columns.join(', '), isClosed } }
  const relation = describeSnapshot({ relations }).relations.values().next().value
  if (relation === undefined) throw new Error('no relation')
  const fields = Object.entries(kinds).map(([name, kind]) => {
    return [name, fieldFacts(stored[name] ?? name, kind)] as const
  })
  return {
    relation,
    facts: {
      collection: 'things',
      database: 'api',
      kind: 'collection',
      isCapped: false,
      hasCollation: false,
      fields: new Map(fields),
      uniqueIndexes: [],
      isUniqueByIdAlone: false,
      textIndexColumn: textIndexColumn ?? null,
    },
    prefix: null,
    isFirstStage: true,
    ...more,
  }
}

/** The column as the planner hands it over. */
export function typed(field: PlanField, kind: KindName): PlanField {
  const baseType = kind === 'mixed' || kind === 'any' ? '' : baseTypeOf(kind)
  return { ...field, type: baseType, baseType }
}

export function baseTypeOf(kind: KindName): string {
  const elements = elementsOf(kind)
  return elements === null ? types[kindOnly(kind)] : `${types[elements]}[]`
}

function elementsOf(kind: KindName): FieldKind | null {
  return kind.endsWith('[]') ? kindOnly(kind.slice(0, -2)) : null
}

function kindOnly(kind: string): FieldKind {
  const found = Object.keys(types).find((each): each is FieldKind => each === kind)
  return found ?? 'array'
}

export function fieldFacts(field: string, kind: KindName): FieldFacts {
  return {
    field,
    kind: kindOnly(kind),
    elements: elementsOf(kind),
    mayBeNan: false,
    rejectsNull: false,
    defaultJson: null,
    leadsIndex: false,
  }
}
