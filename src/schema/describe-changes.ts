/**
 * What changed in a schema → one entry for each thing that did, with texts of what was before and what
 * is now, for who reads the history of reloads. Made one by one, since a history keeps the first only.
 */
import { assertNever } from '../core/assert-never.ts'
import type { QualifiedName } from '../core/qualified-name.ts'
import type { ReloadChange } from '../observe/reload-record.ts'
import type { Column, Routine } from './catalog.ts'
import type { ColumnPair, Relationship } from './relationships/relationship.ts'
import type { RelationChange, RelationWrites, SchemaChange } from './schema-change.ts'
import type { Relation } from './schema-snapshot.ts'

export function* describeChanges(changes: readonly SchemaChange[]): Generator<ReloadChange> {
  for (const change of changes) yield* describeChange(change)
}

function* describeChange(change: SchemaChange): Generator<ReloadChange> {
  switch (change.kind) {
    case 'relation-added':
      yield added('relation', dotted(change.relation), relationText(change.relation))
      break
    case 'relation-removed':
      yield removed('relation', dotted(change.relation), relationText(change.relation))
      break
    case 'relation-changed':
      for (const own of change.changes) yield* describeRelationChange(dotted(change.relation), own)
      break
    case 'function-added':
      yield added('function', dotted(change.routine), change.after.map(routineText).join('; '))
      break
    case 'function-removed':
      yield removed('function', dotted(change.routine), change.before.map(routineText).join('; '))
      break
    case 'function-changed': {
      const before = change.before.map(routineText).join('; ')
      const after = change.after.map(routineText).join('; ')
      const name = dotted(change.routine)
      yield before === after
        ? changed('function', name, 'comment or settings', null, null)
        : changed('function', name, null, before, after)
      break
    }
    case 'engine-changed': {
      const { before, after } = change
      yield changed('engine', after.engine, null, before.serverVersion, after.serverVersion)
      break
    }
    case 'part-changed': {
      const entries = change.entries.length === 0 ? null : change.entries.join(', ')
      yield changed('schema', change.part, entries, null, null)
      break
    }
    default:
      assertNever(change)
  }
}

function* describeRelationChange(
  relation: string,
  change: RelationChange,
): Generator<ReloadChange> {
  switch (change.kind) {
    case 'column-added':
      yield added('column', `${relation}.${change.column.name}`, columnText(change.column))
      break
    case 'column-removed':
      yield removed('column', `${relation}.${change.column.name}`, columnText(change.column))
      break
    case 'column-changed':
      yield* describeColumnChange(relation, change.before, change.after)
      break
    case 'columns-moved':
      yield changed('relation', relation, 'order of columns', ...lists(change))
      break
    case 'openness-changed': {
      const text = (isClosed: boolean) => (isClosed ? 'known ones only' : 'any')
      yield changed('relation', relation, 'columns', text(change.before), text(change.after))
      break
    }
    case 'key-changed':
      yield changed('key', relation, 'primary key', ...lists(change))
      break
    case 'comment-changed':
      yield changed('relation', relation, 'comment', change.before, change.after)
      break
    case 'kind-changed':
      yield changed('relation', relation, 'kind', change.before, change.after)
      break
    case 'writes-changed': {
      const { before, after } = change
      yield changed('relation', relation, 'writes', writesText(before), writesText(after))
      break
    }
    case 'computed-fields-changed': {
      const text = (fields: ReadonlyMap<string, string>) =>
        [...fields].map(([name, type]) => `${name} ${type}`).join(', ') || 'none'
      yield changed(
        'relation',
        relation,
        'computed fields',
        text(change.before),
        text(change.after),
      )
      break
    }
    case 'relationship-added':
      yield added('relationship', relation, relationshipText(change.relationship))
      break
    case 'relationship-removed':
      yield removed('relationship', relation, relationshipText(change.relationship))
      break
    case 'related-schemas-changed':
      yield changed('relation', relation, 'related schemas', ...lists(change))
      break
    default:
      assertNever(change)
  }
}

/** What of a column can be told apart, in words. */
const columnParts: readonly (readonly [string, (column: Column) => string | null])[] = [
  ['type', ({ nominalType }) => nominalType],
  ['null', ({ isNullable }) => (isNullable ? 'allowed' : 'refused')],
  ['default', ({ defaultExpression }) => defaultExpression],
  ['values', ({ enumValues }) => (enumValues.length === 0 ? null : enumValues.join(', '))],
  ['comment', ({ description }) => description],
]

function* describeColumnChange(
  relation: string,
  before: Column,
  after: Column,
): Generator<ReloadChange> {
  const name = `${relation}.${after.name}`
  let isDescribed = false
  for (const [part, textOf] of columnParts) {
    const [was, is] = [textOf(before), textOf(after)]
    if (was === is) continue
    isDescribed = true
    yield changed('column', name, part, was, is)
  }
  // such as the type behind a domain, or whether it is generated
  if (!isDescribed) yield changed('column', name, 'properties', null, null)
}

function added(subject: string, name: string, after: string): ReloadChange {
  return { kind: 'added', subject, name, part: null, before: null, after }
}

function removed(subject: string, name: string, before: string): ReloadChange {
  return { kind: 'removed', subject, name, part: null, before, after: null }
}

function changed(
  subject: string,
  name: string,
  part: string | null,
  before: string | null,
  after: string | null,
): ReloadChange {
  return { kind: 'changed', subject, name, part, before, after }
}

function dotted({ schema, name }: QualifiedName): string {
  return `${schema}.${name}`
}

function lists(change: {
  readonly before: readonly string[]
  readonly after: readonly string[]
}): [string, string] {
  const text = (names: readonly string[]) => names.join(', ') || 'none'
  return [text(change.before), text(change.after)]
}

/** Shape  `table, 5 columns, key id` */
function relationText({ kind, columns, primaryKey }: Relation): string {
  const key = primaryKey.length === 0 ? '' : `, key ${primaryKey.join(', ')}`
  return `${kind.replaceAll('-', ' ')}, ${columns.size} column${columns.size === 1 ? '' : 's'}${key}`
}

/** Shape  `integer not null default 0` */
function columnText({ nominalType, isNullable, defaultExpression }: Column): string {
  const value = defaultExpression === null ? '' : ` default ${defaultExpression}`
  return `${nominalType}${isNullable ? '' : ' not null'}${value}`
}

function writesText({ canInsert, canUpdate, canDelete }: RelationWrites): string {
  const words = [canInsert ? 'insert' : '', canUpdate ? 'update' : '', canDelete ? 'delete' : '']
  return words.filter((word) => word !== '').join(', ') || 'none'
}

/** Shape  `(title text, year integer default) → setof api.films, stable` */
function routineText({ parameters, returns, volatility }: Routine): string {
  const list = parameters.map(
    ({ name, type, isRequired, isVariadic }) =>
      `${isVariadic ? 'variadic ' : ''}${name === '' ? '' : `${name} `}${type}${isRequired ? '' : ' default'}`,
  )
  const result = returns.kind === 'void' ? 'void' : returns.type.name
  return `(${list.join(', ')}) → ${returns.isSet ? 'setof ' : ''}${result}, ${volatility}`
}

/** Shape  `many-to-one → api.directors by films_director_fkey (director = id)` */
function relationshipText(relationship: Relationship): string {
  const target = dotted(relationship.target)
  if (relationship.kind === 'computed') {
    const kind = relationship.isToOne ? 'to-one' : 'to-many'
    return `computed ${kind} → ${target} by ${dotted(relationship.routine)}()`
  }
  const { cardinality } = relationship
  if (cardinality.kind === 'many-to-many') {
    return `many-to-many → ${target} through ${dotted(cardinality.junction.relation)}`
  }
  const { kind, constraint, columns } = cardinality
  return `${kind} → ${target} by ${constraint} (${pairsText(columns)})`
}

function pairsText(columns: readonly ColumnPair[]): string {
  return columns.map(([origin, target]) => `${origin} = ${target}`).join(', ')
}
