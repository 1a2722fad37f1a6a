/**
 * A SQLite schema as its pragmas tell it → Catalog: types in PostgreSQL's words, keys and foreign
 * keys with their implied halves made explicit, what view columns come from. Internals of virtual
 * tables are left out.
 */

import { onlySchema } from '../../../core/only-schema.ts'
import { qualifiedName } from '../../../core/qualified-name.ts'
import type {
  Catalog,
  CatalogRelation,
  Column,
  ComputedField,
  ForeignKey,
} from '../../../schema/catalog.ts'
import type { FunctionRegistry } from '../../registry/function-registry.ts'
import { shownDefault } from '../../values/shown-default.ts'
import type { RawCatalog, RawColumn, RawForeignKey, RawRelation } from '../wire/raw-catalog.ts'
import { foreignKeyNames } from './constraint-names.ts'
import { readDeclaredType } from './declared-type.ts'
import { type FtsTable, ftsIndexes, readFtsTable, uselessFtsTables } from './fts-tables.ts'
import { type BuiltFunctions, buildFunctions, type ToFailure } from './registered-functions.ts'
import { sqliteCapabilities } from './sqlite-capabilities.ts'
import { SqliteFacts } from './sqlite-facts.ts'
import { sqliteViewKeys } from './sqlite-view-keys.ts'
import { storedForms } from './stored-forms.ts'
import { isUpdatable, type WriteFacts, writeFactsOf } from './write-facts.ts'

export interface SqliteRegistry {
  readonly functions: FunctionRegistry
  /** What SQLite says of a statement, in PostgreSQL's terms. */
  readonly toFailure: ToFailure
}

const noFunctions: SqliteRegistry = {
  functions: [],
  toFailure: () => {
    throw new Error('there is no statement that could fail')
  },
}

/** `readOnlyReason`: why nothing may be written, whatever the file allows; null: it may. */
export function buildSqliteCatalog(
  raw: RawCatalog,
  schemaVersion: string,
  timings: Catalog['timings'],
  readOnlyReason: string | null,
  registry: SqliteRegistry = noFunctions,
): Catalog {
  const ftsTables = raw.relations.flatMap((relation) => readFtsTable(relation) ?? [])
  const exposed = raw.relations.filter((relation) => !isIndexOfOther(relation, ftsTables))
  const byName = new Map(exposed.map((relation) => [relation.name.toLowerCase(), relation]))
  const foreignKeys = exposed.flatMap((relation) => declaredForeignKeys(relation, byName))
  const noWrites = readOnlyReason ?? (raw.isFileWritable ? null : 'the database file is read-only')
  const relations = exposed.map((relation) => buildRelation(relation, noWrites === null))
  const repairedViews = new Map(
    exposed.flatMap(({ name, columns, repaired }) =>
      repaired === null
        ? []
        : [[name, { ...repaired, columns: columns.map((each) => each.name) }] as const],
    ),
  )
  const { routines, unusable, functions, computed } = buildFunctions(
    registry.functions,
    raw.statements,
    relations,
    repairedViews,
    registry.toFailure,
  )
  return {
    schemaVersion,
    capabilities: sqliteCapabilities(raw.sqliteVersion),
    relations,
    unreadableRelations: [...raw.unreadable, ...uselessFtsTables(ftsTables, exposed)].map(
      ({ name, ...what }) => ({ ...qualifiedName(onlySchema, name), ...what }),
    ),
    foreignKeys,
    viewKeyDependencies: sqliteViewKeys(exposed, foreignKeys),
    routines,
    unusableRoutines: unusable,
    computedRelationships: [],
    computedFields: computedFields(computed),
    representations: [],
    mediaHandlers: [],
    engineFacts: new SqliteFacts({
      strictRelations: new Set(exposed.flatMap(({ isStrict, name }) => (isStrict ? [name] : []))),
      ftsIndexes: ftsIndexes(ftsTables, exposed),
      writes: new Map(exposed.map((each) => [each.name, writeFacts(each, foreignKeys)])),
      readOnlyReason: noWrites,
      storedForms: storedForms(raw.storedForms, exposed),
      hasForeignIndex: raw.hasForeignIndex,
      incomparable: new Map(
        exposed.flatMap(({ name, incomparable }) =>
          incomparable.length === 0 ? [] : [[name, new Set(incomparable)] as const],
        ),
      ),
      repairedViews,
      functions,
      computed,
    }),
    timings,
  }
}

function computedFields(computed: BuiltFunctions['computed']): readonly ComputedField[] {
  return [...computed].flatMap(([relation, columns]) =>
    [...columns].map(([name, { column }]) => ({
      relation: qualifiedName(onlySchema, relation),
      name,
      baseType: column.baseType,
    })),
  )
}

/** An index is searched through the relation that it indexes. */
function isIndexOfOther(relation: RawRelation, ftsTables: readonly FtsTable[]): boolean {
  return ftsTables.some((table) => table.name === relation.name && table.content.kind !== 'own')
}

function buildRelation(relation: RawRelation, isFileWritable: boolean): CatalogRelation {
  const { columns, unwritable } = relation
  return {
    ...qualifiedName(onlySchema, relation.name),
    kind: relation.kind === 'view' ? 'view' : 'table',
    description: null,
    canInsert: isFileWritable && unwritable.insert === null,
    canUpdate: isFileWritable && isUpdatable(columns, unwritable),
    canDelete: isFileWritable && unwritable.delete === null,
    primaryKey: primaryKeyOf(relation),
    columns: columns.map((column) => buildColumn(column, relation)),
    isClosed: true,
  }
}

function writeFacts(relation: RawRelation, foreignKeys: readonly ForeignKey[]): WriteFacts {
  const rowid = relation.columns.find((column) => isRowidAlias(column, relation))
  return writeFactsOf(relation, primaryKeyOf(relation), rowid?.name ?? null, foreignKeys)
}

function primaryKeyOf({ columns }: RawRelation): readonly string[] {
  return columns
    .filter((column) => column.keyPosition > 0)
    .toSorted((a, b) => a.keyPosition - b.keyPosition)
    .map((column) => column.name)
}

function buildColumn(column: RawColumn, relation: RawRelation): Column {
  const isRowid = isRowidAlias(column, relation)
  const isText = relation.kind === 'virtual' && readFtsTable(relation) !== null
  const type = readDeclaredType(isText ? 'text' : column.type)
  const defaultExpression = column.defaultExpression ?? (isRowid ? 'rowid' : null)
  return {
    ...type,
    name: column.name,
    description: null,
    // only a rowid is never null without saying so: SQLite lets other primary keys be null
    isNullable: !column.isNotNull && !isRowid,
    defaultExpression,
    shownDefault: shownDefault(defaultExpression, type.baseType, jsonOfLiteral),
    enumValues: [],
    isGenerated: column.isGenerated,
    isDocument: type.baseType === 'json' || type.baseType === 'jsonb',
    isComposite: false,
  }
}

/** A text literal without its quotes; anything else whole. */
export function jsonOfLiteral(expression: string): string {
  const literal = /^'((?:[^']|'')*)'$/.exec(expression)?.[1]
  return literal === undefined ? `"${expression}"` : JSON.stringify(literal.replaceAll("''", "'"))
}

/** `INTEGER PRIMARY KEY`: the row's number, which SQLite assigns when none is given. */
function isRowidAlias(column: RawColumn, relation: RawRelation): boolean {
  return (
    relation.kind === 'table' &&
    column.keyPosition === 1 &&
    !relation.isWithoutRowid &&
    !relation.hasKeyIndex &&
    primaryKeyOf(relation).length === 1
  )
}

function declaredForeignKeys(
  relation: RawRelation,
  byName: ReadonlyMap<string, RawRelation>,
): readonly ForeignKey[] {
  const names = foreignKeyNames(relation)
  return relation.foreignKeys.flatMap((key, index) => {
    const parent = byName.get(key.table.toLowerCase())
    const columns = parent === undefined ? null : columnPairs(relation, parent, key)
    if (parent === undefined || columns === null) return []
    return [
      {
        constraint: names[index] ?? '',
        origin: qualifiedName(onlySchema, relation.name),
        target: qualifiedName(onlySchema, parent.name),
        columns,
        isUnique: isKey(
          relation,
          columns.map(([own]) => own),
        ),
      },
    ]
  })
}

/** Null when the parent lacks the columns, or has not as many in its primary key. */
function columnPairs(
  relation: RawRelation,
  parent: RawRelation,
  key: RawForeignKey,
): readonly (readonly [string, string])[] | null {
  const implied = primaryKeyOf(parent)
  if (key.columns.some(({ to }) => to === null) && implied.length !== key.columns.length)
    return null
  const pairs = key.columns.map(({ from, to }, index) => {
    const own = relation.columns.find((column) => sameIdentifier(column.name, from))?.name
    const wanted = to ?? implied[index] ?? ''
    const theirs = parent.columns.find((column) => sameIdentifier(column.name, wanted))?.name
    return own === undefined || theirs === undefined ? null : ([own, theirs] as const)
  })
  const complete = pairs.filter((pair) => pair !== null)
  return complete.length === pairs.length ? complete : null
}

function isKey(relation: RawRelation, columns: readonly string[]): boolean {
  const whole = relation.uniqueIndexes.filter((index) => !index.isPartial)
  const keys = [primaryKeyOf(relation), ...whole.map((index) => index.columns)]
  const wanted = new Set(columns)
  return keys.some((key) => key.length === wanted.size && key.every((name) => wanted.has(name)))
}

function sameIdentifier(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
