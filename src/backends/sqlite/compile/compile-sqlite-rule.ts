/**
 * What access rules leave of a relation, as a sub-select in its place: granted columns only, and rows
 * that the policies show. SQLite flattens it, so that indexes serve as if it were not there.
 *
 * Flattening also means that a client's condition may run on a row before the policies have hidden
 * it. One that can fail there, or take its time, would tell of the row, so that it is asked behind
 * them: the sub-select has a column that says whether they show the row, and `behindRule` asks for it
 * first.
 */
import { assertNever } from '../../../core/assert-never.ts'
import type { Condition, ReadNode, RowRule, RuleCondition } from '../../../plan/plan.ts'
import { compileCondition } from '../../sql/compile-filter.ts'
import { ident, join, raw, type SqlText, sql } from '../../sql/sql-text.ts'
import { compileField } from './compile-sqlite-field.ts'
import { compileFilter, type FilterPlace } from './compile-sqlite-filter.ts'
import { guardNegatedSearch } from './compile-sqlite-fts.ts'
import { knownOperand } from './sqlite-operands.ts'
import type { SqliteKind } from './sqlite-value.ts'

/** That there is a row of a node, which is joined to the place of the condition. */
export type RowExists = (node: ReadNode) => SqlText

/** What the relation is called in the sub-select too, which hides the outer one. */
export interface RuledSource {
  /** What stands behind FROM. */
  readonly from: SqlText
  /** Says of a row whether the policies show it; null where there are none. */
  readonly isShown: SqlText | null
}

const shownColumn = raw('"dbrest shows"')

/** `source`: the relation by its name. */
export function ruledSource(
  place: FilterPlace,
  source: SqlText,
  rule: RowRule,
  exists: RowExists,
): RuledSource {
  const { table } = place
  const named = sql`${source} AS ${table}`
  if (rule.kind === 'all') return { from: named, isShown: null }
  const columns = readableColumns(place, rule.columns)
  const policy = compileRules(rule, place, exists)
  if (policy === null) {
    return { from: sql`(SELECT ${join(columns, ', ')} FROM ${named}) AS ${table}`, isShown: null }
  }
  const all = join([...columns, sql`${policy} AS ${shownColumn}`], ', ')
  return {
    from: sql`(SELECT ${all} FROM ${named} WHERE ${policy}) AS ${table}`,
    isShown: sql`${table}.${shownColumn}`,
  }
}

/** A client's condition, such that it says nothing of rows that the policies hide. */
export function behindRule(
  condition: SqlText,
  isShown: SqlText | null,
  isSilent: boolean,
): SqlText {
  return isShown === null || isSilent ? condition : sql`CASE WHEN ${isShown} THEN ${condition} END`
}

/** All conditions of a rule; null where there are none. */
export function compileRules(rule: RowRule, place: FilterPlace, exists: RowExists): SqlText | null {
  if (rule.kind === 'all' || rule.conditions.length === 0) return null
  const conditions = rule.conditions.map((each) => compileRule(each, { place, exists }, false))
  return sql`(${join(conditions, ' AND ')})`
}

interface RulePlace {
  readonly place: FilterPlace
  readonly exists: RowExists
}

/**
 * One condition of a policy: true, or not. Below a negation what is not known has to stay null; where
 * there is none, false says the same, and leaves the comparison to the indexes.
 */
function compileRule(condition: RuleCondition, at: RulePlace, isBelowNot: boolean): SqlText {
  switch (condition.kind) {
    case 'filter':
      return compileCondition(guardNegatedSearch(condition, at.place), {
        filter: (field, operation) => compileFilter(at.place, field, operation),
        embedIsNull: () => {
          throw new Error('a policy that filters by an embed')
        },
      })
    case 'known': {
      const filter = compileRule(condition.filter, at, isBelowNot)
      const isKnown = knownOperand(condition.slot)
      return isBelowNot
        ? sql`CASE WHEN ${isKnown} THEN ${filter} END`
        : sql`(${isKnown} AND ${filter})`
    }
    case 'logic': {
      const isBelow = isBelowNot || condition.negated
      const operands = condition.operands.map((operand) => compileRule(operand, at, isBelow))
      const joined = sql`(${join(operands, condition.operator === 'and' ? ' AND ' : ' OR ')})`
      return condition.negated ? sql`NOT ${joined}` : joined
    }
    case 'related':
      return at.exists(condition.node)
    case 'never':
      return raw('0')
    default:
      return assertNever(condition)
  }
}

/**
 * Granted columns, and those that lead to the row in a full-text index: these have no name that a
 * request could ask for.
 */
function readableColumns(
  { relation, table, ftsIndexes, incomparable }: FilterPlace,
  granted: ReadonlySet<string> | null,
): readonly SqlText[] {
  const names = [...relation.columns.keys()].filter((name) => granted?.has(name) ?? true)
  const keys = ftsIndexes.map(({ keyColumn }) => keyColumn)
  const all = [...new Set([...names, ...keys])]
  if (all.length === 0) return [raw('1')]
  return all.map((name) => {
    const column = sql`${table}.${ident(name)}`
    const shown = incomparable.has(name) ? sql`${column} COLLATE BINARY` : column
    return sql`${shown} AS ${ident(name)}`
  })
}

/** Kinds of values that compare without a function of ours, or one that can fail. */
const plainKinds: ReadonlySet<SqliteKind> = new Set([
  'integer',
  'real',
  'numeric',
  'boolean',
  'text',
  'uuid',
  'blob',
  'any',
])

/**
 * Whether reading it may run an expression, which can fail: in a view any column may be one, and what
 * is no column is a function of the row.
 */
function isComputed({ relation }: Pick<FilterPlace, 'relation'>, name: string): boolean {
  return relation.isView || relation.columns.get(name)?.isGenerated !== false
}

/** Whether a condition can neither fail nor be slow, whatever a row holds. */
export function isSilent(condition: Condition, place: FilterPlace): boolean {
  switch (condition.kind) {
    case 'logic':
      return condition.operands.every((operand) => isSilent(operand, place))
    case 'embed-null':
      return false
    case 'filter': {
      const { field, operation } = condition
      if (field.jsonPath.length > 0 || operation.kind === 'fts') return false
      if (isComputed(place, field.name)) return false
      const { kind } = compileField(place, field)
      switch (operation.kind) {
        case 'comparison': {
          const { operator, quantifier } = operation
          const compares = !['like', 'ilike', 'match', 'imatch'].includes(operator)
          return compares && quantifier === undefined && plainKinds.has(kind)
        }
        case 'simple':
          return operation.operator === 'neq' && plainKinds.has(kind)
        case 'in':
        case 'isdistinct':
          return plainKinds.has(kind)
        case 'is':
          return true
        default:
          return assertNever(operation)
      }
    }
    default:
      return assertNever(condition)
  }
}
