/**
 * The texts of `declared-schema` and `declared-relationships` → declarations, or all that is wrong
 * with them and where. Read strictly, as the other registries: a key that nobody reads is a slip.
 */
import {
  type JsonPlace,
  type JsonReader,
  jsonAny,
  jsonBoolean,
  jsonList,
  jsonMap,
  jsonObject,
  jsonOneOf,
  jsonOneOrMore,
  jsonText,
  jsonThen,
  orElse,
  readStrictJson,
} from '../../core/json/strict-json.ts'
import type { Result } from '../../core/result.ts'
import type { ColumnPair } from '../../schema/relationships/relationship.ts'
import type {
  DeclaredColumn,
  DeclaredRelation,
  DeclaredRelationship,
  DeclaredType,
} from './declared-schema.ts'
import { registeredType } from './registered-type.ts'

/**
 * Shape   `[{ "name": "films", "columns": [{ "name": "id", "field": "_id", "type": "integer" }] }]`
 * Errors  every problem, each with its JSON path: `$[0].columns[1].type is 1, it should be a text`
 */
export function readDeclaredSchema(
  text: string,
): Result<readonly DeclaredRelation[], readonly string[]> {
  return readStrictJson(text, relations)
}

/**
 * Shape   `[{ "name": "director", "from": "films", "to": "directors", "columns": { "made_by": "_id" } }]`
 * Errors  as above
 */
export function readDeclaredRelationships(
  text: string,
): Result<readonly DeclaredRelationship[], readonly string[]> {
  return readStrictJson(text, jsonThen(jsonList(relationship), distinctKeys))
}

const columnType: JsonReader<DeclaredType> = jsonThen(jsonText, (text, place) => {
  if (text.toLowerCase() === 'objectid') return 'objectid'
  return registeredType(text) ?? tell(place, `is ${text}, which is no type`)
})

const column: JsonReader<DeclaredColumn> = jsonThen(
  jsonObject({
    name: jsonText,
    field: orElse<string | null>(jsonText, null),
    type: orElse<DeclaredType | null>(columnType, null),
    nullable: orElse<boolean | null>(jsonBoolean, null),
    default: orElse<string | null>(jsonAny, null),
    comment: orElse<string | null>(jsonText, null),
  }),
  ({ name, field, type, nullable, default: defaultJson, comment }) => ({
    name,
    field: field ?? name,
    type,
    isNullable: nullable,
    defaultJson,
    comment,
  }),
)

const columns: JsonReader<readonly DeclaredColumn[]> = jsonThen(
  jsonList(column),
  (list, place) =>
    repeated(list, place, 'name', ({ name }) => name) ??
    repeated(list, place, 'field', ({ field }) => field) ??
    list,
)

const relation: JsonReader<DeclaredRelation> = jsonThen(
  jsonObject({
    name: jsonText,
    comment: orElse<string | null>(jsonText, null),
    columns: orElse<readonly DeclaredColumn[]>(columns, []),
    primaryKey: orElse<readonly string[] | null>(jsonOneOrMore(jsonText), null),
    closed: orElse(jsonBoolean, false),
  }),
  ({ closed, ...given }, place) => {
    const known = new Set(given.columns.map(({ name }) => name))
    const unknown = given.primaryKey?.find((name) => closed && !known.has(name))
    return unknown === undefined
      ? { ...given, isClosed: closed }
      : tell(place, `is closed and has no column ${unknown}, which its primaryKey names`)
  },
)

const relations: JsonReader<readonly DeclaredRelation[]> = jsonThen(
  jsonList(relation),
  distinctNames,
)

/** [key, value] of each member of an object, of which there is at least one. */
const pairs: JsonReader<readonly ColumnPair[]> = (value, place) => {
  const read = jsonMap(jsonText)(value, place)
  if (read === undefined) return undefined
  return Object.keys(Object(value)).length > 0 ? [...read] : tell(place, 'names no columns')
}

interface WrittenThrough {
  readonly relation: string
  readonly from: readonly ColumnPair[]
  readonly to: readonly ColumnPair[]
}

const relationship: JsonReader<DeclaredRelationship> = jsonThen(
  jsonObject({
    name: jsonText,
    from: jsonText,
    to: jsonText,
    columns: orElse<readonly ColumnPair[] | null>(pairs, null),
    cardinality: orElse<'many-to-one' | 'one-to-one' | 'many-to-many' | null>(
      jsonOneOf(['many-to-one', 'one-to-one', 'many-to-many'] as const),
      null,
    ),
    through: orElse<WrittenThrough | null>(
      jsonObject<WrittenThrough>({ relation: jsonText, from: pairs, to: pairs }),
      null,
    ),
  }),
  ({ name, from, to, columns, cardinality, through }, place) => {
    if (through !== null) {
      if (columns !== null) return tell(place, 'has either columns or through')
      if (cardinality !== null && cardinality !== 'many-to-many') {
        return tell(place, `is ${cardinality}, which goes through nothing`)
      }
      const { relation, from: fromColumns, to: toColumns } = through
      return { kind: 'junction', name, from, to, through: relation, fromColumns, toColumns }
    }
    if (cardinality === 'many-to-many') return tell(place, 'is many-to-many and has no through')
    if (columns === null) return tell(place, 'has neither columns nor through')
    return { kind: 'key', name, from, to, columns, isUnique: cardinality === 'one-to-one' }
  },
)

/** A name is one key's among those of its two relations: views repeat keys of what they are over. */
function distinctKeys(
  list: readonly DeclaredRelationship[],
  place: JsonPlace,
): readonly DeclaredRelationship[] | undefined {
  const keyOf = ({ name, from, to }: DeclaredRelationship) => `${name} from ${from} to ${to}`
  return repeated(list, place, 'name', keyOf, ({ name }) => name) ?? list
}

function distinctNames<T extends { readonly name: string }>(
  list: readonly T[],
  place: JsonPlace,
): readonly T[] | undefined {
  return repeated(list, place, 'name', ({ name }) => name) ?? list
}

/** Tells of the first that has what another before it has, and gives none of them. */
function repeated<T>(
  list: readonly T[],
  place: JsonPlace,
  what: string,
  keyOf: (item: T) => string,
  shown: (item: T) => string = keyOf,
): readonly never[] | undefined {
  const keys = list.map(keyOf)
  const index = keys.findIndex((key, at) => keys.indexOf(key) !== at)
  const again = list[index]
  if (again === undefined) return undefined
  place.tell(`${place.path}[${index}] has the ${what} of another: ${shown(again)}`)
  return []
}

function tell({ path, tell }: JsonPlace, problem: string): undefined {
  tell(`${path} ${problem}`)
  return undefined
}
