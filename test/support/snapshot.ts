/**
 * Schema snapshots from a compact description, for tests that need no database. Relationships,
 * junctions and suggestions are derived by the real `buildSnapshot`.
 */
import { type QualifiedName, qualifiedName } from '../../src/core/qualified-name.ts'
import { buildSnapshot } from '../../src/schema/build-snapshot.ts'
import { type Feature, features, type Grade } from '../../src/schema/capabilities.ts'
import type {
  CatalogRelation,
  Column,
  ForeignKey,
  MediaHandlerSource,
  RelationKind,
  Representation,
  Routine,
  RoutineParameter,
  ViewKeyDependency,
} from '../../src/schema/catalog.ts'
import type { ComputedRelationship } from '../../src/schema/relationships/relationship.ts'
import type { SchemaSnapshot } from '../../src/schema/schema-snapshot.ts'
import { plainSchemaOptions } from './plain-schema-options.ts'

export interface SnapshotDescription {
  /** Exposed schemas; `api` alone when absent. Names without a schema belong to the first. */
  readonly schemas?: readonly string[]
  /**
   * name → columns, `"id:integer!, title:text, made:timestamptz=now(), color:app.color/integer"`:
   * `!` primary key, `=` default, `/` base type of a domain, `~` composite, `^` generated, and
   * `{red|green}` behind the type the labels of an enum.
   */
  readonly relations?: Readonly<Record<string, string | RelationDescription>>
  /** `"films(director_id) -> directors(id)"`, then ` as name` and ` unique` or ` list` when wanted. */
  readonly foreignKeys?: readonly string[]
  readonly viewKeys?: readonly ViewKeyDependency[]
  readonly computed?: readonly ComputedDescription[]
  readonly routines?: readonly RoutineDescription[]
  readonly representations?: readonly Representation[]
  readonly mediaHandlers?: readonly MediaHandlerSource[]
  readonly engine?: string
  readonly unsupported?: readonly Feature[]
  /** `db-exclude-tables` */
  readonly excluded?: readonly string[]
}

export interface RelationDescription {
  readonly columns: string
  readonly kind?: RelationKind
  readonly canInsert?: boolean
  readonly canUpdate?: boolean
  readonly canDelete?: boolean
  readonly isClosed?: boolean
}

export interface ComputedDescription {
  readonly routine: string
  readonly origin: string
  readonly target: string
  readonly isToOne?: boolean
}

export interface RoutineDescription {
  readonly name: string
  /** `"a:integer, b:text?, c:text[]*"`: `?` optional, `*` variadic. */
  readonly parameters?: string
  /** `"integer"`, `"setof integer"`, `"table films"`, `"setof table films"`. */
  readonly returns?: string
  readonly volatility?: Routine['volatility']
}

/** `previous`: what is the same is taken over from it, as in a reload. */
export function describeSnapshot(
  description: SnapshotDescription,
  previous: SchemaSnapshot | null = null,
): SchemaSnapshot {
  const schemas = description.schemas ?? ['api']
  const name = (text: string) => parseName(text, schemas[0] ?? 'api')
  const unsupported = new Set<Feature>(description.unsupported)
  const grade = (feature: Feature): Grade => (unsupported.has(feature) ? 'unsupported' : 'native')
  return buildSnapshot(
    {
      schemaVersion: 'test',
      capabilities: {
        engine: description.engine ?? 'TestDB',
        serverVersion: '1',
        grades: Object.fromEntries(features.map((feature) => [feature, grade(feature)])) as Record<
          Feature,
          Grade
        >,
      },
      relations: Object.entries(description.relations ?? {}).map(([key, value]) =>
        relation(name(key), typeof value === 'string' ? { columns: value } : value),
      ),
      foreignKeys: (description.foreignKeys ?? []).map((text) => foreignKey(text, name)),
      viewKeyDependencies: description.viewKeys ?? [],
      routines: (description.routines ?? []).map((each) => routine(each, name)),
      computedRelationships: (description.computed ?? []).map((each) => computed(each, name)),
      representations: description.representations ?? [],
      mediaHandlers: description.mediaHandlers ?? [],
      engineFacts: Object.freeze({ parts: [], plansStandAlone: true }),
      timings: {},
    },
    plainSchemaOptions({
      dbSchemas: schemas,
      dbExcludeTables: description.excluded ?? null,
    }),
    (previous?.snapshotVersion ?? 0) + 1,
    new Date(0),
    previous,
  )
}

function parseName(text: string, defaultSchema: string): QualifiedName {
  const [first = '', second] = text.split('.')
  return second === undefined ? qualifiedName(defaultSchema, first) : qualifiedName(first, second)
}

function relation(name: QualifiedName, description: RelationDescription): CatalogRelation {
  const columns = items(description.columns).map(column)
  return {
    ...name,
    kind: description.kind ?? 'table',
    description: null,
    canInsert: description.canInsert ?? true,
    canUpdate: description.canUpdate ?? true,
    canDelete: description.canDelete ?? true,
    primaryKey: columns.filter((each) => each.isKey).map((each) => each.column.name),
    columns: columns.map((each) => each.column),
    isClosed: description.isClosed ?? true,
  }
}

function column(text: string): { readonly column: Column; readonly isKey: boolean } {
  const match =
    /^(?<name>[^:]+):(?<type>[^!~^/={]+)(?:\{(?<labels>.*)\})?(?:\/(?<base>[^!~^=]+))?(?<flags>[!~^]*)(?:=(?<value>.+))?$/.exec(
      text,
    )
  const { name, type, labels, base, flags = '', value } = match?.groups ?? {}
  if (name === undefined || type === undefined) throw new Error(`no column: ${text}`)
  return {
    isKey: flags.includes('!'),
    column: {
      name,
      description: null,
      isNullable: !flags.includes('!'),
      baseType: base ?? type.replace(/\(.*\)$/, ''),
      nominalType: type,
      maxLength: null,
      defaultExpression: value ?? null,
      shownDefault: null,
      enumValues: labels === undefined ? [] : labels.split('|'),
      isGenerated: flags.includes('^'),
      isDocument: type === 'json' || type === 'jsonb',
      isComposite: flags.includes('~'),
    },
  }
}

function foreignKey(text: string, name: (text: string) => QualifiedName): ForeignKey {
  const match = /^(\S+)\((.+)\) -> (\S+)\((.+?)\)(?: as (\S+))?(?: (unique|list))?$/.exec(text)
  const [, origin, originColumns, target, targetColumns, constraint, trait] = match ?? []
  if (origin === undefined || originColumns === undefined) throw new Error(`no key: ${text}`)
  if (target === undefined || targetColumns === undefined) throw new Error(`no key: ${text}`)
  const referenced = items(targetColumns)
  return {
    constraint: constraint ?? `${origin}_${items(originColumns).join('_')}_fkey`,
    origin: name(origin),
    target: name(target),
    columns: items(originColumns).map((each, index) => [each, referenced[index] ?? '']),
    isUnique: trait === 'unique',
    ...(trait === 'list' ? { holdsList: true } : {}),
  }
}

function routine(description: RoutineDescription, name: (text: string) => QualifiedName): Routine {
  const { parameters = '', returns = 'integer', volatility = 'volatile' } = description
  const parsed = items(parameters).map(parameter)
  const match = /^(setof )?(table )?(.+)$/.exec(returns)
  const type = match?.[3] ?? returns
  const isComposite = match?.[2] !== undefined
  return {
    ...name(description.name),
    description: null,
    parameters: parsed,
    returns: {
      isSet: match?.[1] !== undefined,
      type: isComposite ? name(type) : qualifiedName('pg_catalog', type),
      kind: isComposite ? 'composite' : type === 'void' ? 'void' : 'scalar',
      isCompositeAlias: false,
    },
    volatility,
    hasVariadic: parsed.some((each) => each.isVariadic),
    wholeBody: wholeBody(parsed),
    isolationLevel: null,
    settings: [],
  }
}

const bodyKinds = new Map<string, Routine['wholeBody']>([
  ['json', 'json'],
  ['jsonb', 'json'],
  ['text', 'text'],
  ['xml', 'xml'],
  ['bytea', 'octet-stream'],
])

function wholeBody([only, ...others]: readonly RoutineParameter[]): Routine['wholeBody'] {
  if (only === undefined || others.length > 0 || only.name !== '') return null
  return bodyKinds.get(only.type) ?? null
}

/** `representation('app.color', 'json', 'app.color_to_json')` */
export function representation(
  sourceType: string,
  targetType: string,
  routineText: string,
): Representation {
  return { sourceType, targetType, routine: parseName(routineText, ''), routineText }
}

function parameter(text: string): RoutineParameter {
  const match = /^([^:]*):([^?*]+)([?*]*)$/.exec(text)
  if (match === null) throw new Error(`no parameter: ${text}`)
  const [, name = '', type = '', flags = ''] = match
  return {
    name,
    type,
    wideType: type,
    isRequired: !flags.includes('?'),
    isVariadic: flags.includes('*'),
  }
}

function computed(
  description: ComputedDescription,
  name: (text: string) => QualifiedName,
): ComputedRelationship {
  const { routine: text, origin, target, isToOne = false } = description
  return {
    kind: 'computed',
    routine: name(text),
    origin: name(origin),
    target: name(target),
    isToOne,
    isSelf: origin === target,
  }
}

function items(text: string): string[] {
  return text === '' ? [] : text.split(/, ?/)
}
