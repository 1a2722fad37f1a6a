/**
 * A call of a registered function → its statements with arguments bound where its SQL names them,
 * each read as its parameter's type, and the common table that the rows of the last one are: the
 * plan's root reads from it like from a relation.
 */
import { assertNever } from '../../../../core/assert-never.ts'
import { onlySchema } from '../../../../core/only-schema.ts'
import { nameKey, qualifiedName } from '../../../../core/qualified-name.ts'
import type { CallPlan, Condition } from '../../../../plan/plan.ts'
import type { Routine } from '../../../../schema/catalog.ts'
import type { Relation, SchemaSnapshot } from '../../../../schema/schema-snapshot.ts'
import {
  type RegisteredParameter,
  scalarColumn,
  writingRefused,
} from '../../../registry/registered-routine.ts'
import type { RegisteredType } from '../../../registry/registered-type.ts'
import { resultRelation } from '../../../registry/result-relation.ts'
import { constant, ident, join, param, raw, type SqlText, sql } from '../../../sql/sql-text.ts'
import { valueFailure } from '../../../values/value-failure.ts'
import {
  controlColumns,
  type FunctionStatement,
  type SqliteFunction,
} from '../../catalog/registered-functions.ts'
import { sqliteFacts } from '../../catalog/sqlite-facts.ts'
import { refuse } from '../compile-refusal.ts'
import type { FilterPlace } from '../compile-sqlite-filter.ts'
import type { Projection } from '../compile-sqlite-rows.ts'
import { isSilent } from '../compile-sqlite-rule.ts'
import type { CompileContext } from '../compile-sqlite-scope.ts'
import { readingIndex } from '../sqlite-operands.ts'
import { toJson } from '../sqlite-value.ts'
import { argumentReading } from './read-call-argument.ts'
import { requestPlaceholder } from './request-placeholder.ts'

/** The table of the function's rows; nobody's own table is called so. */
export const callRows = raw('dbrest_call')

/** A function with the plan that its arguments come from; null: it takes none. */
export interface Call {
  readonly called: SqliteFunction
  readonly plan: CallPlan | null
}

/** The function that a plan calls. It is refused where it cannot be called. */
export function callOf(plan: CallPlan, context: Pick<CompileContext, 'snapshot'>): Call {
  const { functions } = sqliteFacts(context.snapshot.engineFacts)
  const { name, definition } = plan.routine
  const found = definition === undefined ? undefined : functions[definition]
  if (found === undefined) throw new Error(`the function ${name} is not in the registry`)
  return { called: found.kind === 'broken' ? refuse(found.failure) : found, plan }
}

/** `db-pre-request` as given: `main.check`, or `check`. It is refused where it cannot be called. */
export function preRequestOf(
  given: string | null,
  { snapshot }: Pick<CompileContext, 'snapshot'>,
): Call | null {
  if (given === null) return null
  const { functions } = sqliteFacts(snapshot.engineFacts)
  const routine = preRequestRoutine(given, snapshot)
  const found = routine?.definition === undefined ? undefined : functions[routine.definition]
  if (found === undefined)
    return refuse(valueFailure('42883', `function ${given}() does not exist`))
  return { called: found.kind === 'broken' ? refuse(found.failure) : found, plan: null }
}

/** Whether a call needs the process that writes: for its own statements, or for those before it. */
export function isWritingCall(
  plan: CallPlan,
  snapshot: SchemaSnapshot,
  preRequest: string | null,
): boolean {
  if (plan.isReadOnly) return false
  const { functions } = sqliteFacts(snapshot.engineFacts)
  const { definition } = plan.routine
  const first = preRequestRoutine(preRequest, snapshot)?.definition
  return [definition, first].some((at) => {
    const found = at === undefined ? undefined : functions[at]
    return found?.kind === 'callable' && found.statements.some((each) => !each.isReadOnly)
  })
}

function preRequestRoutine(given: string | null, snapshot: SchemaSnapshot): Routine | undefined {
  if (given === null) return undefined
  const name = qualifiedName(onlySchema, given.slice(given.indexOf('.') + 1))
  const overloads = snapshot.routines.get(nameKey(name)) ?? []
  return overloads.find(({ parameters }) => parameters.every((each) => !each.isRequired))
}

/** Refuses a function that would write where nothing may be written. */
export function refuseWriting({ called }: Call): void {
  const writing = called.statements.find((statement) => !statement.isReadOnly)
  if (writing !== undefined) refuse(writingRefused(writing.sql.command))
}

/** The last statement, and those before it. */
export function statementsOf({ called: { statements } }: Call): {
  readonly before: readonly FunctionStatement[]
  readonly last: FunctionStatement
} {
  const last = statements.at(-1)
  if (last === undefined) throw new Error('a function without a statement')
  return { before: statements.slice(0, -1), last }
}

/**
 * The table of a statement's rows, for WITH. What is not shown of it is computed all the same, and
 * its order holds, unless it may be taken apart.
 */
export function callTable(
  { names }: FunctionStatement,
  query: SqlText,
  mayTakeApart: boolean,
): SqlText {
  const keeps = raw(mayTakeApart ? '' : 'MATERIALIZED ')
  return sql`${callRows}(${join(names.map(ident), ', ')}) AS ${keeps}(${query})`
}

/**
 * Whether SQLite may read a call like a view: with the request's filters, by its indexes. These may
 * then run on a row before the function's own condition has hidden it, where one that fails would
 * tell of it.
 */
export function mayTakeApart({ called, plan }: Call, place: () => FilterPlace): boolean {
  const { last } = statementsOf({ called, plan })
  return (
    called.result.kind === 'relation' &&
    !last.sql.isOpaque &&
    controlsOf(last) === null &&
    plan?.count === null &&
    plan.via !== 'head' &&
    plan.root.where.every(
      (condition) => isPlain(condition, last) && isSilent(condition, place()),
    ) &&
    plan.root.children.every((child) => child.join?.type !== 'inner')
  )
}

/** Whether it asks for nothing that the statement computes. */
function isPlain(condition: Condition, statement: FunctionStatement): boolean {
  switch (condition.kind) {
    case 'filter':
      return statement.plainColumns.has(condition.field.name)
    case 'logic':
      return condition.operands.every((operand) => isPlain(operand, statement))
    case 'embed-null':
      return false
    default:
      return assertNever(condition)
  }
}

/** A statement of a function that answers nothing, as a read that runs it whole. */
export function compileStep(statement: FunctionStatement, call: Call): SqlText {
  const table = callTable(statement, compileStatement(statement, call), false)
  const columns = [sql`NULL`, sql`count(*)`, sql`NULL`, ...(controlsOf(statement) ?? [])]
  return sql`WITH ${table} SELECT ${join(columns, ', ')} FROM ${callRows}`
}

/** What the plan's root reads of a call: an item of FROM, and what it looks like. */
export function callSource(
  call: Call,
  plan: CallPlan,
  context: CompileContext,
): { readonly from: SqlText; readonly relation: Relation } {
  const { called } = call
  const isOne = called.result.kind !== 'void' && !called.result.isSet
  return {
    // a value or a row is always there, if only of nulls
    from: isOne ? sql`(SELECT 1) LEFT JOIN (SELECT * FROM ${callRows} LIMIT 1)` : callRows,
    relation: relationOf(plan, called, context),
  }
}

/** A body that is one value instead of an object with it. */
export const valueProjection: Projection = (outputs) => {
  const value = outputs.find(({ name }) => name === scalarColumn)
  if (value !== undefined) return toJson(value.value)
  return refuse(valueFailure('42703', `column _postgrest_t.${scalarColumn} does not exist`))
}

/** That which the rows of the result are of. */
function relationOf(plan: CallPlan, called: SqliteFunction, context: CompileContext): Relation {
  const known = context.snapshot.relations.get(nameKey(plan.root.relation))
  const isKnown = called.result.kind === 'relation' && known !== undefined
  return isKnown ? known : resultRelation(plan, called.columns)
}

/** `response.headers` and `response.status` of the first row; null where it says neither. */
export function controlsOf({ names }: FunctionStatement): readonly [SqlText, SqlText] | null {
  const [headers, status] = [controlColumns.headers, controlColumns.status].map((name) =>
    names.includes(name)
      ? sql`(SELECT CAST(${ident(name)} AS TEXT) FROM ${callRows} LIMIT 1)`
      : null,
  )
  if (headers == null && status == null) return null
  return [headers ?? raw('NULL'), status ?? raw('NULL')]
}

/** The text is the operator's own, as SQLite has prepared it; only values are put into it. */
export function compileStatement(
  { sql: { pieces } }: FunctionStatement,
  { called: { parameters }, plan }: Call,
): SqlText {
  return join(
    pieces.map((piece) => {
      if (piece.kind === 'text') return raw(piece.text)
      const { name } = piece
      const parameter = parameters.get(name)
      return parameter === undefined ? requestPlaceholder(name) : argument(name, parameter, plan)
    }),
    '',
  )
}

function argument(name: string, parameter: RegisteredParameter, plan: CallPlan | null): SqlText {
  const { type, isRawBody, defaultJson } = parameter
  const wire = isRawBody ? '' : name
  const given = plan?.parameters.find((each) => each.name === wire)
  if (given === undefined || plan === null) {
    return defaultJson === null ? raw('NULL') : constant(defaultJson, jsonReading(type))
  }
  switch (plan.arguments.kind) {
    case 'whole-body':
      return wholeBody(type)
    case 'direct': {
      if (isRawBody) return param({ kind: 'arguments' }, textReading(type))
      const kind = given.isVariadic ? 'variadic-argument' : 'argument'
      return param({ kind, name }, textReading(type))
    }
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
