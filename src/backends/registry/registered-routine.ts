/**
 * A definition of the function registry → a routine as catalogs have it, so that everything above
 * the backends takes it for a function of the database: choosing among overloads, hints, OpenAPI.
 */

import { qualifiedName } from '../../core/qualified-name.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { DatabaseFailure } from '../../errors/api-error.ts'
import type { Column, ReturnType, Routine, RoutineParameter } from '../../schema/catalog.ts'
import { valueFailure } from '../values/value-failure.ts'
import type { FunctionColumn, FunctionDefinition } from './function-registry.ts'
import { type RegisteredType, registeredType } from './registered-type.ts'

/** What the rows of a call look like. */
export type RoutineResult =
  | { readonly kind: 'void' }
  | { readonly kind: 'scalar'; readonly isSet: boolean; readonly column: Column }
  /** Of a relation, by its name. */
  | { readonly kind: 'relation'; readonly isSet: boolean; readonly relation: string }
  /** Null: those that the engine reports. */
  | {
      readonly kind: 'columns'
      readonly isSet: boolean
      readonly columns: readonly Column[] | null
    }

/** The column of a result that is one value, as PostgREST calls it. */
export const scalarColumn = 'pgrst_scalar'

/**
 * Errors  42704 for a type that there is not
 */
export function routineResult(
  { returns }: FunctionDefinition,
  isRelation: (name: string) => boolean,
): Result<RoutineResult, DatabaseFailure> {
  const isSet = returns.kind === 'setof' || returns.kind === 'table'
  switch (returns.kind) {
    case 'void':
      return ok({ kind: 'void' })
    case 'scalar':
      return mapped(columnOf({ name: scalarColumn, type: returns.type }), (column) => {
        return { kind: 'scalar', isSet, column }
      })
    case 'table':
      return mapped(columnsOf(returns.columns), (columns) => ({ kind: 'columns', isSet, columns }))
    case 'setof':
    case 'object': {
      const { type } = returns
      const named = 'columns' in returns ? returns.columns : null
      if (named !== null) {
        return mapped(columnsOf(named), (columns) => ({ kind: 'columns', isSet, columns }))
      }
      if (type === null) return ok({ kind: 'columns', isSet, columns: null })
      if (returns.kind === 'setof' && registeredType(type) !== null) {
        return mapped(columnOf({ name: scalarColumn, type }), (column) => {
          return { kind: 'scalar', isSet, column }
        })
      }
      return isRelation(type)
        ? ok({ kind: 'relation', isSet, relation: type })
        : err(missingType(type))
    }
  }
}

/**
 * `result` is null for a function that cannot be called: it is known by its name and its parameters
 * all the same. `columns` are those of its rows. `schema`: where it is called.
 *
 * Errors  42704 for a parameter of a type that there is not
 */
export function registeredRoutine(
  definition: FunctionDefinition,
  result: RoutineResult | null,
  columns: readonly Column[],
  schema: string,
): Routine {
  const parameters = definition.parameters.map((parameter): RoutineParameter => {
    const type = registeredType(parameter.type)?.name ?? parameter.type
    const { isRequired, isVariadic, isRawBody } = parameter
    return { name: isRawBody ? '' : parameter.name, type, wideType: type, isRequired, isVariadic }
  })
  return {
    ...qualifiedName(schema, definition.name),
    description: definition.comment,
    parameters,
    returns: returnType(result, columns, schema),
    volatility: definition.volatility,
    hasVariadic: parameters.some(({ isVariadic }) => isVariadic),
    wholeBody: wholeBodyOf(parameters),
    isolationLevel: null,
    settings: [],
  }
}

/** What a body has to know of a parameter to put an argument in its place. */
export interface RegisteredParameter {
  readonly type: RegisteredType
  /** The request's body as a whole is the argument. */
  readonly isRawBody: boolean
  /** JSON text; null: a null. */
  readonly defaultJson: string | null
}

/** By the name that the function's body knows it by. */
export type RegisteredParameters = ReadonlyMap<string, RegisteredParameter>

/** Errors  42704 */
export function registeredParameters({
  parameters,
}: FunctionDefinition): Result<RegisteredParameters, DatabaseFailure> {
  const registered = new Map<string, RegisteredParameter>()
  for (const { name, type: named, isRawBody, defaultJson } of parameters) {
    const type = registeredType(named)
    if (type === null) return err(missingType(named))
    registered.set(name, { type, isRawBody, defaultJson })
  }
  return ok(registered)
}

/** As PostgreSQL says it of a function that is declared not to write. */
export function writingRefused(command: string): DatabaseFailure {
  return valueFailure('25006', `cannot execute ${command} in a read-only transaction`)
}

function returnType(
  result: RoutineResult | null,
  columns: readonly Column[],
  schema: string,
): ReturnType {
  const type = (name: string, of = '') => ({ type: { schema: of, name }, isCompositeAlias: false })
  switch (result?.kind) {
    case undefined:
    case 'void':
      return { kind: 'void', isSet: false, ...type('void', 'pg_catalog') }
    case 'scalar':
      return { kind: 'scalar', isSet: result.isSet, ...type(result.column.nominalType) }
    case 'relation':
      return { kind: 'composite', isSet: result.isSet, ...type(result.relation, schema) }
    case 'columns': {
      const columnTypes = new Map(columns.map(({ name, baseType }) => [name, baseType]))
      return { kind: 'composite', isSet: result.isSet, ...type('record'), columnTypes }
    }
  }
}

const bodyKinds: ReadonlyMap<string, Routine['wholeBody']> = new Map([
  ['json', 'json'],
  ['jsonb', 'json'],
  ['text', 'text'],
  ['bytea', 'octet-stream'],
])

function wholeBodyOf([only]: readonly RoutineParameter[]): Routine['wholeBody'] {
  return only === undefined || only.name !== '' ? null : (bodyKinds.get(only.type) ?? null)
}

function columnsOf(named: readonly FunctionColumn[]): Result<readonly Column[], DatabaseFailure> {
  const columns: Column[] = []
  for (const each of named) {
    const column = columnOf(each)
    if (!column.ok) return column
    columns.push(column.value)
  }
  return ok(columns)
}

function columnOf({ name, type }: FunctionColumn): Result<Column, DatabaseFailure> {
  if (type === null) return ok(resultColumn(name, 'any', 'any'))
  const known = registeredType(type)
  return known === null
    ? err(missingType(type))
    : ok(resultColumn(name, known.baseType, known.name))
}

/** A column that a function names itself. */
export function resultColumn(name: string, baseType: string, nominalType: string): Column {
  return {
    name,
    description: null,
    isNullable: true,
    baseType,
    nominalType,
    maxLength: null,
    defaultExpression: null,
    shownDefault: null,
    enumValues: [],
    isGenerated: false,
    isDocument: baseType === 'json' || baseType === 'jsonb',
    isComposite: false,
  }
}

function missingType(type: string): DatabaseFailure {
  return valueFailure('42704', `type "${type}" does not exist`)
}

function mapped<T, U>(
  result: Result<T, DatabaseFailure>,
  map: (value: T) => U,
): Result<U, DatabaseFailure> {
  return result.ok ? ok(map(result.value)) : result
}
