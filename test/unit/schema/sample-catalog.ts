/**
 * Catalogs for tests, written in the short form of the facts that matter to them.
 */
import type { QualifiedName } from '../../../src/core/qualified-name.ts'
import type { Capabilities } from '../../../src/schema/capabilities.ts'
import { features } from '../../../src/schema/capabilities.ts'
import type {
  Catalog,
  CatalogRelation,
  Column,
  ForeignKey,
  Routine,
  ViewKeyDependency,
} from '../../../src/schema/catalog.ts'
import type {
  ColumnPair,
  ComputedRelationship,
} from '../../../src/schema/relationships/relationship.ts'
import { plainSchemaOptions } from '../../support/plain-schema-options.ts'

/** `films` is `test.films`; `private.films` says its schema. */
export function named(text: string): QualifiedName {
  const [first = '', second] = text.split('.')
  return second === undefined ? { schema: 'test', name: first } : { schema: first, name: second }
}

export function column(name: string, more: Partial<Column> = {}): Column {
  return {
    name,
    description: null,
    isNullable: true,
    baseType: 'integer',
    nominalType: 'integer',
    maxLength: null,
    defaultExpression: null,
    shownDefault: null,
    enumValues: [],
    isGenerated: false,
    isDocument: false,
    isComposite: false,
    ...more,
  }
}

export function relation(
  name: string,
  primaryKey: readonly string[] = ['id'],
  more: Partial<CatalogRelation> = {},
): CatalogRelation {
  return {
    ...named(name),
    kind: 'table',
    description: null,
    canInsert: true,
    canUpdate: true,
    canDelete: true,
    primaryKey,
    columns: [column('id'), column('name', { baseType: 'text', nominalType: 'text' })],
    isClosed: true,
    ...more,
  }
}

export function view(name: string): CatalogRelation {
  return relation(name, [], { kind: 'view' })
}

/** `key('films_director_fkey', 'films(director_id)', 'directors(id)')` */
export function key(
  constraint: string,
  origin: string,
  target: string,
  isUnique = false,
): ForeignKey {
  const side = (text: string) => {
    const [name = '', columns = ''] = text.replace(')', '').split('(')
    return { name: named(name), columns: columns.split(',') }
  }
  const from = side(origin)
  const to = side(target)
  return {
    constraint,
    origin: from.name,
    target: to.name,
    columns: from.columns.map((own, at): ColumnPair => [own, to.columns[at] ?? '']),
    isUnique,
  }
}

export function dependency(
  kind: ViewKeyDependency['kind'],
  constraint: string,
  table: string,
  viewName: string,
  columns: Readonly<Record<string, readonly string[]>>,
): ViewKeyDependency {
  return {
    kind,
    constraint,
    table: named(table),
    view: named(viewName),
    columns: Object.entries(columns),
  }
}

export function computed(
  routine: string,
  origin: string,
  target: string,
  isToOne = false,
): ComputedRelationship {
  return {
    kind: 'computed',
    routine: named(routine),
    origin: named(origin),
    target: named(target),
    isToOne,
    isSelf: origin === target,
  }
}

export function routine(name: string, parameters: readonly string[] = []): Routine {
  return {
    ...named(name),
    description: null,
    parameters: parameters.map((parameter) => ({
      name: parameter,
      type: 'integer',
      wideType: 'integer',
      isRequired: true,
      isVariadic: false,
    })),
    returns: {
      isSet: false,
      type: { schema: 'pg_catalog', name: 'int4' },
      kind: 'scalar',
      isCompositeAlias: false,
    },
    volatility: 'stable',
    hasVariadic: false,
    wholeBody: null,
    isolationLevel: null,
    settings: [['work_mem', '3000kB']],
  }
}

export const capabilities: Capabilities = {
  engine: 'PostgreSQL',
  serverVersion: '18.1',
  grades: Object.fromEntries(
    features.map((feature) => [feature, 'native']),
  ) as Capabilities['grades'],
}

export function catalog(parts: Partial<Catalog> = {}): Catalog {
  return {
    schemaVersion: 'v1',
    capabilities,
    relations: [],
    foreignKeys: [],
    viewKeyDependencies: [],
    routines: [],
    computedRelationships: [],
    representations: [],
    mediaHandlers: [],
    engineFacts: Object.freeze({ parts: Object.freeze([]) }),
    timings: {},
    ...parts,
  }
}

export const options = plainSchemaOptions({
  dbSchemas: ['test'],
  dbExtraSearchPath: ['public'],
  dbHoistedTxSettings: ['statement_timeout'],
})
