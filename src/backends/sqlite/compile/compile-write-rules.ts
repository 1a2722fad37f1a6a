/**
 * What access rules want of a write, as statements that count the rows which are not as they should
 * be: one such row refuses the whole. New rows are looked at when they are stored, with what defaults
 * and triggers have made of them; an upsert also as they are proposed, and over what is in their way.
 *
 * Rule  PostgreSQL manual: CREATE POLICY (Policies Applied by Command Type)
 */
import type { RowRule } from '../../../plan/plan.ts'
import { compileWhere } from '../../sql/compile-filter.ts'
import { join, raw, type SqlText, sql } from '../../sql/sql-text.ts'
import type { WriteRules } from '../wire/write-program.ts'
import { compilePayload, conflictsWith } from './compile-sqlite-payload.ts'
import { compileRules } from './compile-sqlite-rule.ts'
import { proposedRow } from './compile-write-diagnosis.ts'
import { filterPlaceOf, rowExistsFor, type StatementList, type WriteScope } from './write-scope.ts'
import { keyColumns, rowsOfKeys } from './write-target.ts'

const row = raw('r')

/** Null where nothing has to be looked at. */
export function compileWriteRules(scope: WriteScope, list: StatementList): WriteRules | null {
  const { plan, relation } = scope
  const written = ruleOver(scope, [plan.checkNew, plan.checkShown])
  const isUpsert = plan.onConflict !== null && plan.onConflict.columns.length > 0
  const proposed = isUpsert ? ruleOver(scope, [plan.checkNew]) : null
  const inTheWay = isUpsert ? ruleOver(scope, [plan.checkInTheWay]) : null
  const merged = isUpsert ? ruleOver(scope, [plan.checkMerged, plan.checkShown]) : null
  if (written === null && inTheWay === null && merged === null) return null
  return {
    relation: relation.name,
    written: written === null ? null : list.add(brokenRows(scope, written)),
    proposed: proposed === null ? null : list.add(brokenProposals(scope, proposed)),
    inTheWay:
      inTheWay === null && merged === null
        ? null
        : {
            rows: list.add(rowsInTheWay(scope)),
            forbidden: inTheWay === null ? null : list.add(brokenRows(scope, inTheWay)),
            merged: merged === null ? null : list.add(brokenRows(scope, merged)),
          },
  }
}

/** A condition on `row`; null where all rows are as they should be. */
function ruleOver(scope: WriteScope, rules: readonly RowRule[]): SqlText | null {
  const place = filterPlaceOf(scope, row)
  const compiled = rules.flatMap((rule) => {
    const condition = compileRules(rule, place, rowExistsFor(scope, place))
    return condition === null ? [] : [condition]
  })
  return compiled.length === 0 ? null : sql`(${join(compiled, ' AND ')})`
}

/** What is not known to be so is not so. */
function isBroken(rule: SqlText): SqlText {
  return sql`NOT coalesce(${rule}, 0)`
}

function brokenRows({ relation, key }: WriteScope, rule: SqlText): SqlText {
  return sql`SELECT count(*) FROM ${rowsOfKeys(relation, key, row)}${compileWhere([isBroken(rule)])}`
}

function brokenProposals(scope: WriteScope, rule: SqlText): SqlText {
  const rows = sql`SELECT ${proposedRow(scope)} FROM ${compilePayload(scope.shape)}`
  return sql`SELECT count(*) FROM (${rows}) AS ${row}${compileWhere([isBroken(rule)])}`
}

/** The keys of rows that have the same values in the columns of the conflict. */
function rowsInTheWay(scope: WriteScope): SqlText {
  const { target, key, shape } = scope
  const equal = conflictsWith(scope, row)
  return sql`SELECT ${keyColumns(key, row)} FROM ${compilePayload(shape)} JOIN ${target} AS ${row} ON ${join(equal, ' AND ')}`
}
