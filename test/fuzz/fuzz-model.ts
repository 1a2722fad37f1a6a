/**
 * What a fuzzed request can name: relations, columns, embeds and functions, read off the schema
 * that the server itself serves (`GET /schema_cache` of the admin server). One generator thus plays
 * on any database of any engine.
 */

export interface FuzzColumn {
  readonly name: string
  /** As the engine writes it: `integer`, `text[]`, `api.mood` … */
  readonly type: string
  readonly labels: readonly string[]
}

/** How a relation reaches another one, in a way that is not ambiguous. */
export interface FuzzEmbed {
  readonly target: string
  readonly hint: string | null
  readonly relation: string
  readonly isToOne: boolean
}

export interface FuzzRelation {
  readonly schema: string
  readonly name: string
  readonly columns: readonly FuzzColumn[]
  readonly primaryKey: readonly string[]
  /** Names that only the database knows. */
  readonly computed: readonly string[]
  readonly embeds: readonly FuzzEmbed[]
  readonly canInsert: boolean
}

export interface FuzzParameter {
  readonly name: string
  readonly type: string
  readonly isRequired: boolean
  readonly isVariadic: boolean
}

export interface FuzzRoutine {
  readonly schema: string
  readonly name: string
  readonly parameters: readonly FuzzParameter[]
  /** The relation that its rows belong to. */
  readonly relation: string | null
  readonly isVolatile: boolean
}

export interface FuzzModel {
  readonly schemas: readonly string[]
  readonly relations: readonly FuzzRelation[]
  readonly routines: readonly FuzzRoutine[]
}

interface Name {
  readonly qiName: string
  readonly qiSchema: string
}

interface DumpedTable {
  readonly tableColumns: Readonly<
    Record<
      string,
      { readonly colName: string; readonly colType: string; readonly colEnum: readonly string[] }
    >
  >
  readonly tablePKCols: readonly string[]
  readonly tableInsertable: boolean
}

type Pairs = readonly (readonly [string, string])[]

interface DumpedCardinality {
  readonly tag: 'O2M' | 'M2O' | 'O2O' | 'M2M'
  readonly relCons?: string
  readonly relColumns?: Pairs
  readonly contents?: { readonly junTable: Name }
}

interface DumpedRelationship {
  readonly tag: 'Relationship' | 'ComputedRelationship'
  readonly relForeignTable: Name
  readonly relIsSelf: boolean
  readonly relCardinality?: DumpedCardinality
  readonly relFunction?: Name
  readonly relToOne?: boolean
}

interface DumpedRoutine {
  readonly pdParams: readonly {
    readonly ppName: string
    readonly ppType: string
    readonly ppReq: boolean
    readonly ppVar: boolean
  }[]
  readonly pdReturnType: {
    readonly contents: { readonly tag: 'Composite' | 'Scalar'; readonly contents: unknown }
  }
  readonly pdVolatility: string
}

/** What this file reads of the dump. */
interface Dump {
  readonly dbTables: readonly (readonly [Name, DumpedTable])[]
  readonly dbRelationships: readonly (readonly [
    readonly [Name, string],
    readonly DumpedRelationship[],
  ])[]
  readonly dbRoutines: readonly (readonly [Name, readonly DumpedRoutine[]])[]
}

function embedOf(relationship: DumpedRelationship): FuzzEmbed {
  const { relForeignTable, relFunction, relCardinality, relIsSelf } = relationship
  const relation = relForeignTable.qiName
  if (relFunction !== undefined || relCardinality === undefined) {
    const target = relFunction?.qiName ?? relation
    return { target, hint: null, relation, isToOne: relationship.relToOne === true }
  }
  const { tag, relCons, relColumns, contents } = relCardinality
  const isToOne = tag === 'M2O' || tag === 'O2O'
  if (tag === 'M2M') {
    return { target: relation, hint: contents?.junTable.qiName ?? null, relation, isToOne }
  }
  const [pair] = relColumns ?? []
  if (relIsSelf && isToOne) return { target: pair?.[0] ?? relation, hint: null, relation, isToOne }
  if (relIsSelf) return { target: relation, hint: pair?.[1] ?? null, relation, isToOne }
  return { target: relation, hint: relCons ?? null, relation, isToOne }
}

/** `computed`: by relation, fields that no dump lists. */
export function modelOfDump(
  text: string,
  computed: Readonly<Record<string, readonly string[]>> = {},
): FuzzModel {
  const dump: Dump = JSON.parse(text)
  const embeds = new Map<string, readonly FuzzEmbed[]>()
  for (const [[origin, schema], relationships] of dump.dbRelationships) {
    if (origin.qiSchema === schema) embeds.set(key(origin), relationships.map(embedOf))
  }
  const relations = dump.dbTables.map(
    ([name, table]): FuzzRelation => ({
      schema: name.qiSchema,
      name: name.qiName,
      columns: Object.values(table.tableColumns).map((column) => ({
        name: column.colName,
        type: column.colType,
        labels: column.colEnum,
      })),
      primaryKey: table.tablePKCols,
      computed: computed[name.qiName] ?? [],
      embeds: embeds.get(key(name)) ?? [],
      canInsert: table.tableInsertable,
    }),
  )
  const routines = dump.dbRoutines.flatMap(([name, overloads]) =>
    overloads.map(
      (routine): FuzzRoutine => ({
        schema: name.qiSchema,
        name: name.qiName,
        parameters: routine.pdParams.map((parameter) => ({
          name: parameter.ppName,
          type: parameter.ppType,
          isRequired: parameter.ppReq,
          isVariadic: parameter.ppVar,
        })),
        relation: returnedRelation(routine),
        isVolatile: routine.pdVolatility === 'Volatile',
      }),
    ),
  )
  const schemas = [...new Set(relations.map((relation) => relation.schema))]
  return { schemas, relations, routines }
}

function key(name: Name): string {
  return `${name.qiSchema}\0${name.qiName}`
}

function returnedRelation({ pdReturnType }: DumpedRoutine): string | null {
  const { tag, contents } = pdReturnType.contents
  if (tag !== 'Composite' || !Array.isArray(contents)) return null
  const [name]: readonly Name[] = contents
  return name?.qiName ?? null
}
