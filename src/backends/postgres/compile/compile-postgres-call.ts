/**
 * Turns a call plan into the SELECT that calls the function. Rows come out as the function's own
 * columns, scalars as one column `pgrst_scalar`; the plan's root reads them like a relation.
 */

import { assertNever } from '../../../core/assert-never.ts'
import type { CallPlan } from '../../../plan/plan.ts'
import type { RoutineParameter } from '../../../schema/catalog.ts'
import { ident, join, noSql, param, qualified, raw, type SqlText, sql } from '../../sql/sql-text.ts'
import { scalar } from './compile-postgres-body.ts'

const byteaOid = 17
const textOid = 25
const jsonOid = 114

const call = raw('pgrst_call')
const body = raw('pgrst_body')

export function compileCall(plan: CallPlan): SqlText {
  const isScalar = plan.routine.returns.kind !== 'composite'
  const { before, list } = compileArguments(plan)
  const called = sql`${qualified(plan.routine)}(${list})`
  const result = isScalar ? sql`(SELECT ${called} ${scalar}) ${call}` : sql`${called} ${call}`
  const columns = isScalar ? sql`${call}.${scalar}` : returnedColumns(plan)
  return sql`SELECT ${columns} FROM ${before}${result}`
}

interface Arguments {
  /** An item of FROM that the arguments are taken from, up to the call itself. */
  readonly before: SqlText
  readonly list: SqlText
}

function compileArguments(plan: CallPlan): Arguments {
  const [first] = plan.parameters
  switch (plan.arguments.kind) {
    case 'whole-body':
      return { before: noSql, list: wholeBody(plan.arguments.parameter) }
    case 'direct':
      return { before: noSql, list: directArguments(plan.parameters) }
    case 'json':
      return first === undefined ? { before: noSql, list: noSql } : jsonArguments(plan.parameters)
    default:
      return assertNever(plan.arguments)
  }
}

/** bytea and text are bound as the bytes that came: PostgreSQL checks their encoding itself. */
function wholeBody(parameter: RoutineParameter): SqlText {
  switch (parameter.type) {
    case 'bytea':
      return param({ kind: 'payload-bytes' }, byteaOid)
    case 'text':
      return param({ kind: 'payload-bytes' }, textOid)
    default:
      return sql`${param({ kind: 'payload' })}::${typeOf(parameter)}`
  }
}

function directArguments(parameters: readonly RoutineParameter[]): SqlText {
  const list = parameters.map((parameter) => {
    const { name, isVariadic } = parameter
    if (name === '') return sql`${param({ kind: 'arguments' })}::${typeOf(parameter)}`
    const kind = isVariadic ? 'variadic-argument' : 'argument'
    const value = sql`${param({ kind, name })}::${typeOf(parameter)}`
    return named(parameter, value)
  })
  return join(list, ', ')
}

/** Of an array of objects the first one counts. */
function jsonArguments(parameters: readonly RoutineParameter[]): Arguments {
  const rows = param({ kind: 'payload-rows' }, jsonOid)
  const typed = parameters.map((parameter) => sql`${ident(parameter.name)} ${typeOf(parameter)}`)
  const names = parameters.map((parameter) => ident(parameter.name))
  return {
    before: sql`(SELECT ${join(names, ', ')} FROM json_to_recordset(${rows}) AS _(${join(typed, ', ')}) LIMIT 1) ${body}, LATERAL `,
    list: join(
      parameters.map((parameter) => named(parameter, sql`${body}.${ident(parameter.name)}`)),
      ', ',
    ),
  }
}

function named(parameter: RoutineParameter, value: SqlText): SqlText {
  return sql`${raw(parameter.isVariadic ? 'VARIADIC ' : '')}${ident(parameter.name)} := ${value}`
}

/** The catalog's own text. */
function typeOf(parameter: RoutineParameter): SqlText {
  return raw(parameter.wideType)
}

/** What the answer selects, joins and filters by. */
function returnedColumns(plan: CallPlan): SqlText {
  if (plan.returning.length === 0 || plan.returning.includes('*')) return sql`${call}.*`
  const names = [...new Set([...plan.returning, ...plan.filterColumns])]
  return join(
    names.map((name) => sql`${call}.${ident(name)}`),
    ', ',
  )
}
