/**
 * Turns a read plan into its one statement, whose one row is the answer: the body as bytes, the
 * number of rows in it, and how many there are in all when that was asked for.
 */
import { assertNever } from '../../../core/assert-never.ts'
import { oncePerObject } from '../../../core/once-per-object.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { BodyEncoder, CallPlan, ReadNode, ReadPlan } from '../../../plan/plan.ts'
import type { ReturnType } from '../../../schema/catalog.ts'
import type { SchemaSnapshot } from '../../../schema/schema-snapshot.ts'
import { compileWhere } from '../../sql/compile-filter.ts'
import {
  constant,
  join,
  raw,
  type SqlStatement,
  type SqlText,
  sql,
  toStatement,
} from '../../sql/sql-text.ts'
import { explainPrefix } from '../wire/query-plan.ts'
import {
  NoQuickForm,
  noQuickForm,
  notImplemented,
  type Refusal,
  refusalOf,
} from './compile-refusal.ts'
import {
  compileQuickRows,
  compileRows,
  objectProjection,
  type Projection,
} from './compile-sqlite-rows.ts'
import {
  type CompileContext,
  conditionsOf,
  countingContext,
  createCompileContext,
  type JsonForm,
  type NodeScope,
  openScope,
} from './compile-sqlite-scope.ts'
import {
  type Call,
  callOf,
  callRows,
  callSource,
  callTable,
  compileStatement,
  compileStep,
  controlsOf,
  mayTakeApart,
  preRequestOf,
  refuseWriting,
  statementsOf,
  valueProjection,
} from './function/compile-sqlite-call.ts'
import { toCsvField } from './sqlite-value.ts'

/** SQLite calls a function with a thousand arguments at most. */
const maxArguments = 500

export interface CompiledRead {
  /** They run first, and answer nothing. */
  readonly before: readonly SqlStatement[]
  readonly main: SqlStatement
}

export type CompiledPlan = Result<CompiledRead, Refusal>
type ReadingPlan = ReadPlan | CallPlan

/**
 * Compiles each plan once and forgets it together with the plan, which belongs to one snapshot and
 * one configuration. `jsonForm`: the one that is taken where a plan has both.
 */
export function createSqliteCompiler(
  jsonForm: JsonForm = 'quick',
): (plan: ReadingPlan, snapshot: SchemaSnapshot, preRequest: string | null) => CompiledPlan {
  return oncePerObject((plan, snapshot, preRequest) =>
    compileSqlite(plan, snapshot, preRequest, jsonForm),
  )
}

function compileSqlite(
  plan: ReadingPlan,
  snapshot: SchemaSnapshot,
  preRequest: string | null,
  jsonForm: JsonForm,
): CompiledPlan {
  try {
    const context = createCompileContext(snapshot, jsonForm)
    const statement = compilePlan(plan, context)
    const whole = sql`${context.sources.definitions()}${statement}`
    const before = compileBefore(plan, preRequest, context)
    return ok({
      before: before.map((step) => toStatement(step, () => '?')),
      main: toStatement(explainIfAsked(whole, plan), () => '?'),
    })
  } catch (error) {
    if (error instanceof NoQuickForm) return compileSqlite(plan, snapshot, preRequest, 'careful')
    return err(refusalOf(error))
  }
}

/** A read as one statement in a write's transaction: body and rows as they are in its answer. */
export function compileComparedRead(plan: ReadPlan, snapshot: SchemaSnapshot): SqlText {
  const compileAs = (jsonForm: JsonForm) => {
    const context = createCompileContext(snapshot, jsonForm)
    const statement = compileRead(plan, context)
    return sql`${context.sources.definitions()}${statement}`
  }
  try {
    return compileAs('quick')
  } catch (error) {
    if (error instanceof NoQuickForm) return compileAs('careful')
    throw error
  }
}

/** `db-pre-request` for what asks nothing else of the database. */
export function compilePreRequest(preRequest: string, snapshot: SchemaSnapshot): CompiledPlan {
  try {
    const before = preRequestSteps(preRequest, createCompileContext(snapshot))
    return ok({
      before: before.map((step) => toStatement(step, () => '?')),
      main: toStatement(sql`SELECT NULL, 0, NULL`, () => '?'),
    })
  } catch (error) {
    return err(refusalOf(error))
  }
}

function explainIfAsked(statement: SqlText, { media }: ReadingPlan): SqlText {
  const { type } = media
  if (type.kind !== 'plan') return statement
  if (type.options.length > 0) return notImplemented('options of execution plans')
  return sql`${raw(explainPrefix)}${statement}`
}

function compilePlan(plan: ReadingPlan, context: CompileContext): SqlText {
  switch (plan.kind) {
    case 'read':
      return compileRead(plan, context)
    case 'call':
      return compileCall(plan, context)
    default:
      return assertNever(plan)
  }
}

function compileRead(plan: ReadPlan, context: CompileContext): SqlText {
  const scope = openScope(plan.root, null, context)
  const encoder: BodyEncoder = plan.headersOnly ? { kind: 'none' } : plan.media.encoder
  const { body, from } =
    context.jsonForm === 'quick'
      ? compileQuickBody(scope, encoder, context)
      : compileBody(scope, encoder, context)
  const columns = [
    sql`CAST(${body} AS BLOB) AS body`,
    sql`count(*) AS rows`,
    sql`${compileTotal(plan, context)} AS total`,
  ]
  return sql`SELECT ${join(columns, ', ')} FROM ${from}`
}

interface BodySql {
  readonly body: SqlText
  /** What follows FROM. */
  readonly from: SqlText
}

function compileBody(scope: NodeScope, encoder: BodyEncoder, context: CompileContext): BodySql {
  const body = bodyOf(encoder, null)
  const { query, names } = compileRows(scope, body.project, context)
  return { body: body.text(names), from: sql`(${query})` }
}

/** Throws  what `noQuickForm` does */
function compileQuickBody(
  scope: NodeScope,
  encoder: BodyEncoder,
  context: CompileContext,
): BodySql {
  if (encoder.kind !== 'json' && encoder.kind !== 'singular') return noQuickForm()
  const { object, from } = compileQuickRows(scope, context)
  const json =
    encoder.kind === 'json'
      ? sql`json_group_array(${object})`
      : // any other number of rows than one is an error
        sql`ifnull(min(${object}), 'null')`
  return { body: strippedIf(encoder.stripNulls, json), from }
}

function compileCall(plan: CallPlan, context: CompileContext): SqlText {
  if (context.jsonForm === 'quick') return noQuickForm()
  const call = callOf(plan, context)
  refuseWriting(call)
  const { last } = statementsOf(call)
  const answer = compileCallAnswer(call, plan, context)
  const isApart = mayTakeApart(call, () => openScope(plan.root, null, context))
  context.sources.define(callTable(last, compileStatement(last, call), isApart))
  return answer
}

/** Over the table of the rows of a call: body, rows, total, and headers and status if it sets any. */
export function compileCallAnswer(call: Call, plan: CallPlan, outside: CompileContext): SqlText {
  const controls = controlsOf(statementsOf(call).last) ?? []
  const one = raw(plan.count === null ? 'NULL' : '1')
  if (call.called.result.kind === 'void') {
    // counted, so that all rows are computed
    const total = sql`iif(count(*) >= 0, ${one}, NULL)`
    const columns = [sql`CAST('' AS BLOB)`, sql`1`, total, ...controls]
    return sql`SELECT ${join(columns, ', ')} FROM ${callRows}`
  }
  const context = { ...outside, result: callSource(call, plan, outside) }
  const { returns } = plan.routine
  const scope = openScope(plan.root, null, context)
  const body = bodyOf(plan.via === 'head' ? { kind: 'none' } : plan.media.encoder, returns)
  const { query, names } = compileRows(scope, body.project, context)
  // a function that returns no set gives one row, always
  const rows = returns.isSet ? sql`count(*)` : sql`1`
  const total = returns.isSet ? compileTotal(plan, context) : one
  const columns = [sql`CAST(${body.text(names)} AS BLOB)`, rows, total, ...controls]
  return sql`SELECT ${join(columns, ', ')} FROM (${query})`
}

/** What runs before a read in its transaction: `db-pre-request`, and all but the last of a list. */
function compileBefore(
  plan: ReadingPlan,
  preRequest: string | null,
  context: CompileContext,
): readonly SqlText[] {
  const steps = preRequestSteps(preRequest, context)
  if (plan.kind === 'read') return steps
  const call = callOf(plan, context)
  return [...steps, ...statementsOf(call).before.map((statement) => compileStep(statement, call))]
}

/** The rows of the context's `rootSource` as an answer: the body as bytes, and their number. */
export function compileShown(
  root: ReadNode,
  encoder: BodyEncoder,
  context: CompileContext,
): SqlText {
  const { body, from } = compileBody(openScope(root, null, context), encoder, context)
  return sql`${context.sources.definitions()}SELECT CAST(${body} AS BLOB), count(*) FROM ${from}`
}

/** Counted apart only where the page may not be all there is. */
function compileTotal(plan: ReadPlan | CallPlan, context: CompileContext): SqlText {
  if (plan.count === null) return sql`NULL`
  const { hasLimit, hasOffset, maxRows } = plan.root.window
  if (!hasLimit && !hasOffset && maxRows === null) return sql`count(*)`
  const scope = openScope(plan.root, null, context)
  const conditions = compileWhere(conditionsOf(scope, countingContext(context)))
  return sql`(SELECT count(*) FROM ${scope.from}${conditions})`
}

function preRequestSteps(preRequest: string | null, context: CompileContext): readonly SqlText[] {
  const first = preRequestOf(preRequest, context)
  if (first === null) return []
  refuseWriting(first)
  return first.called.statements.map((statement) => compileStep(statement, first))
}

interface Body {
  readonly project: Projection
  /** Over the rows' column `r`; `names` are what they show. */
  readonly text: (names: readonly string[]) => SqlText
}

/** `returns`: what a called function returns; null for relations. */
function bodyOf(encoder: BodyEncoder, returns: ReturnType | null): Body {
  const isScalar = returns !== null && returns.kind !== 'composite'
  const isOne = returns !== null && !returns.isSet
  switch (encoder.kind) {
    case 'json': {
      const project = isScalar ? valueProjection : objectProjection
      if (isOne) return { project, text: () => strippedIf(encoder.stripNulls, firstRow) }
      const array = sql`'[' || ifnull(group_concat(r, ','), '') || ']'`
      return { project, text: () => strippedIf(encoder.stripNulls, array) }
    }
    case 'singular': {
      // any other number of rows than one is an error
      const project = isScalar && isOne ? valueProjection : objectProjection
      return { project, text: () => strippedIf(encoder.stripNulls, firstRow) }
    }
    case 'csv':
      return csvBody
    case 'none':
      return { project: () => sql`1`, text: () => sql`''` }
    case 'geojson':
      return notImplemented('application/geo+json')
    case 'custom':
      return notImplemented('custom media types')
    default:
      return assertNever(encoder)
  }
}

const firstRow = sql`ifnull(min(r), 'null')`

function strippedIf(stripNulls: boolean, json: SqlText): SqlText {
  return stripNulls ? sql`dbrest_strip_nulls(${json})` : json
}

/** The header is sent when there is a row, as PostgREST does. */
const csvBody: Body = {
  project: (outputs) => {
    const fields = outputs.map((output) => toCsvField(output.value))
    const parts = chunks(fields).map((chunk) => sql`dbrest_csv(${join(chunk, ', ')})`)
    return join(parts, ` || ',' || `)
  },
  text: (names) => {
    const header = sql`iif(count(*) = 0, '', ${constant(names.join(','))})`
    return sql`${header} || char(10) || ifnull(group_concat(r, char(10)), '')`
  },
}

function chunks<T>(all: readonly T[]): readonly (readonly T[])[] {
  const count = Math.max(1, Math.ceil(all.length / maxArguments))
  return Array.from({ length: count }, (_, index) => {
    return all.slice(index * maxArguments, (index + 1) * maxArguments)
  })
}
