/**
 * A call of a registered function → the common table that its last statement is, from which the
 * plan's root reads like from a relation. Arguments are bound where the function's SQL names them,
 * each read as its parameter's type; what is not given is the parameter's default.
 */
import { assertNever } from '../../../core/assert-never.ts'
import type { CallPlan } from '../../../plan/plan.ts'
import type { Relation } from '../../../schema/schema-snapshot.ts'
import { scalarColumn } from '../../registry/registered-routine.ts'
import type { RegisteredType } from '../../registry/registered-type.ts'
import { constant, ident, join, noSql, param, raw, type SqlText, sql } from '../../sql/sql-text.ts'
import { valueFailure } from '../../values/value-failure.ts'
import type { FunctionSql } from '../catalog/function-sql.ts'
import {
  controlColumns,
  type FunctionStatement,
  type RequestPlaceholder,
  requestPlaceholders,
  type SqliteFunction,
  type SqliteParameter,
  writes,
} from '../catalog/registered-functions.ts'
import { sqliteFacts } from '../catalog/sqlite-facts.ts'
import { notImplemented, refuse } from './compile-refusal.ts'
import type { Projection } from './compile-sqlite-rows.ts'
import type { CompileContext } from './compile-sqlite-scope.ts'
import { argumentReading } from './read-call-argument.ts'
import { readingIndex } from './sqlite-operands.ts'
import { toJson } from './sqlite-value.ts'

/** The table of the function's rows; nobody's own table is called so. */
const rows = raw('dbrest_call')

export interface CallSource {
  /** What the plan's root reads: an item of FROM, and what it looks like. */
  readonly from: SqlText
  readonly relation: Relation
  /** `response.headers` and `response.status` of the first row; null where it says neither. */
  readonly controls: readonly [headers: SqlText, status: SqlText] | null
}

/** The function that a plan calls. It is refused where it cannot be called. */
export function functionOf({ routine }: CallPlan, context: CompileContext): SqliteFunction {
  const { functions } = sqliteFacts(context.snapshot.engineFacts)
  const found = routine.definition === undefined ? undefined : functions[routine.definition]
  if (found === undefined) throw new Error(`the function ${routine.name} is not in the registry`)
  return found.kind === 'broken' ? refuse(found.failure) : found
}

/** Defines the table of the function's rows, and says how it is read. */
export function compileCallSource(
  plan: CallPlan,
  called: SqliteFunction,
  context: CompileContext,
): CallSource {
  const statement = onlyStatement(plan, called)
  const text = compileStatement(statement.sql, plan, called)
  const names = called.names.map(ident)
  const controls = controlsOf(called)
  // what is not shown would not be run, and rows would come in any order
  const isWhole =
    statement.sql.isOpaque || controls !== null || plan.count !== null || plan.via === 'head'
  const keeps = isWhole || called.result.kind !== 'relation' ? raw('MATERIALIZED ') : noSql
  const isOne = called.result.kind !== 'void' && !called.result.isSet
  context.sources.define(sql`${rows}(${join(names, ', ')}) AS ${keeps}(${text})`)
  return {
    // a value or a row is always there, if only of nulls
    from: isOne ? sql`(SELECT 1) LEFT JOIN (SELECT * FROM ${rows} LIMIT 1)` : sql`${rows}`,
    relation: resultRelation(plan, called, context),
    controls,
  }
}

function onlyStatement(
  { isReadOnly }: CallPlan,
  { statements }: SqliteFunction,
): FunctionStatement {
  const [only, ...others] = statements
  if (only === undefined) throw new Error('a function without a statement')
  const writing = statements.find((statement) => !statement.isReadOnly)
  if (writing !== undefined && isReadOnly) refuse(writes(writing.sql))
  if (writing !== undefined) notImplemented('functions that write')
  if (others.length > 0) notImplemented('functions of several statements')
  return only
}

/** A body that is one value instead of an object with it. */
export const valueProjection: Projection = (outputs) => {
  const value = outputs.find(({ name }) => name === scalarColumn)
  if (value !== undefined) return toJson(value.value)
  return refuse(valueFailure('42703', `column _postgrest_t.${scalarColumn} does not exist`))
}

function resultRelation(
  { routine, root }: CallPlan,
  called: SqliteFunction,
  context: CompileContext,
): Relation {
  const { schema, name } = root.relation
  const known = context.snapshot.relations.get(`${schema}\0${name}`)
  if (called.result.kind === 'relation' && known !== undefined) return known
  return {
    schema,
    name: routine.name,
    kind: 'view',
    description: null,
    canInsert: false,
    canUpdate: false,
    canDelete: false,
    primaryKey: [],
    columns: new Map(called.columns.map((column) => [column.name, column])),
    isClosed: true,
    isView: true,
    computedTypes: new Map(),
  }
}

function controlsOf({ setsHeaders, setsStatus }: SqliteFunction): CallSource['controls'] {
  if (!setsHeaders && !setsStatus) return null
  const first = (name: string) => sql`(SELECT CAST(${ident(name)} AS TEXT) FROM ${rows} LIMIT 1)`
  return [
    setsHeaders ? first(controlColumns.headers) : raw('NULL'),
    setsStatus ? first(controlColumns.status) : raw('NULL'),
  ]
}

/** The text is the operator's own, as SQLite has prepared it; only values are put into it. */
function compileStatement(
  { pieces }: FunctionSql,
  plan: CallPlan,
  { parameters }: SqliteFunction,
): SqlText {
  return join(
    pieces.map((piece) => {
      if (piece.kind === 'text') return raw(piece.text)
      const { name } = piece
      const parameter = parameters.get(name)
      if (parameter !== undefined) return argument(name, parameter, plan)
      const asked = requestPlaceholders.find((each) => each === name)
      if (asked === undefined) throw new Error(`there is no parameter ${name}`)
      return param({ kind: 'request', part: requestParts[asked] })
    }),
    '',
  )
}

const requestParts = {
  request_method: 'method',
  request_path: 'path',
  request_role: 'role',
  request_jwt_claims: 'claims',
  request_headers: 'headers',
  request_cookies: 'cookies',
} as const satisfies Record<RequestPlaceholder, string>

function argument(name: string, parameter: SqliteParameter, plan: CallPlan): SqlText {
  const { type, isRawBody, defaultJson } = parameter
  const wire = isRawBody ? '' : name
  const given = plan.parameters.find((each) => each.name === wire)
  if (given === undefined) {
    return defaultJson === null ? raw('NULL') : constant(defaultJson, jsonReading(type))
  }
  switch (plan.arguments.kind) {
    case 'whole-body':
      return wholeBody(type)
    case 'direct':
      if (isRawBody) return param({ kind: 'arguments' }, textReading(type))
      return param(
        { kind: given.isVariadic ? 'variadic-argument' : 'argument', name },
        textReading(type),
      )
    case 'json':
      return param({ kind: 'json-argument', name }, jsonReading(type))
    default:
      return assertNever(plan.arguments)
  }
}

function wholeBody(type: RegisteredType): SqlText {
  switch (type.parsed) {
    case 'bytea':
      return param({ kind: 'payload-bytes' }, readingIndex('text'))
    case 'text':
      return param({ kind: 'payload-bytes' }, readingIndex('utf8'))
    default:
      return param({ kind: 'payload' }, textReading(type))
  }
}

function textReading({ parsed, isArray }: RegisteredType): number {
  return readingIndex(argumentReading({ type: parsed, isArray, isJson: false }))
}

function jsonReading({ parsed, isArray }: RegisteredType): number {
  return readingIndex(argumentReading({ type: parsed, isArray, isJson: true }))
}
