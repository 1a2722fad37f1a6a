/**
 * A function that writes → its part of a program for the writer process: its statements as they are,
 * and what is shown of the rows that the last one handed back.
 */
import type { CallPlan } from '../../../../plan/plan.ts'
import type { SchemaSnapshot } from '../../../../schema/schema-snapshot.ts'
import { join, type SqlText, sql } from '../../../sql/sql-text.ts'
import { valueFailure } from '../../../values/value-failure.ts'
import { sqliteFacts } from '../../catalog/sqlite-facts.ts'
import type { CallProgram } from '../../wire/write-program.ts'
import { notImplemented, refuse } from '../compile-refusal.ts'
import { compileCallAnswer } from '../compile-sqlite.ts'
import { createCompileContext } from '../compile-sqlite-scope.ts'
import type { StatementList } from '../write-scope.ts'
import { listedRows } from '../write-target.ts'
import {
  type Call,
  callTable,
  compileStatement,
  controlsOf,
  statementsOf,
} from './compile-sqlite-call.ts'

/** `plan` is null for a function whose rows nobody asked for. */
export function compileCallProgram(
  call: Call,
  plan: CallPlan | null,
  snapshot: SchemaSnapshot,
  list: StatementList,
): CallProgram {
  refuseReadOnly(call, snapshot)
  if (plan?.media.type.kind === 'plan') notImplemented('execution plans of writes')
  const { before, last } = statementsOf(call)
  const run = [...before, last].map((statement) => list.add(compileStatement(statement, call)))
  return { kind: 'call', statements: run, shown: list.add(shownRows(call, plan, snapshot)) }
}

function refuseReadOnly({ called }: Call, snapshot: SchemaSnapshot): void {
  const { readOnlyReason } = sqliteFacts(snapshot.engineFacts)
  const writing = called.statements.find((statement) => !statement.isReadOnly)
  if (readOnlyReason === null || writing === undefined) return
  const message = `cannot execute ${writing.sql.command} in a read-only transaction`
  refuse(valueFailure('25006', message, { details: readOnlyReason }))
}

function shownRows(call: Call, plan: CallPlan | null, snapshot: SchemaSnapshot): SqlText {
  const { last } = statementsOf(call)
  if (last.names.length === 0) return sql`SELECT NULL, 1, NULL`
  const table = callTable(last, listedRows(last.names), false)
  if (plan === null) {
    const columns = [sql`NULL`, sql`1`, sql`NULL`, ...(controlsOf(last) ?? [])]
    return sql`WITH ${table} SELECT ${join(columns, ', ')} FROM (SELECT 1)`
  }
  const context = createCompileContext(snapshot)
  context.sources.define(table)
  const answer = compileCallAnswer(call, plan, context)
  return sql`${context.sources.definitions()}${answer}`
}
