/**
 * Turns a plan into the statements of its request. Every main statement has one shape: a CTE with
 * the rows read, written or returned, and one result row with the counts, the body already
 * encoded, and what the database set as response. Executing them, in a transaction and as the
 * role, is `execute-postgres.ts`'s.
 *
 *   read, call  total_result_set, page_total, body, response_headers, response_status,
 *               response_inserted
 *   write       total_result_set, page_total, header, body, response_headers, response_status,
 *               response_inserted
 *
 * A read may have its rows as lists instead: then body is null, and behind the other columns come
 * `star` and the lists (`compile-column-lists.ts`).
 *
 * A plan media type asks for EXPLAIN of that statement: its answer is the engine's own.
 */
import { assertNever } from '../../../core/assert-never.ts'
import type { MediaType } from '../../../core/media-type.ts'
import { oncePerObject } from '../../../core/once-per-object.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { ApiError } from '../../../errors/api-error.ts'
import type {
  CallPlan,
  CountKind,
  DatabasePlan,
  MutatePlan,
  ReadNode,
  ReadPlan,
} from '../../../plan/plan.ts'
import type { Relation } from '../../../schema/schema-snapshot.ts'
import {
  join,
  noSql,
  raw,
  type SqlText,
  StatementTooLong,
  sql,
  statementTooLong,
} from '../../sql/sql-text.ts'
import {
  type ColumnLists,
  type ColumnListsChoice,
  chooseColumnLists,
} from './choose-column-lists.ts'
import { chooseStatement, type StatementChoice } from './choose-statement.ts'
import { compileColumnLists } from './compile-column-lists.ts'
import { compileBody, rows } from './compile-postgres-body.ts'
import { compileCall } from './compile-postgres-call.ts'
import { compileCount } from './compile-postgres-count.ts'
import { compileLocation, compileMutation, countsInserted } from './compile-postgres-mutate.ts'
import { compileRead } from './compile-postgres-read.ts'
import { source } from './compile-postgres-scope.ts'
import {
  type PostgresStatement,
  type ResultFormats,
  toPostgresStatement,
} from './postgres-statement.ts'

export interface CompiledRequest {
  /** With a placeholder for each value. */
  readonly main: PostgresStatement
  /** The same for one request, in the text that serves it best. */
  readonly mainFor: StatementChoice
  /** A read that may have its rows as lists; null: never. */
  readonly columnLists: ColumnListsChoice | null
  /** For `count=planned` and `estimated`: its JSON holds the planner's guess of the total. */
  readonly explainCount: PostgresStatement | null
}

/** Errors  too-complex */
export type PlanCompiler = (plan: DatabasePlan) => Result<CompiledRequest, ApiError>

/** Compiles each plan once and forgets it together with the plan. */
export function createPlanCompiler(): PlanCompiler {
  return oncePerObject(compileInBounds)
}

function compileInBounds(plan: DatabasePlan): Result<CompiledRequest, ApiError> {
  try {
    return ok(compilePlan(plan))
  } catch (error) {
    if (error instanceof StatementTooLong) return err(statementTooLong)
    throw error
  }
}

/** Throws  StatementTooLong */
export function compilePlan(plan: DatabasePlan): CompiledRequest {
  const text = explainIfAsked(compileMain(plan), plan.media.type)
  const formats = resultFormats(plan)
  const main = toPostgresStatement(text, formats)
  const asksPlanner =
    plan.kind === 'read' && (plan.count === 'planned' || plan.count === 'estimated')
  return {
    main,
    mainFor: chooseStatement(text, main),
    columnLists:
      plan.kind === 'read' && plan.media.encoder.kind === 'json'
        ? chooseColumnLists(plan.relation, (relation) => compileWithLists(plan, relation))
        : null,
    explainCount: asksPlanner
      ? toPostgresStatement(sql`EXPLAIN (FORMAT JSON) ${compileCount(plan.root)}`)
      : null,
  }
}

/**
 * What a media handler returns may be bytes, and goes out as it is sent in binary: the bytes of
 * bytea instead of its hexadecimal text. All other bodies are the same in either format.
 */
function resultFormats({ kind, media }: DatabasePlan): ResultFormats {
  if (media.encoder.kind !== 'custom' || media.type.kind === 'plan') return []
  return kind === 'mutate' ? [0, 0, 0, 1, 0, 0, 0] : [0, 0, 1, 0, 0, 0]
}

function compileMain(plan: DatabasePlan): SqlText {
  switch (plan.kind) {
    case 'read':
      return compileReadPlan(plan, compileBody(plan.media.encoder, null))
    case 'mutate':
      return compileMutatePlan(plan)
    case 'call':
      return compileCallPlan(plan)
    default:
      return assertNever(plan)
  }
}

/** @param more columns behind those that all statements have */
function compileReadPlan(plan: ReadPlan, body: SqlText, more: readonly SqlText[] = []): SqlText {
  const count = compileTotal(plan, sql`count(*)`, plan.count === 'estimated')
  const columns = [
    sql`${count.total} AS total_result_set`,
    sql`count(*) AS page_total`,
    sql`${body} AS body`,
    ...responseColumns(sql`null::int`),
    ...more,
  ]
  return sql`WITH ${source} AS (${compileRead(plan.root)})${count.cte} SELECT ${join(columns, ', ')} FROM ${source} ${rows}`
}

function compileWithLists(plan: ReadPlan, relation: Relation | undefined): ColumnLists | null {
  const lists = compileColumnLists(plan, relation)
  if (lists === null) return null
  try {
    const text = compileReadPlan(plan, sql`null::text`, lists.columns)
    const { listed, star } = lists
    return { listed, star, statementFor: chooseStatement(text, toPostgresStatement(text)) }
  } catch (error) {
    // what is too long with lists is sent without
    if (error instanceof StatementTooLong) return null
    throw error
  }
}

function compileCallPlan(plan: CallPlan): SqlText {
  const { returns } = plan.routine
  // a function without a set gives one row; no aggregate counts it, so that a media handler may be plain
  const pageTotal = returns.isSet ? sql`count(*)` : sql`1::bigint`
  const count = compileTotal(plan, pageTotal, false)
  const columns = [
    sql`${count.total} AS total_result_set`,
    sql`${pageTotal} AS page_total`,
    sql`${compileBody(plan.media.encoder, returns)} AS body`,
    ...responseColumns(sql`null::int`),
  ]
  return sql`WITH ${source} AS (${compileCall(plan)})${count.cte} SELECT ${join(columns, ', ')} FROM (${compileRead(plan.root)}) ${rows}`
}

function compileMutatePlan(plan: MutatePlan): SqlText {
  // without a body nothing is selected: the columns asked for need not have been returned
  const from = plan.media.encoder.kind === 'none' ? source : sql`(${compileRead(plan.root)})`
  const inserted = countsInserted(plan) ? sql`${setting('pgrst.inserted')}::int` : sql`null::int`
  const columns = [
    sql`null::bigint AS total_result_set`,
    sql`count(*) AS page_total`,
    sql`${compileLocation(plan)} AS header`,
    sql`${compileBody(plan.media.encoder, null)} AS body`,
    ...responseColumns(inserted),
  ]
  return sql`WITH ${source} AS (${compileMutation(plan)}) SELECT ${join(columns, ', ')} FROM ${from} ${rows}`
}

interface TotalSql {
  /** What is added to WITH. */
  readonly cte: SqlText
  readonly total: SqlText
}

/** Without a limit the page is the whole result, so its rows need not be counted twice. */
function compileTotal(
  plan: {
    readonly count: CountKind | null
    readonly maxRows: number | null
    readonly root: ReadNode
  },
  pageTotal: SqlText,
  stopsAtMaxRows: boolean,
): TotalSql {
  if (plan.count !== 'exact' && plan.count !== 'estimated') {
    return { cte: noSql, total: sql`null::bigint` }
  }
  const { hasLimit, hasOffset, maxRows } = plan.root.window
  if (!hasLimit && !hasOffset && maxRows === null && plan.maxRows === null) {
    return { cte: noSql, total: pageTotal }
  }
  // one more than the bound tells that there are more
  const enough = stopsAtMaxRows && plan.maxRows !== null ? raw(` LIMIT ${plan.maxRows + 1}`) : noSql
  return {
    cte: sql`, pgrst_source_count AS (${compileCount(plan.root)}${enough})`,
    total: sql`(SELECT count(*) FROM pgrst_source_count)`,
  }
}

function responseColumns(inserted: SqlText): readonly SqlText[] {
  return [
    sql`${setting('response.headers')} AS response_headers`,
    sql`${setting('response.status')} AS response_status`,
    sql`${inserted} AS response_inserted`,
  ]
}

/** Null when it was never set. A setting of an earlier transaction leaves an empty text behind. */
function setting(name: 'response.headers' | 'response.status' | 'pgrst.inserted'): SqlText {
  return sql`nullif(current_setting('${raw(name)}', true), '')`
}

function explainIfAsked(statement: SqlText, type: MediaType): SqlText {
  if (type.kind !== 'plan') return statement
  const options = [`FORMAT ${type.format}`, ...type.options].map((option) => option.toUpperCase())
  return sql`EXPLAIN (${raw(options.join(', '))}) ${statement}`
}
