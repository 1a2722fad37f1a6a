/**
 * What a spread lifts into its parent. Aggregates inside a to-one spread mean the parent's rows:
 * `projects?select=client_id,...invoices(total.sum())` sums per client. They leave the spread's own
 * query and are applied by the first node above that is no to-one spread itself.
 */
import type { AggregateFunction } from '../api/api-request.ts'
import type { ColumnBudget } from './column-budget.ts'
import type { ReadNode, SelectColumn, SpreadColumn } from './plan.ts'

/** An aggregate on its way up, with the name of the column that it will be taken of. */
export interface Lifted {
  readonly name: string
  readonly aggregate: AggregateFunction
  readonly aggregateCast: string | null
  readonly alias: string | null
}

/** Takes the aggregates off, keeping the plain columns that they will need. */
export function liftAggregates(select: readonly SelectColumn[]): {
  readonly columns: readonly SelectColumn[]
  readonly lifted: readonly Lifted[]
} {
  const lifted = select.flatMap((column): Lifted[] => {
    const { aggregate, aggregateCast, alias } = column
    return aggregate === null
      ? []
      : [{ name: alias ?? column.field.name, aggregate, aggregateCast, alias }]
  })
  const columns = select.map((column) => ({ ...column, aggregate: null, aggregateCast: null }))
  return { columns, lifted }
}

/** The names that a spread offers: its columns, its embeds, and what its own spreads offer. */
export function spreadColumns(
  select: readonly SelectColumn[],
  children: readonly ReadNode<unknown>[],
  budget: ColumnBudget,
): SpreadColumn[] {
  const count = children.reduce((sum, child) => sum + columnsOf(child), select.length)
  if (!budget.take(count)) return []
  return [
    ...select.map((column) => plainColumn(column.alias ?? column.field.name)),
    ...children.flatMap((child) => {
      const output = child.join?.output
      if (output === undefined) return []
      if (output.kind === 'object' || output.kind === 'array') {
        return output.isEmpty ? [] : [plainColumn(output.name)]
      }
      return output.columns.map((column) => plainColumn(column.alias ?? column.name))
    }),
  ]
}

function columnsOf({ join }: ReadNode<unknown>): number {
  const output = join?.output
  return output?.kind === 'spread-one' || output?.kind === 'spread-many' ? output.columns.length : 1
}

/**
 * Each column once: a star already stands for all columns of the child's rows, those of its embeds
 * and spreads included.
 */
export function lentOnce(columns: readonly SpreadColumn[]): readonly SpreadColumn[] {
  const isPlain = (column: SpreadColumn) => column.aggregate === null && column.alias === null
  const star = columns.findIndex((column) => column.name === '*' && isPlain(column))
  if (star === -1) return columns
  return columns.filter((column, index) => index === star || !isPlain(column))
}

/** Applies each lifted aggregate to the column of its name. */
export function applyLifted(
  columns: readonly SpreadColumn[],
  lifted: readonly Lifted[],
): readonly SpreadColumn[] {
  if (lifted.length === 0) return columns
  // of equal names the first one counts
  const byName = new Map(lifted.map((each) => [each.name, each] as const).reverse())
  return columns.map((column) => {
    const found = byName.get(column.name)
    if (found === undefined) return column
    const { aggregate, aggregateCast, alias } = found
    return { name: column.name, aggregate, aggregateCast, alias }
  })
}

function plainColumn(name: string): SpreadColumn {
  return { name, aggregate: null, aggregateCast: null, alias: null }
}
